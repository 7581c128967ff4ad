import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  begun,
  nextSetUp,
  placeBefore,
  readSetUp,
  type SetUp,
  type SetUpEvent,
  STEPS,
  type Undo,
} from './set-up-steps.ts';

const run = (...events: SetUpEvent[]): SetUp => events.reduce(nextSetUp, begun());
const signedUp = [
  { kind: 'done', step: 'language' },
  { kind: 'done', step: 'password' },
] as const satisfies SetUpEvent[];
const zone: Undo = { kind: 'time', zone: 'UTC' };

test('from the language to the end, by doing or by skipping', () => {
  assert.equal(run().at, 'language');
  const rest = STEPS.slice(2).map((step): SetUpEvent => ({ kind: 'skip', step }));
  const end = run(...signedUp, ...rest);
  assert.equal(end.at, 'end');
  assert.deepEqual(
    STEPS.map((step) => end.steps[step].state),
    ['done', 'done', 'skipped', 'skipped', 'skipped', 'skipped', 'skipped'],
  );
});

test('before there is an account nothing but the language can be reached, and the password cannot be skipped', () => {
  assert.equal(run({ kind: 'go', to: 'disks' }).at, 'language');
  assert.equal(run({ kind: 'done', step: 'language' }, { kind: 'skip', step: 'password' }).at, 'password');
});

test('back goes past the password once it is set', () => {
  const state = run(...signedUp);
  assert.equal(state.at, 'time');
  assert.equal(placeBefore(state), 'language');
  assert.equal(run(...signedUp, { kind: 'back' }).at, 'language');
});

test('what a step did can be undone, and the step is to be done again', () => {
  const done = run(...signedUp, { kind: 'done', step: 'time', undo: zone });
  assert.deepEqual(done.steps.time, { state: 'done', undo: [zone] });
  assert.deepEqual(nextSetUp(done, { kind: 'undone', step: 'time', undo: zone }).steps.time, {
    state: 'todo',
    undo: [],
  });
});

test('of several disks one is undone and the others stay', () => {
  const [a, b]: Undo[] = [
    { kind: 'disk', path: '/a' },
    { kind: 'disk', path: '/b' },
  ];
  const two = run(...signedUp, { kind: 'did', step: 'disks', undo: a! }, { kind: 'did', step: 'disks', undo: b! });
  assert.equal(two.at, 'time', 'a disk more does not move on');
  assert.deepEqual(nextSetUp(two, { kind: 'undone', step: 'disks', undo: a! }).steps.disks, {
    state: 'done',
    undo: [b],
  });
});

test('skipping a step that was done leaves it done', () => {
  const state = run(
    ...signedUp,
    { kind: 'done', step: 'time', undo: zone },
    { kind: 'back' },
    { kind: 'skip', step: 'time' },
  );
  assert.deepEqual(state.steps.time, { state: 'done', undo: [zone] });
  assert.equal(state.at, 'ports');
});

test('the box says whether there is an account: made in another window, or gone by a reset', () => {
  assert.equal(run({ kind: 'done', step: 'language' }, { kind: 'account', exists: true }).at, 'time');
  const reset = run(...signedUp, { kind: 'done', step: 'time', undo: zone }, { kind: 'account', exists: false });
  assert.deepEqual(reset, begun());
});

test('a reload goes on where it was; anything else that was kept begins anew', () => {
  const state = run(...signedUp, { kind: 'done', step: 'time', undo: zone });
  assert.deepEqual(readSetUp(JSON.stringify(state)), state);
  for (const text of [null, '', '{}', '[]', '{"at":"moon"}', '{"at":"end","steps":{}}'])
    assert.deepEqual(readSetUp(text), begun());
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => STEPS.every((step) => readSetUp(text).steps[step])),
  );
});

test('whatever happens, nothing of the box is reached without an account', () => {
  const step = fc.constantFrom(...STEPS);
  const event: fc.Arbitrary<SetUpEvent> = fc.oneof(
    step.map((s): SetUpEvent => ({ kind: 'skip', step: s })),
    step.map((to): SetUpEvent => ({ kind: 'go', to })),
    fc.constant<SetUpEvent>({ kind: 'back' }),
    fc.constant<SetUpEvent>({ kind: 'go', to: 'end' }),
    fc.boolean().map((exists): SetUpEvent => ({ kind: 'account', exists })),
  );
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const state = run(...events);
      return state.steps.password.state === 'done' || state.at === 'language' || state.at === 'password';
    }),
  );
});
