import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InfoHash } from '#base/units.ts';
import type { Arriving } from '#manager/manager.ts';
import { configOf } from './config.ts';
import { type FleetHouseParts, fleetHouse } from './fleet-house.ts';

const GB = 1e9;
const SOME = 'a'.repeat(40) as InfoHash;

/** A house of two disks, with what is kept on them for whom. */
function worldWith(over: object, { kept = 0, ordered = 0 } = {}) {
  const asked: string[] = [];
  const disks = [
    { state: 'good', usableBytes: 100 * GB },
    { state: 'good', usableBytes: 50 * GB },
    { state: 'gone', usableBytes: 500 * GB },
  ];
  const overload = { refuses: false };
  const parts = {
    version: '1.0',
    index: { task: () => ({ haveCount: 3 }) },
    store: { disks: () => disks, freeBytes: async () => GB },
    manager: { claim: () => ({ kind: 'taken' }), judgeAll: () => {} },
    prefill: {
      why: (when: string) => {
        asked.push(when);
        return 'window-shut';
      },
      orders: [
        { infoHash: SOME, bytes: ordered },
        { infoHash: 'b'.repeat(40), bytes: 40 * GB },
      ],
      worth: (infoHash: InfoHash) => (infoHash === SOME ? 1 : undefined),
    },
    overload,
    operator: { act: async () => ({ done: 1, refused: [] }) },
    machine: { installer: undefined },
    fleet: { keptBytes: (haveCount: (infoHash: InfoHash) => number) => (haveCount(SOME) === 3 ? kept : Number.NaN) },
  } as unknown as FleetHouseParts;
  return { world: fleetHouse(configOf({ lan: 'a', wan: 'b', dataDir: '/d', ...over }), parts), overload, asked };
}

test('a full cache has room for the fleet, but for what is kept for it and for the operator already', async () => {
  const room = (kept?: number, ordered?: number, over = {}) =>
    worldWith(over, { ...(kept && { kept }), ...(ordered && { ordered }) }).world.room();
  assert.equal(await room(), 80 * GB, 'one disk holds all of a torrent');
  assert.equal(await room(60 * GB, 20 * GB), 40 * GB);
  assert.equal(await room(130 * GB), 0);
  assert.equal(await room(0, 0, { evict: false }), GB, 'where nothing makes way, what is free');
});

test('large ones come when pre-filling does, unless the operator says at any hour; nobody is served beyond what the box bears', () => {
  for (const [inHours, when] of [
    [true, 'window'],
    [false, 'now'],
  ] as const) {
    const { world, asked } = worldWith({ fleet: { inHours } });
    assert.equal(world.held(), 'window-shut');
    assert.deepEqual(asked, [when]);
  }
  const { world, overload } = worldWith({});
  assert.deepEqual(world.claim({} as Arriving), { kind: 'taken' });
  overload.refuses = true;
  assert.deepEqual(world.claim({} as Arriving), { kind: 'pass', why: 'overload' });
});
