/**
 * The box fetches one torrent from a seed: task, downloader, hash worker, store. argv: a FillOrder as JSON. Says `{}`, then for
 * each line on its standard input fetches it all into a fresh folder and says a Filled; ends when its standard input does.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, exit, stdin } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import type { ClientStream } from '#client/client-world.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Handshake, newPeerId } from '#wire/handshake.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { benchTask } from './bench-task.ts';
import { metainfoOf, openStore } from './stocked-store.ts';

export type FillOrder = { readonly torrentPath: string; readonly dir: string; readonly port: number };
/** `seconds`: until every piece is verified and in the files. `durableS`: until a power cut would lose none of them. */
export type Filled = { readonly seconds: number; readonly durableS: number; readonly cpuS: number };

const CACHE_PIECES = 256;
const LOOK_EVERY_MS = 5;

const o = JSON.parse(argv[2] ?? '{}') as FillOrder;
const meta = metainfoOf(o.torrentPath);

/** A client that lacks everything, says nothing and takes whatever it is told: what the box fetches for. */
const client: ClientStream = {
  remote: { ip: '10.0.0.2', port: 6881 },
  onData: () => {},
  onClose: () => {},
  onDrain: () => {},
  write: () => true,
  pause: () => {},
  resume: () => {},
  end: () => {},
  destroy: () => {},
};
const handshake: Handshake = {
  infoHash: meta.infoHash,
  peerId: newPeerId(),
  extended: false,
  fast: false,
  dht: false,
  v2: false,
};

const dataDir = await mkdtemp(join(o.dir, 'box-fill-'));
const pieceBytes = FramedPiece.memoryBytes(meta.pieceLength);
const store = await openStore({ dataDir, cacheBytes: CACHE_PIECES * pieceBytes });

/** The memory of a box that has been at work: full of another torrent's pieces. */
async function others(): Promise<void> {
  const zeros = Buffer.alloc(meta.pieceLength);
  const digest = createHash('sha1').update(zeros).digest();
  const other = store.task({
    infoHash: infoHashOf(Buffer.alloc(20, 7)),
    pieceLength: meta.pieceLength,
    pieceCount: CACHE_PIECES,
    totalBytes: CACHE_PIECES * meta.pieceLength,
    sizeOf: () => meta.pieceLength,
    checksOf: () => [{ kind: 'sha1', digest }],
  });
  for (let index = 0; index < CACHE_PIECES; index++) {
    const piece = FramedPiece.allocate(index, meta.pieceLength);
    for (let begin = 0; begin < meta.pieceLength; begin += BLOCK_BYTES)
      piece.putBlock(begin, zeros.subarray(begin, begin + BLOCK_BYTES));
    const { kind } = await other.accept(piece);
    if (kind !== 'durable') throw new Error(`the store took no piece: ${kind}`);
  }
}

async function fill(): Promise<Filled> {
  await others();
  const task = benchTask(store, meta, 'nothing');
  const before = process.cpuUsage();
  const sinceMs = performance.now();
  task.join(client, handshake, Buffer.alloc(0));
  task.addSources([{ endpoint: { ip: '127.0.0.1', port: o.port } }]);
  while (!task.whole) await sleep(LOOK_EVERY_MS);
  // The store says that it has a piece once it is durable.
  const seconds = (performance.now() - sinceMs) / 1e3;
  const { user, system } = process.cpuUsage(before);
  await task.close();
  await store.task(shapeOf(meta)).remove();
  return { seconds, durableS: seconds, cpuS: (user + system) / 1e6 };
}

const say = (line: object): void => console.log(JSON.stringify(line));

say({});
for await (const _ of createInterface({ input: stdin })) say(await fill());
await store.close();
await rm(dataDir, { recursive: true });
exit(0);
