/** Real clients on a trunk: in a VLAN that the box serves, untagged beside it, and in a VLAN that it was not told of. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientKind } from '../cafe/clients/client.ts';
import { bytesFromLine, type Lan, pcIp } from '../cafe/topology.ts';
import { Cafe } from '../cafe/world.ts';

export const SERVED = 10;
const OTHER = 30;
const LANS: readonly (Lan | undefined)[] = [
  { net: '10.0.10', vlan: SERVED },
  undefined,
  { net: '10.0.30', vlan: OTHER },
];
/** PC numbers. */
export const IN_SERVED = 1;
const UNTAGGED = 2;
const IN_OTHER = 3;
const KINDS = ['libtorrent', 'aria2'] as const satisfies ClientKind[];

/** The share of a torrent that has to come from the box. */
const ENOUGH = 0.95;
const LIMIT_S = 180;
/** The daemon adds up once a second, and shows the same snapshot for as long. */
const COUNTED_MS = 2_500;

export type Line = {
  readonly client: string;
  readonly vlan: number | null;
  readonly phase: 'cold' | 'warm';
  readonly result: 'ok' | 'passed' | 'failed';
  readonly why?: string;
  readonly fromBoxRatio?: number;
  readonly sha1ok: boolean;
  readonly seconds?: number;
};

/** Another payload each time would need another cafe; another data folder makes the box forget. */
export const openCafe = (): Promise<Cafe> =>
  Cafe.start({
    prefix: 'vlan-',
    sizeMib: 4,
    wanMbit: 20,
    clients: LANS.map(() => 'libtorrent'),
    lans: LANS,
    vlans: [SERVED],
    extras: { isolatePcs: true },
  });

export async function* downloads(cafe: Cafe): AsyncGenerator<Line> {
  for (const [i, kind] of KINDS.entries()) {
    const others = KINDS.filter((k) => k !== kind);
    await cafe.daemon.start({ dataDir: join(cafe.dir, `box-${kind}`) });
    yield await download(cafe, IN_SERVED, kind, 'cold');
    for (const other of others) yield await download(cafe, IN_SERVED, other, 'warm');
    yield await download(cafe, UNTAGGED, kind, 'warm');
    yield await download(cafe, IN_OTHER, kind, 'warm');
    if (i < KINDS.length - 1) await cafe.daemon.stop();
  }
}

async function download(cafe: Cafe, pc: number, kind: ClientKind, phase: Line['phase']): Promise<Line> {
  const lan = LANS[pc - 1];
  const about = { client: kind, vlan: lan?.vlan ?? null, phase };
  const before = await figures(cafe, pc);
  const d = await cafe.download(pc, kind);
  try {
    const { seconds } = await d.complete(LIMIT_S);
    const sha1ok = (await d.wrongFiles()).length === 0;
    const after = await figures(cafe, pc);
    const { totalBytes } = cafe.payload;
    // A cold download fetches through the box, in the client's name: what came over the line came from the box all the same.
    const bytes = phase === 'cold' ? after.served - before.served : totalBytes - (after.line - before.line);
    const fromBoxRatio = Number(Math.min(1, Math.max(0, bytes / totalBytes)).toFixed(3));
    const found = { ...about, fromBoxRatio, sha1ok, seconds: Number(seconds.toFixed(1)) };
    if (!sha1ok) return { ...found, result: 'failed', why: 'the files differ' };
    if (pc === IN_OTHER) {
      const touched = after.verdicts > 0 || fromBoxRatio > 0;
      return touched ? { ...found, result: 'failed', why: 'the box touched it' } : { ...found, result: 'passed' };
    }
    return fromBoxRatio >= ENOUGH
      ? { ...found, result: 'ok' }
      : { ...found, result: 'failed', why: 'too little came from the box' };
  } catch (error) {
    return { ...about, result: 'failed', why: String((error as Error).message).slice(0, 300), sha1ok: false };
  } finally {
    await d.remove();
  }
}

async function figures(cafe: Cafe, pc: number): Promise<{ served: number; line: number; verdicts: number }> {
  await sleep(COUNTED_MS);
  const { totals, steering } = await cafe.daemon.snapshot();
  const ip = pcIp(pc, LANS[pc - 1]);
  return {
    served: totals.servedBytes,
    line: (await bytesFromLine(cafe.topology.router)).get(ip) ?? 0,
    verdicts: steering.recent.filter((v) => v.client?.startsWith(ip)).length,
  };
}
