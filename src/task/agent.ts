import { LIMITS } from './limits.ts';

/**
 * One torrent's agent, as a pure state machine: what happens next follows from its state, one event and its local facts.
 *
 *   sleep ──wants──▶ limited ──slot──▶ down ──all pieces──▶ complete
 *     ▲                 ▲  └─no longer wants─┐    │ disk full        │ a piece was lost
 *     └─────────────────┴────────────────────┴────┘◀─────────────────┘
 *   sleep, complete ──idle──▶ gone
 *
 * Invariants: a slot is held in `down` and nowhere else; the download runs in `down` and nowhere else.
 */
export type AgentState =
  | { readonly kind: 'sleep'; readonly sinceMs: number }
  | { readonly kind: 'limited'; readonly sinceMs: number; readonly why: LimitedWhy; readonly retryAtMs: number }
  | { readonly kind: 'down'; readonly sinceMs: number }
  | { readonly kind: 'complete'; readonly sinceMs: number }
  | { readonly kind: 'gone' };

export type LimitedWhy = 'no-slot' | 'disk-full' | 'disk-failed' | 'day-used-up';

export type AgentEvent =
  /** Something about the facts may have changed: a client came, left, or told what it has; an announce was heard; time passed. */
  | { readonly kind: 'look' }
  | { readonly kind: 'slot-granted' }
  | { readonly kind: 'cannot-write'; readonly why: Exclude<LimitedWhy, 'no-slot'> }
  /** The house closes. */
  | { readonly kind: 'close' }
  /** The task is given up: what its state holds is given back. */
  | { readonly kind: 'leave' };

/** What the agent perceives. */
export type AgentFacts = {
  readonly nowMs: number;
  readonly clients: number;
  /** Clients that want a piece which the box lacks too, and take those that it has. */
  readonly lacking: number;
  /** It has a seat: it may fetch ahead of what they take. */
  readonly seated: boolean;
  /** The operator wants it whole, now, whoever is here. */
  readonly ordered: boolean;
  /** Until when a client that announced is expected to dial. */
  readonly expectUntilMs: number;
  readonly lastClientMs: number;
  readonly complete: boolean;
};

export type Effect = 'ask-slot' | 'withdraw' | 'release-slot' | 'start-download' | 'stop-download' | 'persist' | 'exit';

export type Next = { readonly state: AgentState; readonly effects: readonly Effect[] };

const stay = (state: AgentState): Next => ({ state, effects: [] });

const wants = (f: AgentFacts): boolean => !f.complete && (f.lacking > 0 || f.ordered || f.expectUntilMs > f.nowMs);

/** Asleep or complete, whichever is true: where an agent rests. */
const rest = (f: AgentFacts, effects: readonly Effect[]): Next => ({
  state: { kind: f.complete ? 'complete' : 'sleep', sinceMs: f.nowMs },
  effects,
});

export function next(state: AgentState, event: AgentEvent, facts: AgentFacts): Next {
  if (event.kind === 'close') return close(state);
  if (event.kind === 'leave') return leave(state);
  switch (state.kind) {
    case 'sleep':
    case 'complete':
      return fromRest(state, event, facts);
    case 'limited':
      return fromLimited(state, event, facts);
    case 'down':
      return fromDown(state, event, facts);
    case 'gone':
      return event.kind === 'slot-granted' ? { state, effects: ['release-slot'] } : stay(state);
  }
}

function fromRest(state: AgentState, event: AgentEvent, f: AgentFacts): Next {
  if (event.kind === 'slot-granted') return { state, effects: ['release-slot'] };
  if (wants(f)) return { state: waiting(f), effects: ['ask-slot'] };
  if (f.clients === 0 && f.nowMs - f.lastClientMs >= LIMITS.idleMs)
    return { state: { kind: 'gone' }, effects: ['persist', 'exit'] };
  if ((state.kind === 'complete') !== f.complete) return rest(f, []);
  return stay(state);
}

function fromLimited(state: AgentState & { kind: 'limited' }, event: AgentEvent, f: AgentFacts): Next {
  const asked = state.why === 'no-slot';
  if (event.kind === 'slot-granted') {
    if (!wants(f)) return rest(f, ['release-slot']);
    if (!asked) return { state, effects: ['release-slot'] };
    return { state: { kind: 'down', sinceMs: f.nowMs }, effects: ['start-download'] };
  }
  if (!wants(f)) return rest(f, asked ? ['withdraw'] : []);
  if (!asked && f.nowMs >= state.retryAtMs) return { state: waiting(f), effects: ['ask-slot'] };
  return stay(state);
}

function fromDown(state: AgentState & { kind: 'down' }, event: AgentEvent, f: AgentFacts): Next {
  if (event.kind === 'slot-granted') return { state, effects: ['release-slot'] };
  if (event.kind === 'cannot-write') {
    const limited: AgentState = {
      kind: 'limited',
      sinceMs: f.nowMs,
      why: event.why,
      retryAtMs: f.nowMs + LIMITS.retryMs,
    };
    return { state: limited, effects: ['stop-download', 'release-slot', 'persist'] };
  }
  if (!wants(f)) return rest(f, ['stop-download', 'release-slot', 'persist']);
  return stay(state);
}

const waiting = (f: AgentFacts): AgentState => ({
  kind: 'limited',
  sinceMs: f.nowMs,
  why: 'no-slot',
  retryAtMs: Number.POSITIVE_INFINITY,
});

function close(state: AgentState): Next {
  if (state.kind === 'gone') return stay(state);
  return { state: { kind: 'gone' }, effects: [...leave(state).effects, 'exit'] };
}

function leave(state: AgentState): Next {
  if (state.kind === 'gone') return stay(state);
  const effects: Effect[] = [];
  if (state.kind === 'down') effects.push('stop-download', 'release-slot');
  if (state.kind === 'limited' && state.why === 'no-slot') effects.push('withdraw');
  return { state: { kind: 'gone' }, effects: [...effects, 'persist'] };
}

/** Why the agent is in this state: a code that the page says in the operator's language. */
export function explain(state: AgentState, f: AgentFacts): string {
  switch (state.kind) {
    case 'sleep':
      return f.clients === 0 ? 'no-client' : 'nothing-lacked';
    case 'limited':
      return state.why;
    case 'down':
      if (f.lacking === 0) return f.ordered ? 'prefill' : 'expecting-client';
      return f.seated ? 'filling' : 'filling-on-demand';
    case 'complete':
      return 'whole';
    case 'gone':
      return 'removed';
  }
}
