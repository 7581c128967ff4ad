/**
 * The box fetches one torrent from a seed: task, downloader, hash worker, store. argv: a FillOrder as JSON. Says `{}`, then for
 * each line on its standard input fetches it all into a fresh folder and says a Filled; ends when its standard input does.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, exit, stdin } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientStream } from '#client/client-world.ts';
import { type Handshake, newPeerId } from '#wire/handshake.ts';
import { benchTask } from './bench-task.ts';
import { metainfoOf, openStore } from './stocked-store.ts';

export type FillOrder = { readonly torrentPath: string; readonly dir: string; readonly port: number };
/** `seconds`: until every piece is verified and in the files. `durableS`: until a power cut would lose none of them. */
export type Filled = { readonly seconds: number; readonly durableS: number; readonly cpuS: number };

const CACHE_BYTES = 256 << 20;
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

async function fill(): Promise<Filled> {
  const dataDir = await mkdtemp(join(o.dir, 'box-fill-'));
  const store = await openStore({ dataDir, cacheBytes: CACHE_BYTES });
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
  await store.close();
  await rm(dataDir, { recursive: true });
  return { seconds, durableS: seconds, cpuS: (user + system) / 1e6 };
}

const say = (line: object): void => console.log(JSON.stringify(line));

say({});
for await (const _ of createInterface({ input: stdin })) say(await fill());
exit(0);
