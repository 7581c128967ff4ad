import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { LIMITS } from './limits.ts';
import { type Part, Wishes } from './wishes.ts';

const PIECES = 30;
const PARTS: Part[] = [
  { first: 0, end: 10 },
  { first: 11, end: 20 },
  { first: 20, end: 30 },
];
const LATE = LIMITS.unwantedAfterMs;

class Client {
  readonly remote: { ip: string };
  interested = false;
  readonly has = new Bitfield(PIECES);

  constructor(ip = '192.168.1.20') {
    this.remote = { ip };
  }

  pieces(): Bitfield {
    return this.has;
  }

  readonly telling = { knows: () => true };
}

const bits = (...set: number[]): Bitfield => {
  const field = new Bitfield(PIECES);
  for (const i of set) field.set(i);
  return field;
};
const looker = (wishes: Wishes, all: Client[], have: Bitfield) => (ms: number) => wishes.look(all, () => have, ms);
const skipped = (wishes: Wishes, { remote }: Client): number[] => wishes.skips(remote.ip).map(({ first }) => first);

test('of a client that has shown nothing everything is wanted', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  const look = looker(wishes, [client], bits());
  for (const ms of [0, LATE, 10 * LATE]) look(ms);
  assert.deepEqual(skipped(wishes, client), []);
});

test('a file that it is offered and shows no interest in is not wanted; by asking for its first piece it is', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  const look = looker(wishes, [client], bits(0, 20));
  assert.equal(look(0), false);
  assert.equal(look(LATE - 1), false);
  assert.equal(look(LATE), true);
  assert.deepEqual(skipped(wishes, client), [0, 20], 'of the second it was offered nothing');
  assert.equal(wishes.asked(client.remote.ip, 20), true);
  assert.equal(wishes.asked(client.remote.ip, 21), false);
  assert.deepEqual(skipped(wishes, client), [0, 11], 'what it has shown nothing of waits for its first piece');
});

test('what it takes is wanted, and the rest only if it turns to it: not even while it is interested in something else', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  const have = bits(0, 11, 20);
  const look = looker(wishes, [client], have);
  look(0);
  client.interested = true;
  wishes.asked(client.remote.ip, 11);
  for (const ms of [1_000, LATE, 10 * LATE]) look(ms);
  assert.deepEqual(skipped(wishes, client), [0, 20]);
  client.has.set(11);
  client.interested = false;
  look(10 * LATE + 1_000);
  look(11 * LATE + 1_000);
  assert.deepEqual(
    skipped(wishes, client),
    [0, 20],
    'more of the second may come: it is offered nothing of it that it lacks',
  );
  wishes.asked(client.remote.ip, 20);
  assert.deepEqual(skipped(wishes, client), [0]);
});

test('a file that it has taken of, and takes no more of, is given up later: it may have turned to another place in it', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  const look = looker(wishes, [client], bits(0, 1));
  wishes.asked(client.remote.ip, 0);
  look(0);
  look(LIMITS.turnedAwayAfterMs - 1);
  assert.deepEqual(skipped(wishes, client), [11, 20]);
  look(LIMITS.turnedAwayAfterMs);
  assert.ok(skipped(wishes, client).includes(0));
});

test('of a download that goes on, every file is wanted that something of is there', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  client.has.set(11);
  client.interested = true;
  wishes.asked(client.remote.ip, 0);
  assert.equal(looker(wishes, [client], bits(0))(0), true);
  assert.deepEqual(
    skipped(wishes, client),
    [20],
    'not the third: nothing of it is there, and its first piece is on offer',
  );
});

test('a client is what all its connections are', () => {
  const wishes = new Wishes(PARTS);
  const [one, two, other] = [new Client(), new Client(), new Client('fe80::2')] as const;
  two.interested = true;
  const look = looker(wishes, [one, two, other], bits(0));
  for (const ms of [0, LATE]) look(ms);
  assert.deepEqual([skipped(wishes, one), skipped(wishes, other)], [[], [0]]);
});

test('a client that has left and comes again has shown nothing', () => {
  const wishes = new Wishes(PARTS);
  const client = new Client();
  for (const ms of [0, LATE]) wishes.look([client], () => bits(0), ms);
  wishes.look([], () => undefined, LATE + 1);
  wishes.look([client], () => bits(0), LATE + 2);
  assert.deepEqual(skipped(wishes, client), []);
});

test('a piece between two files belongs to neither', () => {
  const wishes = new Wishes(PARTS);
  wishes.look([new Client()], () => bits(), 0);
  assert.deepEqual(
    [9, 10, 11, 19, 20, 29, 30].map((piece) => wishes.asked('192.168.1.20', piece)),
    [true, false, true, false, true, false, false],
  );
  assert.deepEqual(
    [0, 1, 10, 11, 20].map((piece) => wishes.isSample(piece)),
    [true, false, false, true, true],
  );
});
