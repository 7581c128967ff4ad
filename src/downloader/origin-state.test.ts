import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOWNLOAD_LIMITS as t } from './limits.ts';
import { newOrigin, nextOrigin, type OriginEvent, type OriginState } from './origin-state.ts';

const after = (events: [OriginEvent, number][], from: OriginState = newOrigin): OriginState =>
  events.reduce((state, [event, nowMs]) => nextOrigin(state, event, nowMs, 0.5, t), from);

const dial: OriginEvent = { kind: 'dial' };
const dead: OriginEvent = { kind: 'ended', useful: false };

test('an origin that fails is redialled almost at once, then ever later, up to a bound', () => {
  const waits: number[] = [];
  let state: OriginState = newOrigin;
  let now = 0;
  for (let i = 0; i < 12; i++) {
    state = after([[dial, now]], state);
    state = after([[dead, now]], state);
    assert.equal(state.kind, 'waiting');
    if (state.kind === 'waiting') {
      waits.push(state.untilMs - now);
      now = state.untilMs;
    }
  }
  assert.deepEqual(waits.slice(0, 5), [250, 2_000, 4_000, 8_000, 16_000]);
  assert.equal(waits.at(-1), t.redialMaxMs);
});

test('a connection that gave something or lasted is not a failure in a row', () => {
  const failing = after(Array.from({ length: 6 }, () => [[dial, 0] as const, [dead, 0] as const]).flat() as never);
  assert.ok(failing.kind === 'waiting' && failing.failures === 6);
  const useful = after(
    [
      [dial, 1],
      [{ kind: 'answered' }, 2],
      [{ kind: 'ended', useful: true }, 3],
    ],
    failing,
  );
  assert.deepEqual(useful, { kind: 'waiting', untilMs: 253, failures: 1 });
  const long = after(
    [
      [dial, 1],
      [{ kind: 'answered' }, 2],
      [dead, 2 + t.steadyMs],
    ],
    failing,
  );
  assert.ok(long.kind === 'waiting' && long.failures === 1);
  const brief = after(
    [
      [dial, 1],
      [{ kind: 'answered' }, 2],
      [dead, 3],
    ],
    failing,
  );
  assert.ok(brief.kind === 'waiting' && brief.failures === 7);
});

test('being named again shortens a long wait but does not hammer a dead address', () => {
  const failing = after(Array.from({ length: 9 }, () => [[dial, 0] as const, [dead, 0] as const]).flat() as never);
  const named = after([[{ kind: 'named' }, 1_000]], failing);
  assert.ok(named.kind === 'waiting' && named.untilMs === 1_000 + t.redialMs);
  const again = after([[{ kind: 'named' }, 2_000]], named);
  assert.deepEqual(again, named);
});

test('a ban is for good, and events out of place change nothing', () => {
  const banned = after([
    [dial, 0],
    [{ kind: 'ban' }, 1],
    [dead, 2],
    [{ kind: 'named' }, 3],
    [dial, 4],
  ]);
  assert.deepEqual(banned, { kind: 'banned' });
  assert.deepEqual(
    after([
      [{ kind: 'answered' }, 5],
      [dead, 6],
    ]),
    newOrigin,
  );
});
