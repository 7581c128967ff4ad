import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import type { BlockRequest } from './begun-piece.ts';
import { Downloader } from './downloader.ts';
import { settle, TestWorld } from './fixtures.ts';
import { DOWNLOAD_LIMITS } from './limits.ts';
import type { Giver, Neighbour } from './neighbour.ts';

const PIECES = 6;
const torrent = oneFileTorrent(PIECES * 2 * BLOCK_BYTES, 2 * BLOCK_BYTES);

/** A LAN client that has some pieces, and answers when it is told to. */
class Client implements Giver {
  readonly remote = { ip: '192.168.1.20', port: 50_000 };
  readonly has: Bitfield;
  readonly asked: BlockRequest[] = [];
  cancelled = 0;

  constructor(pieces: readonly number[]) {
    this.has = new Bitfield(PIECES);
    for (const piece of pieces) this.has.set(piece);
  }

  pieces(): Bitfield {
    return this.has;
  }

  ask(request: BlockRequest): void {
    this.asked.push(request);
  }

  cancel(): void {
    this.cancelled++;
  }

  /** Answers all that it was asked; `lies` with other bytes. */
  answer(n: Neighbour, lies = false): boolean[] {
    return this.asked.splice(0).map(({ piece, begin, length }) => {
      const at = piece * torrent.meta.pieceLength + begin;
      const data = Buffer.from(torrent.content.subarray(at, at + length));
      if (lies) data[0] = (data[0] as number) ^ 1;
      return n.block(piece, begin, data);
    });
  }
}

async function setUp(has: readonly number[], seeded = true) {
  const world = new TestWorld(torrent);
  const client = new Client(has);
  const d = new Downloader(world, DOWNLOAD_LIMITS, () => 0.5);
  d.setShape(torrent.meta, new Bitfield(PIECES));
  const n = d.neighbour(client);
  d.start();
  if (seeded) world.seeds.set(1, {});
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      world.clock.advance(Math.min(left, 250));
      await settle();
    }
  };
  return { world, client, d, n, pass };
}

test('what a LAN client has is fetched from it, the rest from outside, and each is counted for itself', async () => {
  const { world, client, d, n, pass } = await setUp([0, 1, 2]);
  n.unchoked();
  d.addSources([world.source(1)]);
  await settle();
  while (client.asked.length > 0) {
    assert.ok(client.answer(n).every(Boolean));
    await settle();
  }
  await pass(1_000);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.nearbyBytes, 3 * torrent.meta.pieceLength);
  assert.equal(world.receivedBytes, 3 * torrent.meta.pieceLength);
  await d.close();
});

test('one that chokes, or makes a request wait, holds nobody up', async () => {
  for (const how of ['chokes', 'waits'] as const) {
    const { world, client, d, n, pass } = await setUp([0, 1, 2, 3, 4, 5]);
    n.unchoked();
    await settle();
    assert.ok(client.asked.length > 0);
    d.addSources([world.source(1)]);
    await settle();
    assert.equal(world.receivedBytes, 0, 'the client has it all, and may answer at once');
    if (how === 'chokes') n.choked();
    await pass(DOWNLOAD_LIMITS.neighbourWaitMs + 1_000);
    assert.ok(world.content().equals(torrent.content), how);
    assert.equal(world.nearbyBytes, 0);
    await d.close();
  }
});

test('blocks that come after all may, a flood of them may not', async () => {
  const { client, d, n, pass } = await setUp([0, 1, 2, 3, 4, 5], false);
  n.unchoked();
  await settle();
  await pass(DOWNLOAD_LIMITS.neighbourWaitMs + 1_000);
  assert.ok(client.asked.length > 0 && client.cancelled === client.asked.length);
  assert.ok(client.answer(n).every(Boolean), 'they were on their way when it was given up');
  const stray = (): boolean => n.block(0, 0, Buffer.alloc(BLOCK_BYTES));
  for (let i = 0; i < DOWNLOAD_LIMITS.strayBlocks; i++) assert.equal(stray(), true);
  assert.equal(stray(), false);
  await d.close();
});

test('one that lies is asked for nothing more, and its bytes reach nobody', async () => {
  const { world, client, d, n, pass } = await setUp([0]);
  n.unchoked();
  await settle();
  client.answer(n, true);
  await settle();
  assert.equal(n.room, 0);
  d.addSources([world.source(1)]);
  await pass(1_000);
  assert.ok(world.content().equals(torrent.content));
  await d.close();
});

test('it is asked for nothing while the download rests, nor after it has left', async () => {
  const { client, d, n } = await setUp([0, 1], false);
  d.pause();
  n.unchoked();
  await settle();
  assert.deepEqual(client.asked, []);
  d.start();
  d.lackChanged();
  await settle();
  assert.equal(client.asked.length, 4);
  n.end();
  client.asked.splice(0);
  d.lackChanged();
  await settle();
  assert.deepEqual(client.asked, []);
  await d.close();
});
