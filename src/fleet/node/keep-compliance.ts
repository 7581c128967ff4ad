/** What every place for distributions must do, over real sockets of the loopback. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import type { Seed } from '../seed.ts';
import { Door } from '../swarm/hello.ts';
import { MemoryHome } from '../swarm/memory-home.ts';
import { Swarm } from '../swarm/swarm.ts';
import { type Distribution, distribution, holds, PIECE, pieceOf, piecesOf } from './fixtures.ts';
import type { Bundle } from './installer.ts';
import type { Caller, Keep, Kept, KeptWorld } from './keep.ts';

/** A place under test, and the process around it. */
export type KeepBench = {
  readonly keep: Keep;
  /** The process ends, and another one begins on what lies there. */
  restart(): Promise<KeepBench>;
};

const SIZE = 24 * PIECE + 100;
const fail = (error: unknown): void => assert.fail(String(error));

export function framed(patch: Distribution, index: number, bytes = pieceOf(patch, index)): FramedPiece {
  const piece = FramedPiece.allocate(index, bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) piece.putBlock(at, bytes.subarray(at, at + BLOCK_BYTES));
  return piece;
}

/** Somebody who takes part in the swarm with what he has: all of it, or nothing. */
export async function neighbour(t: TestContext, patch: Distribution, has: 'all' | 'nothing', over?: Seed) {
  const home = new MemoryHome();
  if (has === 'all') for (const index of piecesOf(patch)) await home.keep(framed(patch, index));
  const scope = new Scope(fail);
  const seed = over ?? patch.seed;
  const ip = '127.74.0.1';
  const world = { clock: realClock, log: silentLog, scope, gained: () => {}, cannotKeep: fail };
  const swarm = new Swarm(seed, home, world, { places: has === 'all' });
  const door = new Door({
    arrived: (_, socket, early) => {
      swarm.join(socket, early);
      return true;
    },
  });
  const port = await door.listen({ ip, port: 0 });
  const stop = async (): Promise<void> => {
    await scope.close();
    await door[Symbol.asyncDispose]();
  };
  t.after(stop);
  return { swarm, home, place: { ip, port }, stop };
}

/** Where neighbours dial what is kept. */
async function doorTo(t: TestContext, arrived: (caller: Caller) => boolean): Promise<Endpoint> {
  const door = new Door({ arrived: (_, socket, early, handshake) => arrived({ socket, early, handshake }) });
  const ip = '127.74.0.2';
  const port = await door.listen({ ip, port: 0 });
  t.after(() => door[Symbol.asyncDispose]());
  return { ip, port };
}

/** As a node opens it. */
async function opened(t: TestContext, { keep }: KeepBench, seed: Seed, over: Partial<KeptWorld> = {}) {
  const scope = new Scope(fail);
  const calm = { wasWhole: false, gained: () => {}, cannotKeep: fail, lied: () => {} };
  const world = { log: silentLog, scope, ...calm, ...over };
  const kept = await keep.open(seed, world);
  const close = async (discard = false): Promise<void> => {
    await scope.close();
    await kept.close(discard);
  };
  t.after(() => close());
  return { kept, close };
}

async function bytesOf(bundle: Bundle | undefined): Promise<Buffer> {
  if (!bundle) throw new Error('there is none');
  const parts: Uint8Array[] = [];
  for await (const part of bundle.bytes()) parts.push(part);
  return Buffer.concat(parts);
}

const hadBy = (kept: Kept, patch: Distribution): number[] => piecesOf(patch).filter((piece) => kept.has(piece));

export function keepCompliance(name: string, start: (t: TestContext) => Promise<KeepBench>): void {
  const check = (promise: string, work: (t: TestContext, bench: KeepBench) => Promise<void>): void => {
    test(`${name}: ${promise}`, async (t) => work(t, await start(t)));
  };

  check('verified pieces are had, and all of them take their place', async (t, bench) => {
    const patch = distribution(SIZE);
    const { kept } = await opened(t, bench, patch.seed);
    assert.deepEqual([kept.count, kept.whole, hadBy(kept, patch)], [0, false, []]);
    for (const index of [3, 0, 24]) assert.equal(await kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    assert.equal(await kept.keepRun(3, 1, pieceOf(patch, 3)), 'ok', 'once more does no harm');
    assert.deepEqual([kept.count, hadBy(kept, patch)], [3, [0, 3, 24]]);
    for (const index of piecesOf(patch)) assert.equal(await kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    assert.deepEqual([kept.whole, kept.swarmBytes], [true, 0]);
    await kept.place();
    await kept.placed();
  });

  check('what lacks comes from givers, and is given to whoever dials', async (t, bench) => {
    const patch = distribution(SIZE);
    const giver = await neighbour(t, patch, 'all');
    let isTold = false;
    const { kept } = await opened(t, bench, patch.seed, {
      gained: () => {
        isTold = true;
      },
    });
    assert.equal(await kept.keepRun(7, 1, pieceOf(patch, 7)), 'ok');
    kept.start([{ ip: '127.74.9.9', port: 9 }, giver.place]);
    await holds('all of it is had', () => kept.whole);
    await holds('it was told', () => isTold);
    assert.equal(kept.swarmBytes, SIZE - PIECE);
    await kept.place();
    await kept.placed();
    await giver.stop();
    const taker = await neighbour(t, patch, 'nothing');
    taker.swarm.dial([await doorTo(t, (caller) => kept.join(caller))]);
    await holds('the taker has all of it', () => taker.swarm.whole);
    for (const index of piecesOf(patch)) {
      const parts = taker.home.read(index)?.payloadParts() ?? [];
      assert.ok(Buffer.concat(parts).equals(pieceOf(patch, index)));
    }
  });

  check('what was begun is there after a restart, and goes on', async (t, bench) => {
    const patch = distribution(SIZE);
    const { kept, close } = await opened(t, bench, patch.seed);
    for (const index of [1, 2, 20]) assert.equal(await kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    await close();
    const next = await bench.restart();
    const again = await opened(t, next, patch.seed);
    assert.deepEqual(hadBy(again.kept, patch), [1, 2, 20]);
    const giver = await neighbour(t, patch, 'all');
    again.kept.start([giver.place]);
    await holds('all of it is had', () => again.kept.whole);
    assert.equal(again.kept.swarmBytes, SIZE - 3 * PIECE);
  });

  check('what was whole is whole after a restart, and is given', async (t, bench) => {
    const patch = distribution(SIZE);
    const first = await opened(t, bench, patch.seed);
    for (const index of piecesOf(patch)) assert.equal(await first.kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    await first.kept.place();
    await first.kept.placed();
    await first.close();
    const next = await bench.restart();
    const { kept } = await opened(t, next, patch.seed, { wasWhole: true });
    assert.equal(kept.whole, true);
    const taker = await neighbour(t, patch, 'nothing');
    taker.swarm.dial([await doorTo(t, (caller) => kept.join(caller))]);
    await holds('the taker has all of it', () => taker.swarm.whole);
  });

  check('a piece of the right SHA-1 and another SHA-256 is never had', async (t, bench) => {
    const patch = distribution(SIZE);
    const pieceSha256 = Buffer.from(patch.seed.pieceSha256);
    createHash('sha256')
      .update('other bytes')
      .digest()
      .copy(pieceSha256, 5 * 32);
    const giver = await neighbour(t, patch, 'all');
    const read = t.mock.method(giver.home, 'read');
    let isLeft = false;
    const lied = (): void => {
      isLeft = true;
    };
    const { kept } = await opened(t, bench, { ...patch.seed, pieceSha256 }, { cannotKeep: () => {}, lied });
    kept.start([giver.place]);
    await holds('the piece was given', () => isLeft || read.mock.calls.some(({ arguments: [piece] }) => piece === 5));
    await sleep(300);
    assert.equal(kept.has(5), false);
    assert.equal(kept.whole, false);
  });

  check('a bundle is given in order, by whoever has all of it as it was signed', async (t, bench) => {
    const patch = distribution(SIZE);
    const { kept, close } = await opened(t, bench, patch.seed);
    assert.equal(await bench.keep.bundle(patch.seed, silentLog), undefined, 'nothing of it is here');
    for (const index of piecesOf(patch)) assert.equal(await kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    await kept.place();
    await kept.placed();
    await close();
    const { keep } = await bench.restart();
    const bundle = await keep.bundle(patch.seed, silentLog);
    assert.equal(bundle?.sizeBytes, SIZE);
    assert.ok((await bytesOf(bundle)).equals(patch.bytes));
    const pieceSha256 = Buffer.from(patch.seed.pieceSha256);
    pieceSha256.fill(0, 5 * 32, 6 * 32);
    const other = await keep.bundle({ ...patch.seed, pieceSha256 }, silentLog);
    await assert.rejects(async () => assert.ok((await bytesOf(other)).length < SIZE));
  });

  check('what is not wanted any more is thrown away', async (t, bench) => {
    const patch = distribution(SIZE);
    const first = await opened(t, bench, patch.seed);
    for (const index of [1, 2]) assert.equal(await first.kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
    await first.close(true);
    const { kept } = await opened(t, await bench.restart(), patch.seed);
    assert.deepEqual(hadBy(kept, patch), []);
    assert.equal(await kept.keepRun(1, 1, pieceOf(patch, 1)), 'ok', 'it may be wanted again');
    assert.deepEqual(hadBy(kept, patch), [1]);
  });

  check('who is stopped keeps what it has, and serves nobody', async (t, bench) => {
    const patch = distribution(SIZE);
    const { kept } = await opened(t, bench, patch.seed);
    assert.equal(await kept.keepRun(1, 1, pieceOf(patch, 1)), 'ok');
    await kept.stop();
    let isServed: boolean | undefined;
    const taker = await neighbour(t, patch, 'nothing');
    const at = await doorTo(t, (caller) => {
      isServed = kept.join(caller);
      return isServed;
    });
    taker.swarm.dial([at]);
    await holds('it dialled', () => isServed !== undefined);
    assert.equal(isServed, false);
    assert.deepEqual(hadBy(kept, patch), [1]);
  });
}
