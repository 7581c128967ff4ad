import type { DownloadLimits } from './limits.ts';

/** Where one origin stands. `failures` counts the attempts in a row that gave nothing. */
export type OriginState =
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly failures: number }
  | { readonly kind: 'dialling'; readonly sinceMs: number; readonly failures: number }
  | { readonly kind: 'up'; readonly sinceMs: number; readonly failures: number }
  | { readonly kind: 'banned' };

export type OriginEvent =
  | { readonly kind: 'dial' }
  | { readonly kind: 'answered' }
  /** The attempt or the connection ended; `useful` when it had given a block or the metainfo. */
  | { readonly kind: 'ended'; readonly useful: boolean }
  /** Somebody names it again: a client has just tried to reach it. */
  | { readonly kind: 'named' }
  | { readonly kind: 'ban' };

export const newOrigin: OriginState = { kind: 'waiting', untilMs: 0, failures: 0 };

type Timing = Pick<DownloadLimits, 'firstRedialMs' | 'redialMs' | 'redialMaxMs' | 'steadyMs'>;

/** `random` in [0, 1): the waits are spread by a quarter, so that origins that fell together do not come back together. */
export function nextOrigin(
  state: OriginState,
  event: OriginEvent,
  nowMs: number,
  random: number,
  t: Timing,
): OriginState {
  if (state.kind === 'banned') return state;
  switch (event.kind) {
    case 'ban':
      return { kind: 'banned' };
    case 'dial':
      return state.kind === 'waiting' ? { kind: 'dialling', sinceMs: nowMs, failures: state.failures } : state;
    case 'answered':
      return state.kind === 'dialling' ? { kind: 'up', sinceMs: nowMs, failures: state.failures } : state;
    case 'ended': {
      if (state.kind === 'waiting') return state;
      const steady = state.kind === 'up' && (event.useful || nowMs - state.sinceMs >= t.steadyMs);
      const failures = steady ? 1 : state.failures + 1;
      return { kind: 'waiting', untilMs: nowMs + waitMs(failures, random, t), failures };
    }
    case 'named': {
      // News of an origin shortens a long wait, but never to less than the second one: a dead address may be named every second.
      if (state.kind !== 'waiting') return state;
      return { ...state, untilMs: Math.min(state.untilMs, nowMs + waitMs(Math.min(state.failures, 2), random, t)) };
    }
  }
}

/** The first redial is almost immediate: a seed that was restarted, or a connection a middlebox dropped, should cost nothing. */
function waitMs(failures: number, random: number, t: Timing): number {
  if (failures === 0) return 0;
  const plain = failures === 1 ? t.firstRedialMs : Math.min(t.redialMs * 2 ** (failures - 2), t.redialMaxMs);
  return plain * (0.75 + random / 2);
}
