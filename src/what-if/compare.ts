import { LIMITS } from '#manager/limits.ts';
import { TRACE_LIMITS } from '#trace/limits.ts';
import type { Session } from '#trace/session.ts';
import { bestHits } from './best.ts';
import { ByWorth } from './by-worth.ts';
import { at, Demand } from './demand.ts';
import { lru } from './lru.ts';
import { type BoxRule, type Outcome, replayBox, replayDisk } from './replay.ts';
import type { WhatIfDisk, WhatIfFigure, WhatIfView } from './view.ts';

export type Question = {
  /** What the box's disks hold. */
  readonly diskBytes: number;
  /** Torrents that may fetch ahead at the same time. */
  readonly seats: number;
};

const MINUTE_MS = 60_000;
const { segmentBytes } = TRACE_LIMITS;
/** Of a trace that does not tell: 3 MB/s, three times what one client gets from a usual swarm. */
const USUAL_PER_MIN = 11;
/** Sessions for which so much came in tell how fast it does. */
const TELLING_MIB = 64;

/** Puts the same demand to every rule, with the disks that there are and with others. Undefined: there was no demand. */
export function compared(
  sessions: readonly Session[],
  { diskBytes, seats }: Question,
): Omit<WhatIfView, 'leftOut' | 'tookMs'> | undefined {
  const demand = new Demand(sessions, LIMITS.visitMs / MINUTE_MS);
  const first = sessions[0];
  if (!first) return undefined;
  const box = { seats, itemsPerMin: itemsPerMinOf(sessions) };
  const rules = new Map<number, WhatIfDisk['rules']>();
  const disk = (size: WhatIfDisk['size'], bytes: number): WhatIfDisk => {
    // One that holds everything is as good as any that does.
    const items = Math.min(Math.floor(bytes / segmentBytes), demand.itemCount);
    const known = rules.get(items) ?? rulesOf(demand, items, box);
    rules.set(items, known);
    return { size, bytes, rules: known };
  };
  const sum = (of: (s: Session) => number): number => sessions.reduce((total, s) => total + of(s), 0);
  return {
    fromMs: first.atMin * MINUTE_MS,
    toMs: sessions.reduce((last, s) => Math.max(last, s.atMin + s.stayMin), 0) * MINUTE_MS,
    sessions: sessions.length,
    torrents: demand.torrents,
    askedBytes: demand.items.length * segmentBytes,
    differentBytes: demand.distinct * segmentBytes,
    measured: { servedBytes: sum((s) => s.servedMib) * 2 ** 20, fetchedBytes: sum((s) => s.fetchedMib) * 2 ** 20 },
    disks: [
      disk('half', diskBytes / 2),
      disk('same', diskBytes),
      disk('double', diskBytes * 2),
      disk('unbounded', demand.itemCount * segmentBytes),
    ],
  };
}

function rulesOf(demand: Demand, items: number, box: { seats: number; itemsPerMin: number }): WhatIfDisk['rules'] {
  const count = demand.items.length;
  const hits = bestHits(demand, items);
  const figure = ({ hits: given, fetched }: Outcome): WhatIfFigure => ({
    boxBytes: given * segmentBytes,
    wanBytes: fetched * segmentBytes,
    saved: count > 0 ? 1 - fetched / count : 0,
  });
  const current: BoxRule = {
    keeper: new ByWorth(demand, items, seeded()),
    pullsThrough: true,
    seating: { ...box, rule: 'priced', through: 1, ahead: 'wanted' },
  };
  const source: BoxRule = {
    keeper: lru(demand.itemCount, items),
    pullsThrough: false,
    seating: { ...box, rule: 'plain', through: 0, ahead: 'all' },
  };
  return {
    current: figure(replayBox(demand, current, seeded())),
    lru: figure(replayDisk(demand, lru(demand.itemCount, items))),
    source: figure(replayBox(demand, source, seeded())),
    best: figure({ hits, fetched: count - hits }),
  };
}

/** How fast a torrent comes in here, by the middle one of those of which enough did. */
function itemsPerMinOf(sessions: readonly Session[]): number {
  const perMin = sessions
    .filter(({ fetchedMib }) => fetchedMib >= TELLING_MIB)
    .map(({ fetchedMib, stayMin }) => (fetchedMib * 2 ** 20) / segmentBytes / (stayMin + 1));
  perMin.sort((a, b) => a - b);
  return perMin.length > 0 ? Math.max(1, Math.round(at(perMin, perMin.length >> 1))) : USUAL_PER_MIN;
}

/** The same draws each time, so that the same trace has the same answer: a linear congruential generator modulo 2^31. */
function seeded(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 2 ** 31;
  };
}
