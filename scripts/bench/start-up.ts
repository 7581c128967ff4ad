import { readFile } from 'node:fs/promises';
import { Daemon } from '../cafe/daemon.ts';
import { Net } from '../cafe/net.ts';
import { PROJECT_ROOT } from '../cafe/world.ts';
import { boxPlace } from './box-place.ts';
import type { Children } from './children.ts';
import { freshFolder, startTrusting } from './entrants.ts';
import { median, rounded } from './figures.ts';
import { recipes } from './peers/kinds.ts';
import { versionOf } from './peers/peer.ts';
import type { Plan } from './plan.ts';
import { makeContent } from './serving.ts';
import { SETTINGS } from './settings.ts';

/**
 * From a process's start to its being there. The whole daemon in a namespace of its own: index, store, page, rules in the kernel, and nothing
 * had. The peer: libtorrent with one torrent whose files it trusts. Root only.
 */
export async function startUp(children: Children, plan: Plan, dir: string): Promise<object> {
  await using home = await freshFolder(dir, 'start-up');
  const content = await makeContent(home.path, SETTINGS.memoryBytes);
  const net = new Net(`bench-${process.pid}-`);
  try {
    const box = await boxPlace(net);
    const turns: { boxMs: number; peerMs: number }[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      const own = await freshFolder(home.path, `box-${round}`);
      const daemon = new Daemon({ box, processes: children.processes, dir: own.path, root: PROJECT_ROOT });
      const sinceMs = Date.now();
      await daemon.start({ dht: { enabled: false } });
      const boxMs = (await readyAtMs(daemon.logPath)) - sinceMs;
      await daemon.stop();
      const peerSinceMs = performance.now();
      const peer = await startTrusting(children, content, content.dir);
      turns.push({ boxMs, peerMs: performance.now() - peerSinceMs });
      await peer.child.stop();
    }
    return {
      bench: 'start-up',
      boxMs: Math.round(median(turns.map((t) => t.boxMs))),
      peer: `libtorrent ${await versionOf(recipes.libtorrent)}`,
      peerMs: Math.round(median(turns.map((t) => t.peerMs))),
      ratio: rounded(median(turns.map((t) => t.boxMs / t.peerMs)), 2),
    };
  } finally {
    await net.close();
  }
}

/** When the daemon said so itself: whoever waits for the line looks now and then only. */
async function readyAtMs(logPath: string): Promise<number> {
  const lines = (await readFile(logPath, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  const ready = lines.map((line) => JSON.parse(line) as { at: string; event: string }).find((l) => l.event === 'ready');
  return Date.parse(ready?.at ?? '');
}
