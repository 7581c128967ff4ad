import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Event, next, type State, WINDOW_MS } from './unconfirmed.ts';

type Move =
  | { readonly kind: 'change' | 'confirm' | 'wrong-token' | 'take-back' | 'edit' | 'restart' }
  /** The time that goes by, and what the clock shows of it: it may be set in the meantime. */
  | { readonly kind: 'wait'; readonly ms: number; readonly setByMs: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom('change', 'confirm', 'wrong-token', 'take-back', 'edit', 'restart')
      .map((kind) => ({ kind }) as Move),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: 0, max: 2 * WINDOW_MS }),
      setByMs: fc.constant(0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.nat(WINDOW_MS),
      setByMs: fc.integer({ min: -1e12, max: 1e12 }),
    }),
  },
);

/** Plays the moves, and holds what the machine does against a model: what the settings are, and what they would go back to. */
function play(moves: readonly Move[]): void {
  const box: { state: State; kept: State } = { state: { kind: 'settled' }, kept: { kind: 'settled' } }; // `kept`: on the disk
  let clockMs = 1e13;
  /** True time since the change, or since the clock was last set. */
  let sinceMs = 0;
  let settings = 0;
  let before: number | undefined;
  let tokens = 0;
  const step = (event: Event): string[] => {
    const was = box.state;
    const { state: then, effects } = next(box.state, event);
    box.state = then;
    for (const effect of effects) {
      if (effect.kind === 'keep') box.kept = then;
      else if (effect.kind !== 'refuse') {
        assert.equal(was.kind, 'waiting', 'only what waits ends');
        if (effect.kind === 'revert') settings = before ?? assert.fail('nothing to go back to');
        before = undefined;
        box.kept = { kind: 'settled' };
      }
    }
    assert.equal(box.state.kind === 'waiting', before !== undefined || effects.some(({ kind }) => kind === 'keep'));
    return effects.map(({ kind }) => kind);
  };
  for (const { kind, ...m } of moves) {
    const token = `t${tokens}`;
    if (kind === 'change') {
      const wasWaiting = box.state.kind === 'waiting';
      const effects = step({ kind: 'changed', token: `t${tokens + 1}`, nowMs: clockMs });
      assert.deepEqual(effects, [wasWaiting ? 'refuse' : 'keep']);
      if (!wasWaiting) {
        tokens++;
        before = settings;
        settings = tokens;
        sinceMs = 0;
      }
    } else if (kind === 'confirm') {
      const [wasWaiting, was] = [box.state.kind === 'waiting', settings];
      step({ kind: 'confirmed', token, nowMs: clockMs });
      if (wasWaiting && sinceMs < WINDOW_MS) assert.equal(settings, was);
      assert.equal(box.state.kind, 'settled');
    } else if (kind === 'wrong-token') {
      const was = JSON.stringify([box.state, settings]);
      assert.deepEqual(step({ kind: 'confirmed', token: 'guess', nowMs: clockMs }), ['refuse']);
      assert.equal(JSON.stringify([box.state, settings]), was);
    } else if (kind === 'take-back') step({ kind: 'taken-back' });
    else if (kind === 'edit') step({ kind: 'edited' });
    else if (kind === 'restart') box.state = box.kept;
    else if ('ms' in m) {
      clockMs += m.ms + m.setByMs;
      sinceMs = m.setByMs === 0 ? sinceMs + m.ms : 0;
      const was = settings;
      const [target, isWaiting] = [before, box.state.kind === 'waiting'];
      step({ kind: 'time', nowMs: clockMs });
      // It goes back in time, always; and where nobody touched the clock, never before.
      if (isWaiting && sinceMs >= WINDOW_MS) assert.equal(settings, target);
      if (box.state.kind === 'waiting')
        assert.ok(box.state.untilMs > clockMs && box.state.untilMs <= clockMs + WINDOW_MS);
      if (!isWaiting) assert.equal(settings, was);
    }
  }
}

test('whatever happens, an unconfirmed change is over in 90 s, a confirmed one stays, and a restart changes neither', () => {
  fc.assert(fc.property(fc.array(move, { maxLength: 60 }), play), { numRuns: 5_000 });
});

test('at the last moment it is confirmed, at the next it is too late', () => {
  const { state } = next({ kind: 'settled' }, { kind: 'changed', token: 't', nowMs: 0 });
  const kinds = (nowMs: number) =>
    next(state, { kind: 'confirmed', token: 't', nowMs }).effects.map(({ kind }) => kind);
  assert.deepEqual(kinds(WINDOW_MS - 1), ['settle']);
  assert.deepEqual(kinds(WINDOW_MS), ['revert', 'refuse']);
  const early = next(state, { kind: 'time', nowMs: WINDOW_MS - 1 });
  assert.deepEqual(early, { state, effects: [] });
});
