import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HEALTH_LIMITS } from './limits.ts';
import {
  type Bounds,
  type Load,
  nextOverload,
  type OverloadEffect,
  type OverloadState,
  type Signal,
} from './overload.ts';

const { everyMs, leaveMs, shedAfterMs, shedShare } = HEALTH_LIMITS.overload;
const SIGNALS: readonly Signal[] = [
  'waitMs',
  'residentBytes',
  'heapBytes',
  'recognising',
  'clients',
  'spliced',
  'unsentBytes',
  'reads',
  'unverifiedBytes',
];
/** Every signal is borne up to 100, is over below 80, and is far too much from 200 on, but for those where nobody's going helps. */
const HELPLESS: readonly Signal[] = ['clients', 'spliced', 'recognising', 'unverifiedBytes'];
const BUSY = 100;
const LEAVE = 80;
const FAR = 200;
const bounds = Object.fromEntries(
  SIGNALS.map((signal) => [signal, { busy: BUSY, leave: LEAVE, ...(!HELPLESS.includes(signal) && { shed: FAR }) }]),
) as Bounds;
const QUIET = Object.fromEntries(SIGNALS.map((signal) => [signal, 0])) as Load;
const loadOf = (loads: Partial<Load>): Load => ({ ...QUIET, ...loads });

/** A box that is looked at, time after time. */
class Bench {
  state: OverloadState = { kind: 'calm' };
  nowMs = 0;
  readonly effects: OverloadEffect[] = [];

  look(load: Load): OverloadState['kind'] {
    const { state, effects } = nextOverload(this.state, load, bounds, this.nowMs);
    this.nowMs += everyMs;
    this.state = state;
    this.effects.push(...effects);
    return state.kind;
  }

  /** For so long; the last state. */
  during(ms: number, load: Load): OverloadState['kind'] {
    for (const end = this.nowMs + ms; this.nowMs < end; ) this.look(load);
    return this.state.kind;
  }
}

for (const signal of SIGNALS)
  test(`too much of ${signal} stops the steering at once, and little of it for a while starts it again`, () => {
    const box = new Bench();
    assert.equal(box.look(loadOf({ [signal]: BUSY - 1 })), 'calm');
    assert.equal(box.look(loadOf({ [signal]: BUSY })), 'busy');
    assert.ok(box.state.kind !== 'calm' && box.state.why === signal);
    assert.equal(box.during(10 * leaveMs, loadOf({ [signal]: LEAVE })), 'busy', 'not well below');
    assert.equal(box.during(leaveMs - everyMs, loadOf({ [signal]: LEAVE - 1 })), 'busy', 'not for long');
    assert.equal(box.during(2 * everyMs, loadOf({ [signal]: LEAVE - 1 })), 'calm');
    assert.deepEqual(box.effects, [{ kind: 'stop-steering' }, { kind: 'steer' }]);
  });

test('clients go when it is far too much though nothing new comes, a few at a time', () => {
  const box = new Bench();
  const far = loadOf({ waitMs: FAR, clients: 90 });
  assert.equal(box.during(shedAfterMs, far), 'busy', 'first it must show what it helps that nothing new comes');
  assert.deepEqual(box.effects, [{ kind: 'stop-steering' }]);
  assert.equal(box.look(far), 'shedding');
  box.look(loadOf({ waitMs: FAR, clients: 89 }));
  const some = { kind: 'shed', clients: Math.ceil(90 * shedShare) };
  assert.deepEqual(box.effects.slice(1), [some, some]);
  box.look(loadOf({ waitMs: FAR - 1, clients: 88 }));
  assert.equal(box.effects.length, 3, 'no more than needed');
  assert.equal(box.during(leaveMs, loadOf({ waitMs: FAR - 1 })), 'busy');
  assert.equal(box.during(leaveMs + 2 * everyMs, QUIET), 'calm');
  assert.deepEqual(box.effects.at(-1), { kind: 'steer' });
});

test('what cannot be measured calls for nothing', () => {
  const unknown = Object.fromEntries(SIGNALS.map((signal) => [signal, Number.NaN])) as Load;
  const box = new Bench();
  assert.equal(box.during(2 * leaveMs, unknown), 'calm');
  assert.equal(box.look(loadOf({ ...unknown, reads: BUSY })), 'busy');
});

test('nobody goes where that is no help, and nobody can go where nobody is', () => {
  const box = new Bench();
  for (const signal of HELPLESS) assert.equal(box.during(10 * shedAfterMs, loadOf({ [signal]: 10 * FAR })), 'busy');
  assert.equal(box.during(10 * shedAfterMs, loadOf({ residentBytes: 10 * FAR })), 'shedding');
  assert.deepEqual(box.effects, [{ kind: 'stop-steering' }]);
});

const loads = fc.record(
  Object.fromEntries(SIGNALS.map((s) => [s, fc.integer({ min: 0, max: 2 * FAR })])),
) as fc.Arbitrary<Load>;
/** Long stretches of one load, or a new one at every look. */
const course = fc.array(fc.tuple(loads, fc.integer({ min: 1, max: (3 * leaveMs) / everyMs })), { maxLength: 40 });

test('whatever comes, the steering never flaps: between two starts of it lies the time that a calmer state takes', () => {
  fc.assert(
    fc.property(course, (stretches) => {
      const box = new Bench();
      let calledAtMs = Number.NEGATIVE_INFINITY;
      for (const [load, looks] of stretches)
        for (let i = 0; i < looks; i++) {
          const [before, atMs] = [box.state.kind, box.nowMs];
          if (SIGNALS.some((signal) => load[signal] >= LEAVE) && before !== 'calm') calledAtMs = atMs;
          const after = box.look(load);
          if (before === 'calm' && after !== 'calm') {
            assert.equal(after, 'busy');
            calledAtMs = atMs;
          }
          if (before !== 'calm' && after === 'calm') assert.ok(atMs - calledAtMs >= leaveMs);
        }
      const kinds = box.effects.filter(({ kind }) => kind !== 'shed').map(({ kind }) => kind);
      assert.ok(kinds.every((kind, i) => kind === (i % 2 === 0 ? 'stop-steering' : 'steer')));
    }),
  );
});

test('whatever came, a box that is left in peace steers again', () => {
  fc.assert(
    fc.property(course, (stretches) => {
      const box = new Bench();
      for (const [load, looks] of stretches) for (let i = 0; i < looks; i++) box.look(load);
      assert.equal(box.during(2 * leaveMs + 2 * everyMs, QUIET), 'calm');
    }),
  );
});
