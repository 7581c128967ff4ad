import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Payload } from '../cafe/payload.ts';
import { until } from '../cafe/servers.ts';
import { metainfoOf, openStore, stock } from './box/stocked-store.ts';
import { BenchFailed, type Children } from './children.ts';
import { type Entrant, freshFolder, runBox, script, startTrusting } from './entrants.ts';
import { type Serving, servingOf, type Turn } from './figures.ts';
import type { Loaded, LoadOrder } from './load/leech.ts';
import { recipes } from './peers/kinds.ts';
import { PYTHON } from './peers/libtorrent.ts';
import { versionOf } from './peers/peer.ts';
import type { Load, Plan } from './plan.ts';
import { makeContent } from './serving.ts';
import { SETTINGS } from './settings.ts';

const run = promisify(execFile);
const LOAD: Load = { conns: 20, depth: 64 };
const WARM_UP_MS = 500;
const WINDOW_MS = 5_000;
const MOUNTED_WITHIN_MS = 5_000;
const STORE = 'store';

/** The content twice: as its files are, and in a box's store. Each is looked at through a slow disk. */
type Ground = { readonly content: Payload; readonly home: string };

/**
 * Twenty clients, each with an order of its own, of one torrent that nobody has read yet, on a slow disk: every turn begins with
 * a fresh mount and a fresh server. libtorrent is told to trust the files, for hashing them would warm the cache.
 */
export async function cold(children: Children, plan: Plan, dir: string): Promise<Serving> {
  const version = await versionOf(recipes.libtorrent);
  if (version instanceof Error) throw new BenchFailed(version.message);
  await using home = await freshFolder(dir, 'cold');
  const ground = await prepare(home.path);
  const turns: Turn[] = [];
  for (let round = 0; round < plan.rounds; round++)
    turns.push({ box: await turn(children, ground, startBox), peer: await turn(children, ground, startLibtorrent) });
  return servingOf({ bench: 'cold', ...LOAD, cache: 'cold', peer: `libtorrent ${version}` }, turns);
}

async function prepare(home: string): Promise<Ground> {
  const content = await makeContent(home, SETTINGS.fillBytes);
  const dataDir = join(home, STORE);
  await mkdir(dataDir);
  const store = await openStore({ dataDir, cacheBytes: 0 });
  await stock(store, metainfoOf(content.torrentPath), content.dir);
  await store.close();
  return { content, home };
}

type Start = (children: Children, ground: Ground, disk: string) => Promise<Entrant>;

const startBox: Start = (children, { content }, disk) =>
  runBox(children, {
    torrentPath: content.torrentPath,
    dataDir: join(disk, STORE),
    cacheBytes: SETTINGS.pagesCacheBytes,
  });

const startLibtorrent: Start = (children, { content }, disk) => startTrusting(children, content, disk);

async function turn(children: Children, ground: Ground, start: Start): Promise<Loaded> {
  await using disk = await slowDisk(children, ground.home);
  const server = await start(children, ground, disk.path);
  const order: LoadOrder = {
    torrentPath: ground.content.torrentPath,
    port: server.port,
    group: server.child.pid,
    ...LOAD,
    how: 'plain',
    order: 'rarest-first',
    warmUpMs: WARM_UP_MS,
    windowMs: WINDOW_MS,
  };
  const argv = [execPath, script('load/leech.ts'), JSON.stringify(order)];
  const load = await children.talk<object, Loaded>('load-cold', argv);
  try {
    return await load.ask();
  } finally {
    for (const { child } of [load, server]) child.kill('SIGKILL');
    await Promise.all([load.child.exited, server.child.exited]);
  }
}

/** A mount point where the folder is seen through a slow disk, with nothing of it in the page cache. */
async function slowDisk(children: Children, folder: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = `${folder}.slow`;
  await mkdir(path, { recursive: true });
  const child = children.program('slow-disk', [PYTHON, script('slow-disk.py'), folder, path], { home: folder });
  const mounted = async () => (await run('findmnt', ['-n', path]).catch(() => undefined)) !== undefined;
  await until('the slow disk', mounted, MOUNTED_WITHIN_MS, child);
  const unmount = async (): Promise<void> => {
    for (let i = 0; i < 20 && (await mounted()); i++) {
      await run('umount', [path]).catch(() => sleep(100));
    }
    await child.stop();
  };
  return { path, [Symbol.asyncDispose]: unmount };
}
