/**
 * A change that takes itself back: a pure machine. It is kept on the disk before the change is made, so that it outlives a restart.
 * Invariant: from the moment of the change on, an observer of the clock sees at most `WINDOW_MS` go by until it is confirmed or taken back.
 */

/** How long there is to confirm, ms. */
export const WINDOW_MS = 90_000;

export type State =
  | { readonly kind: 'settled' }
  | { readonly kind: 'waiting'; readonly token: string; readonly untilMs: number };

export type Event =
  | { readonly kind: 'changed'; readonly token: string; readonly nowMs: number }
  | { readonly kind: 'confirmed'; readonly token: string; readonly nowMs: number }
  | { readonly kind: 'taken-back' }
  /** The file was edited by hand: whoever can do that has not lost the box. */
  | { readonly kind: 'edited' }
  | { readonly kind: 'time'; readonly nowMs: number };

/** `keep`: note the state durably; `settle`: forget it, the change stays; `revert`: what was before holds again; `refuse`: nothing happens. */
export type Effect =
  | { readonly kind: 'keep' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'revert' }
  | { readonly kind: 'refuse'; readonly why: 'conflict' | 'not-found' };

export type Step = { readonly state: State; readonly effects: readonly Effect[] };

const SETTLED: State = { kind: 'settled' };
const refuse = (state: State, why: 'conflict' | 'not-found'): Step => ({ state, effects: [{ kind: 'refuse', why }] });

export function next(state: State, event: Event): Step {
  if (event.kind === 'changed') {
    if (state.kind === 'waiting') return refuse(state, 'conflict');
    const waiting: State = { kind: 'waiting', token: event.token, untilMs: event.nowMs + WINDOW_MS };
    return { state: waiting, effects: [{ kind: 'keep' }] };
  }
  if (state.kind === 'settled')
    return event.kind === 'confirmed' || event.kind === 'taken-back'
      ? refuse(state, 'not-found')
      : { state, effects: [] };
  switch (event.kind) {
    case 'confirmed':
      if (event.token !== state.token) return refuse(state, 'not-found');
      // The clock may have passed the deadline and nobody looked yet: it is over.
      if (event.nowMs >= state.untilMs)
        return { state: SETTLED, effects: [{ kind: 'revert' }, { kind: 'refuse', why: 'not-found' }] };
      return { state: SETTLED, effects: [{ kind: 'settle' }] };
    case 'taken-back':
      return { state: SETTLED, effects: [{ kind: 'revert' }] };
    case 'edited':
      return { state: SETTLED, effects: [{ kind: 'settle' }] };
    case 'time':
      return timePasses(state, event.nowMs);
  }
}

/** A clock that was set back, or one that begins in 1970 after each start, must not give it years. */
function timePasses(state: State & { kind: 'waiting' }, nowMs: number): Step {
  if (nowMs >= state.untilMs) return { state: SETTLED, effects: [{ kind: 'revert' }] };
  if (state.untilMs - nowMs <= WINDOW_MS) return { state, effects: [] };
  return { state: { ...state, untilMs: nowMs + WINDOW_MS }, effects: [{ kind: 'keep' }] };
}
