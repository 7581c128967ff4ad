import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { Appetite, type Eater } from './appetite.ts';
import { LIMITS } from './limits.ts';

const PIECES = 8;
const bits = (...set: number[]): Bitfield => {
  const field = new Bitfield(PIECES);
  for (const i of set) field.set(i);
  return field;
};
const client = (askedMs: number, has = bits(), ip = '192.168.1.20') => ({
  remote: { ip },
  askedMs,
  pieces: () => has,
});
const LATE = LIMITS.satedAfterMs;

test('who is offered what it lacks and asks for none of it has had enough, until it asks again', () => {
  const appetite = new Appetite();
  const eater = client(0);
  const look = (ms: number): boolean => appetite.look([eater], () => bits(0, 1), ms);
  const { ip } = eater.remote;
  assert.equal(look(0), false);
  eater.askedMs = 5_000;
  assert.equal(look(LATE), false);
  assert.equal(look(LATE + 5_000), true);
  assert.equal(appetite.satedMs(ip), LATE + 5_000);
  assert.equal(look(2 * LATE), false);
  assert.equal(appetite.satedMs(ip), LATE + 5_000, 'since then');
  eater.askedMs = 3 * LATE;
  assert.equal(look(3 * LATE), true);
  assert.equal(appetite.satedMs(ip), undefined);
});

test('who is offered nothing that it lacks waits for more, however long', () => {
  const appetite = new Appetite();
  const eater = client(0, bits(0, 1));
  for (const ms of [0, LATE, 10 * LATE]) appetite.look([eater], () => bits(0, 1), ms);
  assert.equal(appetite.satedMs(eater.remote.ip), undefined);
  appetite.look([eater], () => bits(0, 1, 2), 10 * LATE + 1_000);
  assert.equal(appetite.satedMs(eater.remote.ip), undefined, 'it has only just been offered something');
});

test('a client is what all its connections are: one that asks is enough, and one of another client is not', () => {
  const appetite = new Appetite();
  const asking = client(0);
  const all: Eater[] = [client(0), asking, client(0, bits(), 'fe80::2')];
  for (let ms = 0; ms <= 3 * LATE; ms += LATE) {
    asking.askedMs = ms;
    appetite.look(all, () => bits(0), ms);
  }
  assert.equal(appetite.satedMs('192.168.1.20'), undefined);
  assert.equal(appetite.satedMs('fe80::2'), LATE);
});

test('a client that has left and comes again is hungry', () => {
  const appetite = new Appetite();
  appetite.look([client(0)], () => bits(0), 0);
  appetite.look([client(0)], () => bits(0), LATE);
  assert.equal(appetite.satedMs('192.168.1.20'), LATE);
  appetite.look([], () => undefined, LATE + 1);
  appetite.look([client(LATE + 2)], () => bits(0), LATE + 2);
  assert.equal(appetite.satedMs('192.168.1.20'), undefined);
});
