import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { InfoHash } from '#base/units.ts';
import { Evictor } from './evictor.ts';
import { StoreBench } from './fixtures.ts';

const GB = 10 ** 9;
const mark = { share: 0.05, least: 1_000, most: GB };

/** A disk that is short of so much that nothing may stay which may go. */
class ShortDisk extends StoreBench {
  readonly own = new Map<InfoHash, number>();

  async evict(): Promise<void> {
    const { clock, index, own } = this;
    const store = {
      ...this.store,
      freeBytes: async () => 0,
      disks: () => [{ path: '/a', state: 'good' as const, freeBytes: 0, usableBytes: 10 ** 15 }],
      torrentsOn: () => [...this.homes.keys()],
    };
    const world = { clock, index, store, living: () => undefined, own: (infoHash: InfoHash) => own.get(infoHash) };
    await new Evictor([], world, this.log, { evictBelow: mark, evictTo: mark }).look();
  }
}

const evicted = (bench: ShortDisk) => bench.said().flatMap((line) => (line as unknown[])[1] ?? []);

test('a torrent with a worth of its own goes after what is asked for less, and one of infinite worth never', async (t: TestContext) => {
  const bench = new ShortDisk(t);
  const [stays, last, first] = [await bench.put(2, 9), await bench.put(2, 9), await bench.put(2, 1)];
  bench.own.set(stays.infoHash, Number.POSITIVE_INFINITY);
  bench.own.set(last.infoHash, 0.9);
  await bench.evict();
  assert.deepEqual(evicted(bench), [first.infoHash, last.infoHash]);
});
