import { useEffect, useReducer, useRef } from 'preact/hooks';
import { Live, type LiveSocket } from './live.ts';
import { firstState, next, type PageState } from './page-state.ts';

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`;

/** The box's state, live while the page is open. */
export function useLive(): { state: PageState; retryNow: () => void } {
  const [state, tell] = useReducer(next, firstState);
  const live = useRef<Live>(undefined);
  useEffect(() => {
    const one = new Live(
      {
        dial: () => new WebSocket(address()) as LiveSocket,
        history: async () => (await fetch('/api/history')).json(),
        after: (ms, act) => {
          const timer = setTimeout(act, ms);
          return () => clearTimeout(timer);
        },
        nowMs: () => Date.now(),
        random: Math.random,
      },
      tell,
    );
    live.current = one;
    // A phone that wakes up, or a cable that is plugged in again, should not wait out the back-off.
    const wake = () => {
      if (document.visibilityState === 'visible' && !one.busy) one.dial();
    };
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    one.dial();
    return () => {
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
      one.stop();
    };
  }, []);
  return { state, retryNow: () => live.current?.dial() };
}
