import { HEALTH_LIMITS } from './limits.ts';

/**
 * What the box does when more comes than it can bear: a pure state machine over what was measured a moment ago.
 *
 *   calm ──more than it bears──▶ busy ──far more, though nothing new comes──▶ shedding
 *     ▲                          │  ▲                                            │
 *     └──well below for a while──┘  └────────────no longer far more──────────────┘
 *
 * Invariants: new flows are steered in `calm` and nowhere else; clients are let go in `shedding` and nowhere else; a calmer
 * state comes only when nothing has called for this one for `leaveMs`.
 */
export type OverloadState =
  | { readonly kind: 'calm' }
  /** `why`: what there was last too much of. `calledAtMs`: when something last called for this state. */
  | { readonly kind: 'busy' | 'shedding'; readonly sinceMs: number; readonly why: Signal; readonly calledAtMs: number };

/** What is looked at. */
export type Load = {
  /** How long what comes at a random moment waits for the event loop. */
  readonly waitMs: number;
  /** Memory of the process in the machine. */
  readonly residentBytes: number;
  /** What JavaScript uses of its heap: beyond its limit the process ends. */
  readonly heapBytes: number;
  /** Connections whose first words are awaited. */
  readonly recognising: number;
  readonly clients: number;
  /** Flows that the box carries to their origins because it could not help. */
  readonly spliced: number;
  /** On their way to clients whose sockets have not taken them. */
  readonly unsentBytes: number;
  /** Reads at the disk where most wait. */
  readonly reads: number;
  /** Pieces that wait to be hashed. */
  readonly unverifiedBytes: number;
};

export type Signal = keyof Load;

/**
 * From `busy` on nothing new is steered, from `shed` on clients go; no `shed`: their going is no help. Below `leave` it is over: with new
 * flows it will be more again.
 */
export type Bound = { readonly busy: number; readonly leave: number; readonly shed?: number };
export type Bounds = Readonly<Record<Signal, Bound>>;

export type OverloadEffect =
  | { readonly kind: 'stop-steering' }
  | { readonly kind: 'steer' }
  /** So many clients go, the coldest first. */
  | { readonly kind: 'shed'; readonly clients: number };

export type NextOverload = { readonly state: OverloadState; readonly effects: readonly OverloadEffect[] };

const { leaveMs, shedAfterMs, shedShare } = HEALTH_LIMITS.overload;

export function nextOverload(state: OverloadState, load: Load, bounds: Bounds, nowMs: number): NextOverload {
  const over = worst(load, (signal) => bounds[signal].busy);
  const far = worst(load, (signal) => bounds[signal].shed);
  if (state.kind === 'calm') {
    if (!over) return { state, effects: [] };
    return {
      state: { kind: 'busy', sinceMs: nowMs, why: over, calledAtMs: nowMs },
      effects: [{ kind: 'stop-steering' }],
    };
  }
  if (far && (state.kind === 'shedding' || nowMs - state.sinceMs >= shedAfterMs)) {
    const sinceMs = state.kind === 'shedding' ? state.sinceMs : nowMs;
    const clients = Math.ceil(load.clients * shedShare);
    return {
      state: { kind: 'shedding', sinceMs, why: far, calledAtMs: nowMs },
      effects: clients > 0 ? [{ kind: 'shed', clients }] : [],
    };
  }
  const near = worst(load, (signal) => bounds[signal].leave);
  if (state.kind === 'busy' && near)
    return { state: { ...state, why: over ?? state.why, calledAtMs: nowMs }, effects: [] };
  if (nowMs - state.calledAtMs < leaveMs) return { state, effects: [] };
  if (state.kind === 'shedding')
    return { state: { kind: 'busy', sinceMs: nowMs, why: state.why, calledAtMs: nowMs }, effects: [] };
  return { state: { kind: 'calm' }, effects: [{ kind: 'steer' }] };
}

/** What exceeds its bound by most. */
function worst(load: Load, boundOf: (signal: Signal) => number | undefined): Signal | undefined {
  let [found, most]: [Signal | undefined, number] = [undefined, 1];
  for (const signal of Object.keys(load) as Signal[]) {
    const bound = boundOf(signal);
    const share = bound === undefined ? 0 : load[signal] / bound;
    if (!(share >= most)) continue;
    [found, most] = [signal, share];
  }
  return found;
}
