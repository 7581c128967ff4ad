/** libtorrent alone: a seed, a tracker, and a session for each node. */
import { join } from 'node:path';
import { bug } from '#base/errors.ts';
import type { Contestant, Site, Went } from './contestant.ts';
import { ADDRESSES, nodeAddress } from './ground.ts';
import { type Bounds, Crew, shares } from './workers.ts';

export async function startBittorrent({ ground, dir, nodes, workers }: Site, bounds: Bounds): Promise<Contestant> {
  const crew = new Crew(ground.place, dir);
  const seed = crew.python('bittorrent.py', { role: 'seed', address: ADDRESSES.giver });
  const receivers = shares(nodes, workers).map((own) =>
    crew.python('bittorrent.py', { role: 'nodes', dir, nodes: own.map((node) => [node, nodeAddress(node)]) }),
  );
  const all = <T>(what: string, more: object, by: Bounds): Promise<T[]> =>
    Promise.all(receivers.map((worker) => worker.ask<T>({ what, ...more }, by)));
  const torrent = join(dir, 'it.torrent');
  let last: Went | undefined;
  const distribute = async (path: string, by: Bounds): Promise<void> => {
    const { tracker, prepareS } = await seed.ask<{ tracker: string; prepareS: number }>(
      { what: 'prepare', path, torrent },
      by,
    );
    await all('load', { torrent }, by);
    const startMs = Date.now();
    const arrived = await all<{ nodesMs: number[] }>('all', { tracker }, by);
    last = { startMs, prepareS, nodesMs: arrived.flatMap(({ nodesMs }) => nodesMs) };
  };
  try {
    await Promise.all([seed.ask({ what: 'stand' }, bounds), all('stand', {}, bounds)]);
  } catch (error) {
    await crew[Symbol.asyncDispose]();
    throw error;
  }
  return {
    get pids() {
      return crew.pids;
    },
    usesBroker: false,
    warmUp: [1, 1],
    distribute,
    went: async () => last ?? bug('nothing was distributed'),
    forget: async (by) => void (await Promise.all([all('forget', {}, by), seed.ask({ what: 'forget' }, by)])),
    [Symbol.asyncDispose]: () => crew[Symbol.asyncDispose](),
  };
}
