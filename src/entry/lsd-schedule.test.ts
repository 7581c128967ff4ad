import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import { LsdSchedule } from './lsd-schedule.ts';

const hash = (n: number): InfoHash => parseInfoHash(n.toString(16).padStart(40, '0')) as InfoHash;
const A = hash(1);
const yes = () => true;
const AT = 1_000_000;

test('the first who asks is answered at once, again only after a minute', () => {
  const s = new LsdSchedule();
  assert.equal(s.asked(A, 'pc1', AT, yes), true);
  assert.equal(s.asked(A, 'pc1', AT + 2_000, yes), false);
  assert.equal(s.asked(A, 'pc1', AT + LIMITS.lsdGapMs - 1, yes), false);
  assert.equal(s.asked(A, 'pc1', AT + LIMITS.lsdGapMs, yes), true);
});

test('one who asks for the first time shares the next answer, a few seconds later', () => {
  const s = new LsdSchedule();
  assert.equal(s.asked(A, 'pc1', AT, yes), true);
  assert.equal(s.asked(A, 'pc2', AT + 1_000, yes), false);
  assert.equal(s.asked(A, 'pc3', AT + 2_000, yes), false);
  assert.deepEqual(s.due([], AT + LIMITS.lsdNewcomerGapMs - 1), []);
  assert.deepEqual(s.due([], AT + LIMITS.lsdNewcomerGapMs), [A]);
  assert.deepEqual(s.due([], AT + 3 * LIMITS.lsdNewcomerGapMs), [], 'once');
  assert.equal(s.asked(A, 'pc4', AT + 3 * LIMITS.lsdNewcomerGapMs, yes), true, 'long enough after the last');
});

test('what is hot is announced every five minutes, counted from the last time it was said', () => {
  const s = new LsdSchedule();
  assert.equal(s.asked(A, 'pc1', AT, yes), true);
  assert.deepEqual(s.due([A, hash(2)], AT + 1), [hash(2)]);
  assert.deepEqual(s.due([A, hash(2)], AT + LIMITS.lsdEveryMs), [A]);
  assert.deepEqual(s.due([A, hash(2)], AT + LIMITS.lsdEveryMs + 1), [hash(2)]);
});

test('what cannot be announced yet is not counted as said', () => {
  const s = new LsdSchedule();
  assert.equal(
    s.asked(A, 'pc1', AT, () => false),
    false,
  );
  assert.deepEqual(s.due([A], AT + 1), [A]);
});

test('whoever asks, and however often: no torrent is said twice within seconds, and little is looked at a second', () => {
  const ask = fc.record({ waitMs: fc.nat(3_000), torrent: fc.nat(3), client: fc.nat(5), tick: fc.boolean() });
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 200 }), (asks) => {
      const s = new LsdSchedule();
      const last = new Map<InfoHash, number>();
      let nowMs = AT;
      for (const { waitMs, torrent, client, tick } of asks) {
        nowMs += waitMs;
        const said = tick
          ? s.due([hash(0)], nowMs)
          : s.asked(hash(torrent), `pc${client}`, nowMs, yes)
            ? [hash(torrent)]
            : [];
        for (const h of said) {
          assert.ok(nowMs - (last.get(h) ?? 0) >= LIMITS.lsdNewcomerGapMs);
          last.set(h, nowMs);
        }
      }
    }),
  );
  const s = new LsdSchedule();
  let looked = 0;
  for (let i = 0; i < 1_000; i++)
    s.asked(hash(i), 'pc1', AT, () => {
      looked++;
      return true;
    });
  assert.equal(looked, LIMITS.lsdAskedPerS);
});
