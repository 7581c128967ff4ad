/** Distributions that come by AMQP: with the offer, and in pieces. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlInbox, DATA, dataInbox } from '../names.ts';
import {
  type Bench,
  type Distribution,
  distribution,
  holds,
  nodeOf,
  offerOf,
  PIECE,
  pieceOf,
  piecesOf,
  ScriptedCentral,
  stillClock,
} from './fixtures.ts';
import { NODE_LIMITS } from './limits.ts';

const SIZE = 3 * PIECE + 100;

function assertThere({ folder }: Bench, { bytes }: Distribution): void {
  assert.ok(readFileSync(join(folder, 'patch.bin')).equals(bytes));
}

const drained = (central: ScriptedCentral, name: string): Promise<void> =>
  holds('both inboxes are empty', () =>
    [controlInbox(name), dataInbox(name)].every((queue) => {
      const { ready, consumers } = central.rabbit.queues.get(queue) ?? { ready: [], consumers: [] };
      return ready.length === 0 && consumers.every(({ unanswered }) => unanswered.size === 0);
    }),
  );

test('it says who it is when it comes, when its connection comes back, and when it is asked', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const hello = await central.next('n1', 'hello');
  const { port } = bench.node.swarm;
  assert.ok(port > 0);
  assert.deepEqual(hello, {
    kind: 'hello',
    role: 'terminal',
    site: 'east',
    version: '1.0',
    epoch: 0,
    beganMs: hello.beganMs,
    swarm: { ip: '127.73.0.1', port },
    freeBytes: 1e12,
    have: [],
  });
  central.rabbit.cut(bench.control);
  await central.next('n1', 'hello');
  await central.say('all', { kind: 'discover', epoch: 7 });
  assert.equal((await central.next('n1', 'hello')).epoch, 7);
});

test('in pieces behind the offer: all of it is there, in its place, said and named from then on', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.say('all', offerOf(patch, 'inline'));
  await central.pieces('all', patch);
  assert.deepEqual((await central.next('n1', 'ready')).id, patch.id);
  const done = await central.next('n1', 'done');
  assert.deepEqual([done.id, done.amqpBytes, done.swarmBytes], [patch.id, SIZE, 0]);
  assertThere(bench, patch);
  await central.next('n1', 'hello');
  await central.say('site.east', { kind: 'discover', epoch: 1 });
  assert.deepEqual((await central.next('n1', 'hello')).have, [patch.id]);
  await central.say('node.n1', offerOf(patch, 'swarm'));
  assert.deepEqual(await central.next('n1', 'done'), done, 'it is said again as it was');
  await drained(central, 'n1');
  assert.deepEqual(central.unasked(), []);
});

test('with its offer: one message, one answer, and it is in its place', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.parcel('all', patch);
  const done = await central.next('n1', 'done');
  assert.deepEqual([done.id, done.amqpBytes, done.swarmBytes], [patch.id, SIZE, 0]);
  assertThere(bench, patch);
  assert.deepEqual(readdirSync(join(bench.folder, '.swarmbox-part')), []);
  await central.parcel('node.n1', patch);
  assert.deepEqual(await central.next('n1', 'done'), done, 'it is said again as it was');
  await central.next('n1', 'hello');
  await central.say('all', { kind: 'discover', epoch: 1 });
  assert.deepEqual((await central.next('n1', 'hello')).have, [patch.id]);
  await drained(central, 'n1');
  assert.deepEqual(central.unasked(), []);
});

test('with its offer: what is wrong, old, or not signed is no better for that', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const [one, two, other] = [distribution(SIZE), distribution(SIZE, { rev: 2 }), distribution(SIZE, { name: 'other' })];
  await central.parcel('node.n1', two, one.bytes);
  await central.parcel('node.n1', two, two.bytes.subarray(1));
  await central.parcel('node.n1', { ...two, signed: { ...two.signed, signature: other.signed.signature } });
  assert.equal((await central.next('n1', 'refuse')).code, 'not-signed');
  await central.parcel('node.n1', { ...two, seedBytes: other.seedBytes });
  assert.equal((await central.next('n1', 'refuse')).code, 'wrong-seed');
  await drained(central, 'n1');
  assert.ok(!existsSync(join(bench.folder, 'patch.bin')), 'nothing of it was kept');
  await central.parcel('node.n1', two);
  await central.next('n1', 'done');
  await central.parcel('node.n1', one);
  assert.equal((await central.next('n1', 'refuse')).code, 'older');
  assertThere(bench, two);
  assert.deepEqual(central.unasked(), []);
});

test('with its offer: what was begun in pieces goes on, and where there is no room it is refused', async (t) => {
  const central = await ScriptedCentral.start(t);
  let free = 1e9;
  const bench = await nodeOf(t, central, 'n1', { freeBytes: () => free });
  const patch = distribution(SIZE);
  await central.say('all', offerOf(patch, 'chunks'));
  await central.next('n1', 'ready');
  await central.pieces('all', patch, [1]);
  await drained(central, 'n1');
  await central.parcel('node.n1', patch);
  assert.equal((await central.next('n1', 'done')).amqpBytes, SIZE);
  assertThere(bench, patch);
  free = SIZE;
  const other = distribution(SIZE, { name: 'other' });
  await central.parcel('node.n1', other);
  assert.equal((await central.next('n1', 'refuse')).code, 'disk-full');
  free = 1e9;
  await central.say('node.n1', offerOf(other, 'chunks'));
  await central.next('n1', 'ready');
  await drained(central, 'n1');
  assert.deepEqual(central.unasked(), []);
});

test('pieces that overtake their offer are kept until it comes', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.pieces('all', patch);
  await drained(central, 'n1');
  await central.say('all', offerOf(patch, 'inline'));
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('several pieces in one message are each verified: those that are right are kept', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.say('all', offerOf(patch, 'chunks'));
  await central.next('n1', 'ready');
  const spoilt = Buffer.concat([pieceOf(patch, 0), Buffer.alloc(PIECE)]);
  await central.piece('node.n1', patch, 0, spoilt);
  const cut = pieceOf(patch, 1).subarray(1);
  await central.piece('node.n1', patch, 1, cut);
  const beyond = Buffer.concat([pieceOf(patch, 2), pieceOf(patch, 3), Buffer.alloc(PIECE)]);
  await central.piece('node.n1', patch, 2, beyond);
  await drained(central, 'n1');
  await central.say('node.n1', offerOf(patch, 'chunks'));
  assert.deepEqual((await central.next('n1', 'ready')).have, [[0, 1]]);
  await central.piece('node.n1', patch, 1, patch.bytes.subarray(PIECE));
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('in chunks: until the last piece has come the rest is on its way, for a while', async (t) => {
  const central = await ScriptedCentral.start(t);
  const clock = stillClock();
  await nodeOf(t, central, 'n1', { clock });
  const patch = distribution(4 * PIECE);
  await central.say('all', offerOf(patch, 'chunks'));
  await central.next('n1', 'ready');
  await central.say('site.east', { kind: 'go', id: patch.id }, undefined, DATA);
  await central.pieces('site.east', patch, [0, 1]);
  await drained(central, 'n1');
  clock.later(NODE_LIMITS.queueMs - 1);
  await sleep(3 * NODE_LIMITS.tickMs);
  assert.deepEqual(central.unasked(), []);
  clock.later(1);
  assert.deepEqual((await central.next('n1', 'want')).pieces, [[2, 4]]);
});

test('in chunks: what did not come is asked for, again and less and less often', async (t) => {
  const central = await ScriptedCentral.start(t);
  const clock = stillClock();
  const bench = await nodeOf(t, central, 'n1', { clock });
  const patch = distribution(9 * PIECE);
  const silence = async (): Promise<void> => {
    await drained(central, 'n1');
    await sleep(3 * NODE_LIMITS.tickMs);
    assert.deepEqual(central.unasked(), []);
  };
  await central.say('all', offerOf(patch, 'chunks'));
  assert.deepEqual((await central.next('n1', 'ready')).have, []);
  clock.later(60_000);
  await silence();
  await central.say('site.east', { kind: 'go', id: patch.id }, undefined, DATA);
  await central.pieces('site.east', patch, [0, 2, 3, 8]);
  await silence();
  clock.later(2_000);
  assert.deepEqual((await central.next('n1', 'want')).pieces, [
    [1, 2],
    [4, 8],
  ]);
  clock.later(3_999);
  await silence();
  clock.later(1);
  await central.next('n1', 'want');
  await central.pieces('node.n1', patch, [4, 6, 5, 4]);
  await silence();
  clock.later(2_000);
  assert.deepEqual((await central.next('n1', 'want')).pieces, [
    [1, 2],
    [7, 8],
  ]);
  await central.pieces('node.n1', patch, [1, 7]);
  assert.equal((await central.next('n1', 'done')).amqpBytes, 9 * PIECE);
  assertThere(bench, patch);
  assert.deepEqual(central.unasked(), []);
});

test('how far it is is said now and then, when it went on', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.say('all', offerOf(patch, 'chunks'));
  await central.pieces('all', patch, [3]);
  await drained(central, 'n1');
  bench.later(5_000);
  assert.equal((await central.next('n1', 'progress')).haveBytes, PIECE);
});

test('a seed comes in parts, and only the one that was signed is taken', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.say('node.n1', offerOf(patch, 'chunks', false));
  assert.deepEqual((await central.next('n1', 'ready')).have, []);
  await central.pieces('all', patch, [1]);
  await central.seed('node.n1', { ...patch, seedBytes: Buffer.alloc(patch.seedBytes.length) });
  assert.equal((await central.next('n1', 'failed')).code, 'wrong-seed');
  await central.say('node.n1', { kind: 'seed', id: patch.id, at: patch.seedBytes.length, bytes: 'AAAA' });
  await central.seed('node.n1', patch, 5);
  await central.next('n1', 'seeded');
  await central.say('node.n1', { kind: 'go', id: patch.id }, undefined, DATA);
  await central.pieces('node.n1', patch, [0, 2, 3]);
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('who did not sign is not heard, nor what is not what was signed', async (t) => {
  const central = await ScriptedCentral.start(t);
  await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const { signature } = distribution(SIZE, { name: 'other' }).signed;
  const other = distribution(SIZE);
  for (const [offer, code] of [
    [offerOf({ ...patch, signed: { ...patch.signed, signature } }, 'inline'), 'not-signed'],
    [offerOf({ ...patch, signed: other.signed }, 'inline'), 'not-signed'],
    [offerOf({ ...patch, seedBytes: other.seedBytes }, 'inline'), 'wrong-seed'],
    [offerOf({ ...patch, seedBytes: Buffer.alloc(9) }, 'inline'), 'wrong-seed'],
  ] as const) {
    await central.say('node.n1', offer);
    const said = await central.next('n1', 'refuse');
    assert.deepEqual([said.id, said.code], [patch.id, code]);
  }
  await central.say('node.n1', offerOf(patch, 'chunks'));
  await central.next('n1', 'ready');
});

test('a piece that lies is not kept, and asked for again', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  await central.say('node.n1', offerOf(patch, 'inline'));
  await central.pieces('node.n1', patch, [0, 1]);
  await central.piece('node.n1', patch, 2, pieceOf(patch, 1));
  await central.piece('node.n1', patch, 3, pieceOf(patch, 2));
  await central.piece('node.n1', patch, 4, pieceOf(patch, 2));
  await central.next('n1', 'ready');
  await drained(central, 'n1');
  bench.later(2_000);
  assert.deepEqual((await central.next('n1', 'want')).pieces, [[2, 4]]);
  await central.pieces('node.n1', patch, [2, 3]);
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('a later one of its name takes the place of an earlier one, which does not come back', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const [one, two, twin] = [distribution(SIZE), distribution(SIZE, { rev: 2 }), distribution(SIZE, { rev: 2 })];
  for (const patch of [one, two]) {
    await central.say('all', offerOf(patch, 'inline'));
    await central.pieces('all', patch);
    await central.next('n1', 'done');
    assertThere(bench, patch);
  }
  for (const patch of [one, twin]) {
    await central.say('all', offerOf(patch, 'inline'));
    assert.equal((await central.next('n1', 'refuse')).code, 'older');
  }
  await central.next('n1', 'hello');
  await central.say('all', { kind: 'discover', epoch: 1 });
  assert.deepEqual((await central.next('n1', 'hello')).have, [two.id]);
  assertThere(bench, two);
});

test('an earlier one that is still coming does not take the place of a later one', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const [one, two] = [distribution(SIZE), distribution(SIZE, { rev: 2 })];
  await central.say('all', offerOf(one, 'chunks'));
  await central.pieces('all', one, piecesOf(one).slice(1));
  await central.say('all', offerOf(two, 'inline'));
  await central.pieces('all', two);
  await central.next('n1', 'done');
  await central.pieces('all', one, [0]);
  assert.deepEqual((await central.next('n1', 'failed')).code, 'older');
  assertThere(bench, two);
});

test('what is cancelled is thrown away; what is whole stays', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const part = join(bench.folder, '.swarmbox-part', patch.seed.meta.infoHash);
  await central.say('all', offerOf(patch, 'chunks'));
  await central.pieces('all', patch, [0]);
  await holds('a piece is there', () => existsSync(part));
  await central.say('all', { kind: 'cancel', id: patch.id });
  await drained(central, 'n1');
  assert.ok(!existsSync(part));
  assert.equal(bench.book.distribution(patch.id), undefined);
  await central.say('all', offerOf(patch, 'inline'));
  await central.pieces('all', patch);
  await central.next('n1', 'done');
  await central.say('all', { kind: 'cancel', id: patch.id });
  await central.say('all', { kind: 'cancel', id: distribution(SIZE).id });
  await drained(central, 'n1');
  assertThere(bench, patch);
  await central.say('all', offerOf(patch, 'inline'));
  await central.next('n1', 'done');
});
