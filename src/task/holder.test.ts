import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { holdersOf, settled } from './holder.ts';

const PIECES = 20;
const connection = (ip: string, ...pieces: number[]) => {
  const field = new Bitfield(PIECES);
  for (const piece of pieces) field.set(piece);
  return { remote: { ip }, interested: false, pieces: () => field, telling: { knows: () => true } };
};
const silent = (ip: string) => ({ ...connection(ip), pieces: () => undefined });
const list = (field: Bitfield | undefined): number[] =>
  Array.from({ length: PIECES }, (_, i) => i).filter((i) => field?.has(i));

test('the connections of one address are one client, which has what all of them say', () => {
  const all = [connection('10.0.0.1', 1, 2, 9), connection('10.0.0.2', 5), connection('10.0.0.1', 2, 9, 17)];
  const holders = holdersOf(all, () => []);
  assert.deepEqual(
    holders.map(({ ip, pieces }) => [ip, list(pieces), pieces?.count]),
    [
      ['10.0.0.1', [2, 9], 2],
      ['10.0.0.2', [5], 1],
    ],
  );
});

test('a connection that has said nothing says "none"', () => {
  for (const all of [
    [silent('10.0.0.1'), connection('10.0.0.1', 3)],
    [connection('10.0.0.1', 3), silent('10.0.0.1')],
  ])
    assert.deepEqual(list(holdersOf(all, () => [])[0]?.pieces), []);
});

test('settled is what a client has or does not want', () => {
  const [holder] = holdersOf([connection('10.0.0.1', 3)], () => [{ first: 10, end: 12 }]);
  assert.ok(holder);
  assert.deepEqual(list(settled(holder, PIECES)), [3, 10, 11]);
  assert.deepEqual(list(holder.pieces), [3], 'what it has is not touched');
});
