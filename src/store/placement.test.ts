import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Candidate, place } from './placement.ts';

const GB = 1e9;
const disk = (more: Partial<Candidate> = {}): Candidate => ({ freeBytes: 100 * GB, load: 0, costMs: 10, ...more });
/** Draws the first, then the last. */
const both = (): (() => number) => {
  let asked = 0;
  return () => (asked++ % 2 === 0 ? 0 : 0.999);
};

test('of two disks the one with more room, less to do or a faster arm is taken', () => {
  for (const worse of [disk({ freeBytes: 30 * GB }), disk({ load: 8 }), disk({ costMs: 50 })]) {
    assert.equal(place([worse, disk()], GB, both()), 1);
    assert.equal(place([disk(), worse], GB, both()), 0);
  }
});

test('a disk without room for all of a torrent gets it only when none has', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 120 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (rooms, bytes, draws) => {
        const random = () => draws.next().value as number;
        const chosen = place(
          rooms.map((freeBytes) => disk({ freeBytes })),
          bytes,
          random,
        );
        const most = Math.max(...rooms);
        if (most === 0) assert.equal(chosen, undefined);
        else if (most >= bytes) assert.ok((rooms[chosen as number] as number) >= bytes);
        else assert.equal(rooms[chosen as number], most);
      },
    ),
  );
});

test('new torrents spread over equal disks', () => {
  const disks = Array.from({ length: 4 }, () => disk());
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 400; i++) {
    const at = place(disks, GB, Math.random) as number;
    counts[at] = (counts[at] as number) + 1;
    disks[at] = disk({ freeBytes: (disks[at] as Candidate).freeBytes - 0.2 * GB });
  }
  assert.ok(
    counts.every((n) => n > 60 && n < 140),
    `${counts}`,
  );
});
