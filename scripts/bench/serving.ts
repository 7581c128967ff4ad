import { makePayload, type Payload } from '../cafe/payload.ts';
import type { Children } from './children.ts';
import { Contest } from './contest.ts';
import { type Entrant, freshFolder, startBox, startPeer } from './entrants.ts';
import type { Cache, Left, Serving } from './figures.ts';
import type { Case, Plan } from './plan.ts';
import { SETTINGS } from './settings.ts';

export type Said = (row: Serving | Left) => void;

type ServingCase = Extract<Case, 'memory' | 'page-cache' | 'encrypted'>;

/** Cases that share a content and a cache share the servers too. */
const STAGES: readonly (Scene & { readonly cases: readonly ServingCase[] })[] = [
  {
    cases: ['memory', 'encrypted'],
    cache: 'memory',
    bytes: SETTINGS.memoryBytes,
    cacheBytes: 2 * SETTINGS.memoryBytes,
  },
  { cases: ['page-cache'], cache: 'page', bytes: SETTINGS.pagesBytes, cacheBytes: SETTINGS.pagesCacheBytes },
];

type Scene = { readonly cache: Cache; readonly bytes: number; readonly cacheBytes: number };

/** Box and peers give the same torrent to the same load: each row is the box beside one peer. */
export async function serving(children: Children, plan: Plan, dir: string, say: Said): Promise<void> {
  for (const scene of STAGES) {
    const wanted = scene.cases.filter((one) => plan.cases.includes(one));
    if (wanted.length > 0) await play(children, plan, { ...scene, cases: wanted }, dir, say);
  }
}

export const makeContent = (dir: string, totalBytes: number): Promise<Payload> =>
  makePayload({ dir, totalBytes, pieceBytes: SETTINGS.pieceBytes, seed: 'swarmbox', trackers: [] });

async function play(
  children: Children,
  plan: Plan,
  scene: (typeof STAGES)[number],
  dir: string,
  say: Said,
): Promise<void> {
  await using home = await freshFolder(dir, scene.cache);
  const content = await makeContent(home.path, scene.bytes);
  const box = await startBox(children, content, home.path, scene.cacheBytes);
  const peers: Entrant[] = [];
  for (const kind of plan.peers)
    try {
      peers.push(await startPeer(children, kind, content, home.path));
    } catch (error) {
      for (const bench of scene.cases) say({ bench, peer: kind, left: (error as Error).message });
    }
  const contest = new Contest(children, content, box, peers);
  for (const bench of scene.cases)
    for (const load of plan.loads(bench)) {
      const match = { bench, cache: scene.cache, load, encrypted: bench === 'encrypted', rounds: plan.rounds };
      for (const row of await contest.run(match)) say(row);
    }
  for (const { child } of [box, ...peers]) child.kill('SIGKILL');
  await Promise.all([box, ...peers].map(({ child }) => child.exited));
}
