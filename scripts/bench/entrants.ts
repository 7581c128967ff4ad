import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Payload } from '../cafe/payload.ts';
import type { Child } from '../cafe/processes.ts';
import type { BoxOrder } from './box/box-server.ts';
import { BenchFailed, type Children } from './children.ts';
import { recipes } from './peers/kinds.ts';
import { freePort, type PeerKind, versionOf } from './peers/peer.ts';
import { listening, seeding } from './peers/ready.ts';
import { SETTINGS } from './settings.ts';

/** A server of the torrent that is ready: the box, or a peer. */
export type Entrant = {
  readonly kind: PeerKind | 'box';
  readonly name: string;
  readonly child: Child;
  readonly port: number;
};

export const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The box with a store of its own below `home`, which gets every piece first. */
export async function startBox(
  children: Children,
  content: Payload,
  home: string,
  cacheBytes: number,
): Promise<Entrant> {
  const dataDir = await mkdtemp(join(home, 'box-'));
  const { torrentPath, dir: contentDir } = content;
  return runBox(children, { torrentPath, contentDir, dataDir, cacheBytes });
}

export async function runBox(children: Children, order: BoxOrder): Promise<Entrant> {
  const argv = [execPath, script('box/box-server.ts'), JSON.stringify(order)];
  const { child, said } = await children.server<{ port: number }>('box', argv);
  return { kind: 'box', name: 'box', child, port: said.port };
}

/** Throws a BenchFailed that says why there is no such peer. */
export async function startPeer(children: Children, kind: PeerKind, content: Payload, home: string): Promise<Entrant> {
  const recipe = recipes[kind];
  const version = await versionOf(recipe);
  if (version instanceof Error) throw new BenchFailed(`it cannot be started: ${version.message}`);
  const own = await mkdtemp(join(home, `${kind}-`));
  const port = await freePort();
  const argv = await recipe.prepare({ content, port, home: own });
  const child =
    kind === 'libtorrent'
      ? (await children.server<object>(kind, argv)).child // it ends with its standard input
      : children.program(kind, argv, { home: own });
  const { seedingWithinMs } = SETTINGS;
  const ready =
    kind === 'nginx' ? listening(port, seedingWithinMs) : seeding(content.torrentPath, port, seedingWithinMs);
  if (!(await ready)) {
    const last = await child.tail(3);
    await child.stop();
    throw new BenchFailed(`it serves nothing: ${last}`);
  }
  return { kind, name: `${kind} ${version}`, child, port };
}

/** libtorrent with files below `dir` that it takes for what they should be, as after a restart. */
export async function startTrusting(children: Children, content: Payload, dir: string): Promise<Entrant> {
  const port = await freePort();
  const argv = [...(await recipes.libtorrent.prepare({ content: { ...content, dir }, port, home: dir })), 'trust'];
  const { child } = await children.server<object>('libtorrent', argv);
  return { kind: 'libtorrent', name: 'libtorrent', child, port };
}

export async function freshFolder(dir: string, name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(dir, name);
  await mkdir(path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
