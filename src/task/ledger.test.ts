import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { Ledger } from './ledger.ts';
import { LIMITS } from './limits.ts';

const infoHash = infoHashOf(Buffer.alloc(20, 7));

function setUp() {
  const clock = { ms: LIMITS.persistEveryMs, nowMs: () => clock.ms };
  const told = { untaken: 0, prefilled: 0, fresh: [] as number[], filled: 0, kept: [] as [number, number][], have: 0 };
  const add = (to: 'untaken' | 'prefilled' | 'filled') => (bytes: number) => {
    told[to] += bytes;
  };
  const box = { have: undefined as Uint8Array | undefined, isDurable: true };
  const ledger = new Ledger(
    infoHash,
    {
      clock,
      keepTraffic: (served, filled) => void told.kept.push([served, filled]),
      keepHave: () => void told.have++,
      forgetPieces: () => box.isDurable,
      uplink: { untaken: add('untaken'), prefilled: add('prefilled') },
      traffic: {
        served: (_bytes, fresh, client, of) => {
          assert.deepEqual([client, of], ['10.0.0.5', infoHash]);
          told.fresh.push(fresh);
        },
        filled: add('filled'),
      },
    },
    () => box.have,
  );
  return { ledger, clock, told, box };
}

test('what came for a client is fresh once; what the operator ordered was here, and is no waste', () => {
  const { ledger, told } = setUp();
  ledger.filled(0, 100, undefined);
  ledger.filled(1, 100, 'ordered');
  for (const piece of [0, 0, 1]) ledger.served(piece, 100, '10.0.0.5');
  assert.deepEqual(told.fresh, [100, 0, 0]);
  assert.deepEqual([told.untaken, told.prefilled, told.filled], [0, 100, 200]);
  assert.deepEqual([ledger.servedBytes, ledger.filledBytes], [300, 200]);
});

test('what was fetched on a guess is waste until as much is taken, and never less than nothing', () => {
  const { ledger, told } = setUp();
  ledger.filled(0, 100, 'guessed');
  ledger.served(5, 30, '10.0.0.5');
  assert.equal(told.untaken, 70);
  ledger.served(5, 300, '10.0.0.5');
  assert.equal(told.untaken, 0);
});

test('it is kept now and then while bytes come in, each once; pieces only when they have changed and are known', () => {
  const { ledger, clock, told, box } = setUp();
  ledger.filled(0, 10, undefined);
  ledger.filled(0, 10, undefined);
  ledger.served(0, 5, '10.0.0.5');
  assert.deepEqual(told.kept, [[0, 10]]);
  clock.ms += LIMITS.persistEveryMs;
  ledger.filled(0, 10, undefined);
  assert.deepEqual(told.kept, [
    [0, 10],
    [5, 20],
  ]);
  ledger.haveChanged();
  ledger.persist();
  assert.deepEqual([told.have, ledger.forget()], [0, false], 'there is no metainfo');
  box.have = Uint8Array.of(0);
  for (let i = 0; i < 2; i++) ledger.persist();
  assert.deepEqual([told.have, told.kept.length, ledger.forget()], [1, 2, true]);
  box.isDurable = false;
  assert.equal(ledger.forget(), false);
});
