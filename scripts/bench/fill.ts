import { execPath } from 'node:process';
import type { Filled, FillOrder } from './box/box-fill.ts';
import type { Children } from './children.ts';
import { freshFolder, script, startPeer } from './entrants.ts';
import { median, rounded } from './figures.ts';
import { PYTHON } from './peers/libtorrent.ts';
import type { Plan } from './plan.ts';
import { makeContent } from './serving.ts';
import { SETTINGS } from './settings.ts';

const GIB = 1024 ** 3;

/**
 * Fetching a torrent from a libtorrent seed: the box, and libtorrent by turns, each into a folder of its own. `ratio` is of
 * the times until all is verified and written; `durableRatio` of those until it would survive a power cut, which the box's always is.
 */
export async function fill(children: Children, plan: Plan, dir: string): Promise<object> {
  await using home = await freshFolder(dir, 'fill');
  const content = await makeContent(home.path, SETTINGS.fillBytes);
  const seed = await startPeer(children, 'libtorrent', content, home.path);
  const order: FillOrder = { torrentPath: content.torrentPath, dir: home.path, port: seed.port };
  const argv = (...program: string[]): string[] => [...program, JSON.stringify(order)];
  const box = await children.talk<object, Filled>('box-fill', argv(execPath, script('box/box-fill.ts')));
  const peer = await children.talk<object, Filled>('peer-fill', argv(PYTHON, script('peers/libtorrent-fill.py')));
  const turns: { box: Filled; peer: Filled }[] = [];
  // The first turn of each warms the seed's page cache, and is not counted. Each begins as often as the other: who comes second finds memory and
  // disk as the first has left them.
  for (let round = 0; round <= plan.rounds; round++) {
    const [first, second] = round % 2 ? [await box.ask(), await peer.ask()] : [await peer.ask(), await box.ask()];
    if (round > 0) turns.push(round % 2 ? { box: first, peer: second } : { box: second, peer: first });
  }
  for (const { child } of [seed, box, peer]) child.kill('SIGKILL');
  await Promise.all([seed, box, peer].map(({ child }) => child.exited));
  const of = (value: (turn: (typeof turns)[number]) => number): number => rounded(median(turns.map(value)), 2);
  const sizeGib = SETTINGS.fillBytes / GIB;
  return {
    bench: 'fill',
    gib: sizeGib,
    boxS: of((t) => t.box.seconds),
    peer: seed.name,
    peerS: of((t) => t.peer.seconds),
    peerDurableS: of((t) => t.peer.durableS),
    ratio: of((t) => t.box.seconds / t.peer.seconds),
    durableRatio: of((t) => t.box.durableS / t.peer.durableS),
    boxCpuSPerGiB: of((t) => t.box.cpuS / sizeGib),
    peerCpuSPerGiB: of((t) => t.peer.cpuS / sizeGib),
  };
}
