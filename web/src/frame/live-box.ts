import { computed, effect, signal } from '@preact/signals';
import type { BoxSnapshot } from '#admin/contract.ts';
import { Live, type LiveSocket } from './live.ts';
import { ownPage } from './own-page.ts';
import { firstState, next, type PageState } from './page-state.ts';

/** The box as it is now: one socket, for all views. */
export const live = signal<PageState>(firstState);
/** The last state that was heard; undefined before the first. On the page of a central: `fleet` (fleet/live-fleet.ts). */
export const snapshot = computed(() => live.value.snapshot as BoxSnapshot | undefined);
/** Done with the first state that is heard. */
export const firstHeard: Promise<void> = new Promise((resolve) => {
  effect(function (this: { dispose(): void }) {
    if (snapshot.value === undefined) return;
    resolve();
    this.dispose();
  });
});
/** Figures are old when this is false. */
export const isLive = computed(() => live.value.link.kind === 'live');

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live`;

const one = new Live(
  {
    dial: () => new WebSocket(address()) as LiveSocket,
    history: async () => (ownPage().hasHistory ? (await fetch('/api/history')).json() : []),
    after: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    nowMs: () => Date.now(),
    random: Math.random,
  },
  (event) => {
    live.value = next(live.value, event);
  },
);

export const retryNow = (): void => one.dial();

// A phone that wakes up, or a cable that is plugged in again, should not wait out the back-off.
const wake = () => {
  if (wanted && document.visibilityState === 'visible' && !one.busy) one.dial();
};
let wanted = false;

/** Begins to listen; a second call does nothing. */
export function startLive(): void {
  if (wanted) return;
  wanted = true;
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', wake);
  one.dial();
}

/** Ends listening: who may not look is not told. */
export function stopLive(): void {
  if (!wanted) return;
  wanted = false;
  document.removeEventListener('visibilitychange', wake);
  window.removeEventListener('online', wake);
  one.stop();
  live.value = firstState;
}
