import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, MIB } from '#base/units.ts';
import { encodeMessage, type Message } from '#wire/frames.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { ClientConnection } from './client-connection.ts';
import type { Lent } from './client-world.ts';
import { connectClient, HandClock, handshakeOf, TestStream, TestTask } from './fixtures.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { PerClient } from './per-client.ts';
import { boxBudget, type RateLimits } from './rate-limits.ts';
import { ReadTurns } from './read-turns.ts';

const PIECE_BYTES = 8 * BLOCK_BYTES;
const torrent = oneFileTorrent(16 * MIB, PIECE_BYTES);
const block = (n: number): Message => ({
  kind: 'request',
  piece: Math.floor((n * BLOCK_BYTES) / PIECE_BYTES),
  begin: (n * BLOCK_BYTES) % PIECE_BYTES,
  length: BLOCK_BYTES,
});
const BLOCKS = torrent.content.length / BLOCK_BYTES;

/** Its kernel takes every write at once: the drain comes before the event loop goes on, as with a real socket. */
class SwiftStream extends TestStream {
  override write(parts: readonly Uint8Array[]): boolean {
    super.write(parts);
    process.nextTick(() => this.drain());
    return false;
  }
}

test('however much one client asks for and however fast it reads, others have their turn in between', async () => {
  const { stream, say, c } = await connectClient(torrent, { have: 'all', stream: new SwiftStream() });
  await say({ kind: 'interested' });
  stream.take(true);
  stream.data(Buffer.concat(Array.from({ length: 900 }, (_, n) => encodeMessage(block(n)))));
  let seen = 0;
  let turns = 0;
  for (; seen < 900 && turns < 100; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    const blocks = stream.take().filter((m) => m.kind === 'piece').length;
    assert.ok(blocks * BLOCK_BYTES <= CLIENT_LIMITS.unsentBytes, `${blocks} blocks in one turn`);
    seen += blocks;
  }
  assert.equal(seen, 900);
  c.close('the test is over');
});

/** A client over a stream in memory that keeps `depth` requests open. */
function leech(task: TestTask, clock: HandClock, depth: number) {
  const stream = new TestStream();
  const c = new ClientConnection(
    stream,
    handshakeOf(task),
    task,
    Buffer.alloc(0),
    silentLog,
    { ...CLIENT_LIMITS, tickMs: 1e9 },
    clock,
  );
  let blocks = 0;
  let next = 0;
  const ask = (count: number): void => {
    if (count > 0)
      stream.data(Buffer.concat(Array.from({ length: count }, () => encodeMessage(block(next++ % BLOCKS)))));
  };
  return {
    start: () => {
      stream.take(true);
      stream.data(encodeMessage({ kind: 'interested' }));
      ask(depth);
    },
    /** Takes what came, and asks for as much again. Returns the blocks so far. */
    eat: (): number => {
      const came = stream.take().filter((m) => m.kind === 'piece').length;
      blocks += came;
      ask(came);
      return blocks;
    },
    end: () => c.close('the test is over'),
  };
}

async function shares(limits: RateLimits, depths: readonly number[], seconds: number): Promise<number[]> {
  const clock = new HandClock();
  const budget = boxBudget(limits, clock)?.forTask();
  assert.ok(budget);
  const clients = depths.map((depth, i) => {
    const task = new TestTask(torrent);
    task.field.setAll();
    task.allowance = budget.forClient(`10.0.0.${i}`);
    return leech(task, clock, depth);
  });
  await clock.pass(0);
  for (const client of clients) client.start();
  let blocks: number[] = [];
  for (let ms = 0; ms <= seconds * 1000; ms++) {
    await clock.pass(ms);
    blocks = clients.map((client) => client.eat());
  }
  for (const client of clients) client.end();
  await clock.pass(clock.nowMs());
  assert.equal(clock.sleepers, 0, 'no timer is left');
  return blocks;
}

test('a deep pipeline gets no more than a shallow one, and the limit is reached', async () => {
  for (const limits of [{ boxMbps: 40 }, { taskMbps: 40 }]) {
    const blocks = await shares(limits, [200, 8, 2], 2);
    assert.ok(Math.max(...blocks) - Math.min(...blocks) <= 16, blocks.join());
    const bytes = blocks.reduce((a, b) => a + b) * BLOCK_BYTES;
    const due = (40e6 / 8) * 2;
    assert.ok(bytes <= due + (40e6 / 8) * 0.05 && bytes >= due - 16 * BLOCK_BYTES, `${bytes} of ${due}`);
  }
});

test('each client keeps to its own limit', async () => {
  const due = 4e6 / 8;
  for (const blocks of await shares({ clientMbps: 4 }, [200, 1], 1)) {
    assert.ok(blocks * BLOCK_BYTES <= due + 8 * BLOCK_BYTES && blocks * BLOCK_BYTES >= due - BLOCK_BYTES, `${blocks}`);
  }
});

test('who is served nothing yet may still leave, and everything else still works', async () => {
  const clock = new HandClock();
  const budget = boxBudget({ boxMbps: 0.1 }, clock)?.forTask();
  const { stream, say, c, task } = await connectClient(torrent, {
    have: 'all',
    clock,
    allowance: budget?.forClient('10.0.0.9'),
  });
  await say({ kind: 'interested' });
  stream.take(true);
  await say(...Array.from({ length: 20 }, (_, n) => block(n)));
  assert.equal(stream.take().length, 8, 'the burst');
  assert.equal(task.blocks.length, 8, 'what may not leave yet is not read');
  await say({ kind: 'cancel', piece: 1, begin: 7 * BLOCK_BYTES, length: BLOCK_BYTES });
  assert.deepEqual(
    stream.take().map((m) => m.kind),
    ['reject'],
  );
  stream.gone();
  await clock.pass(60_000);
  assert.equal(c.servedBytes, 8 * BLOCK_BYTES);
  assert.equal(clock.sleepers, 0);
});

/** A disk that does one read at a time, in the order asked, 10 ms each. */
class SlowDisk {
  readonly #clock: HandClock;
  #freeAtMs = 0;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  read(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + 10;
    return this.#clock.sleep(this.#freeAtMs - nowMs, new AbortController().signal);
  }
}

class DiskTask extends TestTask {
  readonly #disk: SlowDisk;
  readonly readTurns: ReadTurns;

  constructor(disk: SlowDisk, readTurns: ReadTurns) {
    super(torrent);
    this.field.setAll();
    this.#disk = disk;
    this.readTurns = readTurns;
  }

  override async block(piece: number, begin: number, length: number, asOne: boolean): Promise<Lent | undefined> {
    await this.#disk.read();
    return super.block(piece, begin, length, asOne);
  }
}

/** Blocks that each client gets, over so many connections, all on one disk. */
async function diskShares(connections: readonly number[]): Promise<number[]> {
  const clock = new HandClock();
  const disk = new SlowDisk(clock);
  const turns = new PerClient(() => new ReadTurns(CLIENT_LIMITS.reads));
  const clients = connections.map((count, i) =>
    Array.from({ length: count }, () => leech(new DiskTask(disk, turns.enter(`10.0.0.${i}`)), clock, 100)),
  );
  const all = clients.flat();
  await clock.pass(0);
  for (const client of all) client.start();
  let blocks: number[] = [];
  for (let ms = 0; ms <= 3_000; ms += 10) {
    await clock.pass(ms);
    blocks = clients.map((those) => those.reduce((sum, client) => sum + client.eat(), 0));
  }
  for (const client of all) client.end();
  await clock.pass(20_000);
  return blocks;
}

test('a client is given no more of the disk for having several connections, and all of it when it is alone', async () => {
  const [many = 0, one = 0] = await diskShares([6, 1]);
  assert.ok(many / one < 1.3, `${many} beside ${one}`);
  const [alone = 0] = await diskShares([6]);
  assert.ok(alone >= many + one - 16, `${alone} of ${many + one}`);
});
