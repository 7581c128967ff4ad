import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AgentEvent, type AgentFacts, type AgentState, explain, next } from './agent.ts';
import { LIMITS } from './limits.ts';

const facts = (over: Partial<AgentFacts> = {}): AgentFacts => ({
  nowMs: 1_000,
  clients: 0,
  lacking: 0,
  seated: false,
  ordered: false,
  expectUntilMs: 0,
  lastClientMs: 1_000,
  complete: false,
  ...over,
});
const asleep: AgentState = { kind: 'sleep', sinceMs: 0 };
const look: AgentEvent = { kind: 'look' };

test('a client that lacks pieces makes the agent ask for a slot, and the slot starts the download', () => {
  const wanting = facts({ clients: 1, lacking: 1 });
  const asked = next(asleep, look, wanting);
  assert.deepEqual([asked.state.kind, asked.effects], ['limited', ['ask-slot']]);
  const down = next(asked.state, { kind: 'slot-granted' }, wanting);
  assert.deepEqual([down.state.kind, down.effects], ['down', ['start-download']]);
});

test('when the last lacking client leaves, the slot is given back', () => {
  const resting = next({ kind: 'down', sinceMs: 0 }, look, facts());
  assert.deepEqual([resting.state.kind, resting.effects], ['sleep', ['stop-download', 'release-slot', 'persist']]);
});

test('the last piece makes it complete and frees the slot', () => {
  const done = next({ kind: 'down', sinceMs: 0 }, look, facts({ clients: 3, complete: true }));
  assert.deepEqual([done.state.kind, done.effects], ['complete', ['stop-download', 'release-slot', 'persist']]);
});

test('a lost piece wakes a complete task only when someone lacks it', () => {
  assert.equal(next({ kind: 'complete', sinceMs: 0 }, look, facts({ clients: 1 })).state.kind, 'sleep');
  const missed = next({ kind: 'complete', sinceMs: 0 }, look, facts({ clients: 1, lacking: 1 }));
  assert.deepEqual(missed.effects, ['ask-slot']);
});

test('a full disk frees the slot and is tried again later, not at once', () => {
  const wanting = facts({ clients: 1, lacking: 1 });
  const full = next({ kind: 'down', sinceMs: 0 }, { kind: 'cannot-write', why: 'disk-full' }, wanting);
  assert.deepEqual(full.effects, ['stop-download', 'release-slot', 'persist']);
  assert.deepEqual(next(full.state, look, wanting).effects, []);
  const later = facts({ ...wanting, nowMs: wanting.nowMs + LIMITS.retryMs });
  assert.deepEqual(next(full.state, look, later).effects, ['ask-slot']);
});

test('an announce is a reason to fetch until its time is over', () => {
  assert.deepEqual(next(asleep, look, facts({ expectUntilMs: 1_001 })).effects, ['ask-slot']);
  assert.deepEqual(next(asleep, look, facts({ expectUntilMs: 1_000 })).effects, []);
});

test('what the operator wants whole is fetched though nobody is here, and until it is whole', () => {
  const asked = next(asleep, look, facts({ ordered: true }));
  assert.deepEqual(asked.effects, ['ask-slot']);
  const down = next(asked.state, { kind: 'slot-granted' }, facts({ ordered: true })).state;
  assert.equal(explain(down, facts({ ordered: true })), 'prefill');
  assert.equal(explain(down, facts({ ordered: true, clients: 1, lacking: 1 })), 'filling-on-demand');
  assert.equal(next(down, look, facts({ ordered: false })).state.kind, 'sleep');
  assert.equal(next(down, look, facts({ ordered: true, complete: true })).state.kind, 'complete');
});

test('a task that is given up gives back what its state holds', () => {
  const leave: AgentEvent = { kind: 'leave' };
  const waiting = next(asleep, look, facts({ clients: 1, lacking: 1 })).state;
  assert.deepEqual(next(waiting, leave, facts()).effects, ['withdraw', 'persist']);
  const left = next({ kind: 'down', sinceMs: 0 }, leave, facts());
  assert.deepEqual(left, { state: { kind: 'gone' }, effects: ['stop-download', 'release-slot', 'persist'] });
  assert.deepEqual(next(left.state, leave, facts()).effects, [], 'once');
});

test('an idle agent persists and leaves', () => {
  const idle = facts({ nowMs: LIMITS.idleMs + 1_000, lastClientMs: 1_000 });
  assert.deepEqual(next(asleep, look, idle), { state: { kind: 'gone' }, effects: ['persist', 'exit'] });
});

/** Replays effects against a ledger of what is held. */
function ledger() {
  const held = { slot: false, asked: false, downloading: false };
  return {
    held,
    apply(effects: readonly string[], granted: boolean) {
      if (granted) {
        held.slot = true;
        held.asked = false;
      }
      for (const effect of effects) {
        if (effect === 'ask-slot') held.asked = true;
        if (effect === 'withdraw') held.asked = false;
        if (effect === 'release-slot') held.slot = false;
        if (effect === 'start-download') held.downloading = true;
        if (effect === 'stop-download') held.downloading = false;
      }
    },
  };
}

test('whatever happens, a slot is held and the download runs in `down` and nowhere else', () => {
  const anyFacts = fc.record({
    nowMs: fc.nat(2_000_000),
    clients: fc.nat(3),
    lacking: fc.nat(3),
    seated: fc.boolean(),
    ordered: fc.boolean(),
    expectUntilMs: fc.nat(2_000_000),
    lastClientMs: fc.nat(2_000_000),
    complete: fc.boolean(),
  });
  const anyEvent = fc.constantFrom<AgentEvent>(
    look,
    { kind: 'slot-granted' },
    { kind: 'cannot-write', why: 'disk-full' },
    { kind: 'leave' },
    { kind: 'close' },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anyEvent, anyFacts), { maxLength: 40 }), (steps) => {
      let state = asleep as AgentState;
      const book = ledger();
      for (const [event, f] of steps) {
        // A slot is granted only to one who waits for it; late grants are what 'gone' must give back.
        if (event.kind === 'slot-granted' && !book.held.asked) continue;
        const step = next(state, event, f);
        state = step.state;
        book.apply(step.effects, event.kind === 'slot-granted');
        assert.equal(book.held.downloading, state.kind === 'down');
        assert.equal(book.held.slot, state.kind === 'down');
        assert.equal(book.held.asked, state.kind === 'limited' && state.why === 'no-slot');
      }
    }),
    { numRuns: 2_000 },
  );
});
