/** Distributions that come by a swarm, over real sockets of the loopback. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import type { Place } from '../message-types.ts';
import {
  type Bench,
  type Distribution,
  distribution,
  holds,
  nodeOf,
  offerOf,
  PIECE,
  pieceOf,
  ScriptedCentral,
} from './fixtures.ts';
import { NODE_LIMITS } from './limits.ts';

const SIZE = 30 * PIECE + 100;

function assertThere({ folder }: Bench, { bytes }: Distribution): void {
  assert.ok(readFileSync(join(folder, 'patch.bin')).equals(bytes));
}

const place = ({ node }: Bench): Place => ({ ...node.swarm });

/** A relay that has it, as it came by AMQP. */
async function relayWith(t: TestContext, central: ScriptedCentral, patch: Distribution, home?: string): Promise<Bench> {
  const relay = await nodeOf(t, central, 'relay', { role: 'relay', swarm: { ip: '127.73.0.1', port: 0 } }, home);
  await central.say('node.relay', offerOf(patch, 'inline'));
  await central.pieces('node.relay', patch);
  await central.next('relay', 'done');
  return relay;
}

const terminal = (t: TestContext, central: ScriptedCentral, number: number, home?: string): Promise<Bench> =>
  nodeOf(t, central, `n${number}`, { swarm: { ip: `127.73.1.${number}`, port: 0 } }, home);

async function offerTo(central: ScriptedCentral, node: string, patch: Distribution): Promise<void> {
  await central.say(`node.${node}`, offerOf(patch, 'swarm'));
  await central.next(node, 'ready');
}

test('four nodes and a relay: the relay gives to whoever dials, the nodes to each other', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const relay = await relayWith(t, central, patch);
  const nodes = await Promise.all([1, 2, 3, 4].map((number) => terminal(t, central, number)));
  await central.say('site.east', offerOf(patch, 'swarm', false));
  for (const number of [1, 2, 3, 4]) await central.next(`n${number}`, 'ready');
  await central.seed('site.east', patch);
  for (const number of [1, 2, 3, 4]) await central.next(`n${number}`, 'seeded');
  for (const [slot] of nodes.entries())
    await central.start(`n${slot + 1}`, patch, [place(relay)], nodes.map(place), slot);
  for (const [slot, bench] of nodes.entries()) {
    const { amqpBytes, swarmBytes } = await central.next(`n${slot + 1}`, 'done');
    assert.deepEqual([amqpBytes, swarmBytes], [0, SIZE]);
    assertThere(bench, patch);
  }
});

test('a relay that got it by a swarm gives it on, to late ones too', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const first = await relayWith(t, central, patch);
  const second = await nodeOf(t, central, 'r2', { role: 'relay', swarm: { ip: '127.73.0.2', port: 0 } });
  const late = await terminal(t, central, 5);
  await offerTo(central, 'r2', patch);
  await offerTo(central, 'n5', patch);
  await central.start('n5', patch, [place(second)]);
  await central.start('r2', patch, [place(first)]);
  await central.next('r2', 'done');
  await central.next('n5', 'done');
  assertThere(late, patch);
});

test('a neighbour that is named later is dialled too; one that is not there does no harm', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const bench = await terminal(t, central, 6);
  await offerTo(central, 'n6', patch);
  await central.start('n6', patch, [{ ip: '127.73.9.9', port: 9 }]);
  const relay = await relayWith(t, central, patch);
  await central.start('n6', patch, [place(relay)]);
  await central.next('n6', 'done');
  assertThere(bench, patch);
});

test('it gets on before a whole piece is here, and says so', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  let aheadMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + aheadMs };
  const bench = await nodeOf(t, central, 'n9', { clock, swarm: { ip: '127.73.1.19', port: 0 } });
  await offerTo(central, 'n9', patch);
  const { infoHash } = patch.manifest;
  // A neighbour that has one piece, and gives one block of it.
  const neighbour = connect({ host: bench.node.swarm.ip, port: bench.node.swarm.port });
  t.after(() => neighbour.destroy());
  const [unchoke, have] = [encodeMessage({ kind: 'unchoke' }), encodeMessage({ kind: 'have', piece: 0 })];
  const block = encodeMessage({ kind: 'piece', piece: 0, begin: 0, data: pieceOf(patch, 0).subarray(0, BLOCK_BYTES) });
  neighbour.write(Buffer.concat([encodeHandshake({ infoHash, peerId: newPeerId() }), unchoke, have]));
  let heard = 0;
  neighbour.on('data', (bytes: Buffer) => {
    const before = heard;
    heard += bytes.length;
    // Past its own handshake and its first words: it asks.
    if (before < 90 && heard >= 90) neighbour.write(block);
  });
  await holds('it asks', () => heard >= 90);
  aheadMs += NODE_LIMITS.progressMs;
  assert.equal((await central.next('n9', 'progress')).haveBytes, 0);
});

test('what begun by AMQP goes on by a swarm, with the pieces that are there', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const relay = await relayWith(t, central, patch);
  const bench = await terminal(t, central, 7);
  await central.say('node.n7', offerOf(patch, 'chunks'));
  await central.pieces('node.n7', patch, [0, 1, 2]);
  await central.next('n7', 'ready');
  await holds('pieces are there', () => existsSync(join(bench.folder, '.swarmbox-part')));
  await offerTo(central, 'n7', patch);
  await central.start('n7', patch, [place(relay)]);
  const { amqpBytes, swarmBytes } = await central.next('n7', 'done');
  assert.deepEqual([amqpBytes, swarmBytes], [3 * PIECE, SIZE - 3 * PIECE]);
  assertThere(bench, patch);
});

test('after a restart a relay gives to whoever dials, a terminal when it is named', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const first = await relayWith(t, central, patch);
  const second = await terminal(t, central, 8);
  await offerTo(central, 'n8', patch);
  await central.start('n8', patch, [place(first)]);
  await central.next('n8', 'done');
  await first.stop();
  await second.stop();
  const relay = await nodeOf(t, central, 'relay', { role: 'relay' }, join(first.folder, '..'));
  const from = await terminal(t, central, 8, join(second.folder, '..'));
  for (const [number, giver] of [
    [9, relay],
    [10, from],
  ] as const) {
    const bench = await terminal(t, central, number);
    await offerTo(central, `n${number}`, patch);
    if (giver === from) await central.start('n8', patch, []);
    await central.start(`n${number}`, patch, [place(giver)]);
    await central.next(`n${number}`, 'done');
    assertThere(bench, patch);
  }
});

/** What somebody hears who dials and says what he wants: 'hello', or nothing before he is shown out. */
const dialled = ({ node }: Bench, { manifest }: Distribution): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: node.swarm.ip, port: node.swarm.port });
    socket.on('error', () => {});
    socket.once('close', () => resolve('nothing'));
    socket.once('data', () => {
      resolve('hello');
      socket.destroy();
    });
    socket.write(encodeHandshake({ infoHash: manifest.infoHash, peerId: newPeerId() }));
  });

test('what was begun before a restart goes on with a start alone', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const relay = await relayWith(t, central, patch);
  const first = await terminal(t, central, 13);
  await offerTo(central, 'n13', patch);
  await first.stop();
  const bench = await terminal(t, central, 13, join(first.folder, '..'));
  await central.start('n13', patch, [place(relay)]);
  await central.next('n13', 'done');
  assertThere(bench, patch);
});

/** How many pieces somebody is told of who dials and takes none. */
const told = ({ node }: Bench, { manifest }: Distribution): Promise<number> =>
  new Promise((resolve) => {
    const socket = connect({ host: node.swarm.ip, port: node.swarm.port });
    let heard: Buffer = Buffer.alloc(0);
    socket.setTimeout(300, () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
    });
    socket.once('close', () => resolve(heard.toString('latin1').split('\0\0\0\x05\x04').length - 1));
    socket.write(encodeHandshake({ infoHash: manifest.infoHash, peerId: newPeerId() }));
  });

test('a relay that is whole tells each neighbour of its own pieces first, a terminal of all', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const first = await relayWith(t, central, patch);
  const second = await nodeOf(t, central, 'r2', { role: 'relay', swarm: { ip: '127.73.0.2', port: 0 } });
  const third = await terminal(t, central, 14);
  for (const name of ['r2', 'n14']) {
    await offerTo(central, name, patch);
    await central.start(name, patch, [place(first)]);
    await central.next(name, 'done');
  }
  assert.equal(await told(third, patch), 31);
  const count = await told(second, patch);
  assert.ok(count > 0 && count < 31, `${count}`);
});

test('nobody gets what was cancelled, or was changed by its owner', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const relay = await relayWith(t, central, patch);
  assert.equal(await dialled(relay, patch), 'hello');
  await central.say('node.relay', { kind: 'cancel', id: patch.id });
  await holds('cancelled', () => relay.book.distribution(patch.id)?.why === 'cancelled');
  assert.equal(await dialled(relay, patch), 'nothing');
  await central.say('node.relay', offerOf(patch, 'swarm'));
  await central.next('relay', 'done');
  assert.equal(await dialled(relay, patch), 'hello');
  assert.equal(await dialled(relay, distribution(SIZE)), 'nothing');
  await relay.stop();
  writeFileSync(join(relay.folder, 'patch.bin'), Buffer.alloc(SIZE));
  const again = await nodeOf(t, central, 'relay', { role: 'relay' }, join(relay.folder, '..'));
  assert.equal(await dialled(again, patch), 'nothing');
  await holds('it is not named any more', () => again.book.distribution(patch.id)?.state === 'changed');
  await central.say('node.relay', offerOf(patch, 'inline'));
  await central.pieces('node.relay', patch);
  await central.next('relay', 'done');
  assertThere(again, patch);
});

test('what nobody takes any more is closed; a relay opens it again for who dials', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const relay = await relayWith(t, central, patch);
  const bench = await terminal(t, central, 12);
  await offerTo(central, 'n12', patch);
  await central.start('n12', patch, [place(relay)]);
  await central.next('n12', 'done');
  assert.equal(await dialled(bench, patch), 'hello');
  for (const one of [bench, relay]) one.later(NODE_LIMITS.idleMs);
  await sleep(4 * NODE_LIMITS.tickMs);
  assert.equal(await dialled(bench, patch), 'nothing');
  assert.equal(await dialled(relay, patch), 'hello');
});

test('a start without an offer, or without the seed, is answered', async (t) => {
  const central = await ScriptedCentral.start(t);
  await terminal(t, central, 11);
  const patch = distribution(SIZE);
  await central.start('n11', patch, []);
  assert.equal((await central.next('n11', 'failed')).code, 'not-offered');
  await central.say('node.n11', offerOf(patch, 'swarm', false));
  await central.next('n11', 'ready');
  await central.start('n11', patch, []);
  assert.equal((await central.next('n11', 'failed')).code, 'no-seed');
});
