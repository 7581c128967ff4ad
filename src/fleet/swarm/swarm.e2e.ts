/** Nodes of one swarm over real sockets of the loopback, each on an address of its own. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { readSeed, type Seed, SeedMaker } from '../seed.ts';
import { Door } from './hello.ts';
import { MemoryHome } from './memory-home.ts';
import { dialledBy } from './mesh.ts';
import { Swarm } from './swarm.ts';

const PIECE = 64 * 1024;
const PORT = 26_881;

function published(bytes: Buffer): Seed {
  const maker = new SeedMaker('file', [{ path: [], lengthBytes: bytes.length }], PIECE);
  maker.push(bytes);
  const read = readSeed(maker.finish());
  assert.ok(read.kind === 'ok');
  return read.value;
}

/** `wrong`: a piece whose bytes are others. */
async function homeOf(seed: Seed, bytes: Buffer, wrong?: number): Promise<MemoryHome> {
  const home = new MemoryHome();
  for (let index = 0; index < seed.meta.pieceCount; index++) {
    const size = pieceSize(seed.meta, index);
    const piece = FramedPiece.allocate(index, size);
    for (let begin = 0; begin < size; begin += BLOCK_BYTES) {
      const from = index * PIECE + begin;
      piece.putBlock(
        begin,
        index === wrong
          ? Buffer.alloc(Math.min(BLOCK_BYTES, size - begin))
          : bytes.subarray(from, from + Math.min(BLOCK_BYTES, size - begin)),
      );
    }
    await home.keep(piece);
  }
  return home;
}

const ip = (number: number): string => `127.75.0.${number}`;

/** A node on the address of its number; `home`: what it has already. */
async function node(t: TestContext, number: number, seed: Seed, home = new MemoryHome(), places = false) {
  const scope = new Scope((error) => assert.fail(String(error)));
  const over = Promise.withResolvers<void>();
  const swarm: Swarm = new Swarm(
    seed,
    home,
    {
      clock: realClock,
      log: silentLog,
      scope,
      localAddress: ip(number),
      gained: () => {
        if (swarm.whole) over.resolve();
      },
      cannotKeep: (why) => assert.fail(why),
    },
    { places },
  );
  const door = new Door({
    arrived: (infoHash, socket, early) => {
      if (infoHash !== seed.meta.infoHash) return false;
      swarm.join(socket, early);
      return true;
    },
  });
  await door.listen({ ip: ip(number), port: PORT });
  const stop = async (): Promise<void> => {
    await scope.close();
    await door[Symbol.asyncDispose]();
  };
  t.after(stop);
  return {
    swarm,
    home,
    whole: over.promise,
    stop,
    dial: (...to: number[]) => swarm.dial(to.map((n) => ({ ip: ip(n), port: PORT }))),
  };
}

type Node = Awaited<ReturnType<typeof node>>;

const inTime = async (what: string, work: Promise<unknown>, ms = 30_000): Promise<void> => {
  const late = new AbortController();
  await Promise.race([
    work,
    sleep(ms, undefined, { signal: late.signal }).then(() => assert.fail(`not in time: ${what}`)),
  ]);
  late.abort();
};

async function sameBytes(nodes: readonly Node[], seed: Seed, bytes: Buffer): Promise<void> {
  for (const { home } of nodes)
    for (let index = 0; index < seed.meta.pieceCount; index++) {
      const piece = home.read(index);
      assert.ok(piece);
      assert.ok(Buffer.concat(piece.payloadParts()).equals(bytes.subarray(index * PIECE, (index + 1) * PIECE)));
    }
}

test('a giver’s pieces reach everybody, and nobody gets one twice', async (t) => {
  const bytes = randomBytes(3_000_100);
  const seed = published(bytes);
  const giver = await node(t, 1, seed, await homeOf(seed, bytes), true);
  const nodes = await Promise.all(Array.from({ length: 12 }, (_, i) => node(t, 10 + i, seed)));
  for (const [slot, { dial }] of nodes.entries()) dial(1, ...dialledBy(slot, 12).map((other) => 10 + other));
  await inTime('everybody has it', Promise.all(nodes.map(({ whole }) => whole)));
  await sameBytes(nodes, seed, bytes);
  // How many of them leave the giver depends on how busy this machine is: swarm-sim.test.ts counts them.
  assert.ok(giver.swarm.counts.gaveBytes >= bytes.length);
  for (const { swarm } of nodes) assert.ok(swarm.counts.receivedBytes <= bytes.length + PIECE);
});

test('one who comes when all have it gets it, from whom he knows', async (t) => {
  const bytes = randomBytes(2_000_000);
  const seed = published(bytes);
  await node(t, 21, seed, await homeOf(seed, bytes), true);
  const first = await node(t, 30, seed);
  first.dial(21);
  await inTime('the first has it', first.whole);
  const late = await node(t, 31, seed);
  late.dial(30);
  await inTime('the late one has it', late.whole);
  const alone = await node(t, 32, seed);
  alone.dial(21);
  await inTime('one that knows the giver alone has it', alone.whole);
  await sameBytes([late, alone], seed, bytes);
});

test('a neighbour that lies is found out and left; nobody keeps a wrong byte', async (t) => {
  const bytes = randomBytes(1_000_000);
  const seed = published(bytes);
  const liar = await node(t, 41, seed, await homeOf(seed, bytes, 5));
  const honest = await node(t, 42, seed, await homeOf(seed, bytes));
  const taker = await node(t, 43, seed);
  taker.dial(41);
  await inTime(
    'a lie',
    (async () => {
      while (taker.swarm.counts.badPieces === 0) await sleep(10);
    })(),
  );
  taker.dial(42);
  await inTime('all of it', taker.whole);
  await sameBytes([taker], seed, bytes);
  assert.equal(taker.swarm.counts.badPieces, 1);
  assert.ok(liar.swarm.counts.gaveBytes > 0 && honest.swarm.counts.gaveBytes > 0);
});

test('when the giver goes after each piece has left once, the others finish by themselves', async (t) => {
  const bytes = randomBytes(4_000_000);
  const seed = published(bytes);
  const giver = await node(t, 51, seed, await homeOf(seed, bytes), true);
  const nodes = await Promise.all(Array.from({ length: 4 }, (_, i) => node(t, 60 + i, seed)));
  for (const [slot, { dial }] of nodes.entries()) dial(51, ...dialledBy(slot, 4).map((other) => 60 + other));
  const held = (): number => {
    let count = 0;
    for (let piece = 0; piece < seed.meta.pieceCount; piece++) if (nodes.some(({ home }) => home.has(piece))) count++;
    return count;
  };
  await inTime(
    'all pieces have left',
    (async () => {
      while (held() < seed.meta.pieceCount) await sleep(1);
    })(),
  );
  await giver.stop();
  await inTime('everybody has it', Promise.all(nodes.map(({ whole }) => whole)));
  await sameBytes(nodes, seed, bytes);
});

test('a giver’s rate can be limited, to all neighbours together, and changed while it gives', async (t) => {
  const bytes = randomBytes(2_000_000);
  const seed = published(bytes);
  const giver = await node(t, 81, seed, await homeOf(seed, bytes), true);
  giver.swarm.limit(1);
  const nodes = await Promise.all([82, 83].map((number) => node(t, number, seed)));
  for (const { dial } of nodes) dial(81);
  await inTime(
    'one run leaves',
    (async () => {
      while (giver.swarm.counts.gaveBytes === 0) await sleep(5);
    })(),
  );
  await sleep(300);
  assert.equal(giver.swarm.counts.gaveBytes, BLOCK_BYTES);
  giver.swarm.limit(undefined);
  await inTime('everybody has it', Promise.all(nodes.map(({ whole }) => whole)));
  await sameBytes(nodes, seed, bytes);
});

test('strangers are shown out: another torrent, another protocol, silence, garbage after the handshake', async (t) => {
  const bytes = randomBytes(200_000);
  const seed = published(bytes);
  const { swarm } = await node(t, 71, seed, await homeOf(seed, bytes));
  const hello = (infoHash = seed.meta.infoHash): Buffer => encodeHandshake({ infoHash, peerId: newPeerId() });
  const shownOut = async (said: Buffer): Promise<void> => {
    const socket = connect({ host: ip(71), port: PORT });
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.write(said);
    await inTime('shown out', new Promise((resolve) => socket.once('close', resolve)), 5_000);
  };
  await shownOut(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await shownOut(hello(infoHashOf(Buffer.alloc(20, 9))));
  await shownOut(Buffer.concat([hello(), Buffer.alloc(64, 0xff)]));
  await shownOut(Buffer.concat([hello(), Buffer.from([0, 0, 0, 13, 6, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 64, 0])]));
  assert.equal(swarm.counts.links, 0);
});
