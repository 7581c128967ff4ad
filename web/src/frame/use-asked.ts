import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteName } from '#admin/contract-api.ts';
import type { Problem } from '#admin/contract-common.ts';
import { Asking } from './asking.ts';
import { callLoosely } from './call.ts';
import type { AnswerTo, Asked, LooseAsked } from './call-shape.ts';

export type AskedState<R extends RouteName> = {
  /** The last answer; it stays while a newer one is awaited or fails. */
  answer?: AnswerTo<R>;
  /** Why the last try failed; gone with the next success. */
  problem?: Problem;
  /** Asks at once: after a change. */
  again: () => void;
};

/**
 * Asks a route while the component is on the page: at once, whenever `asked` changes, and every `everyMs` (0: only then) as long as the page is
 * looked at. One request at a time; what is no longer wanted is aborted; failures are tried again ever more rarely.
 */
export function useAsked<R extends RouteName>(
  route: R,
  asked: Omit<Asked<R>, 'signal' | 'body'>,
  everyMs = 0,
): AskedState<R> {
  const [state, setState] = useState<{ answer?: AnswerTo<R>; problem?: Problem }>({});
  const key = JSON.stringify([route, asked]);
  const asking = useRef<Asking>(undefined);
  useEffect(() => {
    const one = new Asking({
      ask: async (signal) => {
        const got = await callLoosely(route, { ...(asked as LooseAsked), signal });
        if (signal.aborted) return false;
        setState((before) => (got.ok ? { answer: got.answer as AnswerTo<R> } : { ...before, problem: got.problem }));
        return got.ok;
      },
      after: (ms, act) => {
        const timer = setTimeout(act, ms);
        return () => clearTimeout(timer);
      },
      isLookedAt: () => document.visibilityState === 'visible',
      everyMs,
    });
    asking.current = one;
    const look = () => one.looked();
    document.addEventListener('visibilitychange', look);
    one.now();
    return () => {
      document.removeEventListener('visibilitychange', look);
      one.stop();
    };
  }, [key, everyMs]);
  const { answer, problem } = state;
  return {
    ...(answer !== undefined && { answer }),
    ...(problem && { problem }),
    again: () => asking.current?.now(),
  };
}
