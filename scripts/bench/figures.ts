/** Medians, JSON lines and a table of what a run measured. */
import type { Loaded } from './load/leech.ts';
import type { Load } from './plan.ts';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** By how much y grows for each x, by least squares. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return over / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Where the box has the pieces: in its own memory, in the kernel's page cache, on the disk. */
export type Cache = 'memory' | 'page' | 'cold';
/** A box's turn and a peer's, one right after the other. */
export type Turn = { readonly box: Loaded; readonly peer: Loaded };

export type Serving = {
  readonly bench: string;
  readonly conns: number;
  readonly depth: number;
  readonly cache: Cache;
  readonly boxMBps: number;
  readonly peer: string;
  readonly peerMBps: number;
  /** Median of the pairs' own ratios, so that a slow moment of the machine counts against both or neither. */
  readonly ratio: number;
  readonly boxCpuSPerGiB: number;
  readonly peerCpuSPerGiB: number;
  readonly cpuRatio: number;
  /** From a request to its block (for a file server: to its mebibyte), the box's and the peer's. */
  readonly p50ms: number;
  readonly p99ms: number;
  readonly peerP50ms: number;
  readonly peerP99ms: number;
  /** Connections that got anything. */
  readonly boxServed: number;
  readonly peerServed: number;
  /** Processor cores that the load took from the box's turns: near 1 the box could have done more. */
  readonly loadCores: number;
};

/** A figure that cannot be had, and why. */
export type Left = { readonly bench: string; readonly peer: string; readonly left: string };

export type About = Load & { readonly bench: string; readonly cache: Cache; readonly peer: string };

export function servingOf({ bench, conns, depth, cache, peer }: About, turns: readonly Turn[]): Serving {
  const of = (value: (turn: Turn) => number, digits: number) => rounded(median(turns.map(value)), digits);
  return {
    bench,
    conns,
    depth,
    cache,
    boxMBps: of((t) => t.box.MBps, 0),
    peer,
    peerMBps: of((t) => t.peer.MBps, 0),
    ratio: of((t) => t.box.MBps / t.peer.MBps, 2),
    boxCpuSPerGiB: of((t) => t.box.cpuSPerGiB, 3),
    peerCpuSPerGiB: of((t) => t.peer.cpuSPerGiB, 3),
    cpuRatio: of((t) => t.box.cpuSPerGiB / t.peer.cpuSPerGiB, 2),
    p50ms: of((t) => t.box.p50ms, 2),
    p99ms: of((t) => t.box.p99ms, 2),
    peerP50ms: of((t) => t.peer.p50ms, 2),
    peerP99ms: of((t) => t.peer.p99ms, 2),
    boxServed: of((t) => t.box.served, 0),
    peerServed: of((t) => t.peer.served, 0),
    loadCores: of((t) => t.box.loadCores, 2),
  };
}

const COLUMNS: readonly (readonly [title: string, cell: (row: Serving) => string])[] = [
  ['bench', (r) => r.bench],
  ['conns x depth', (r) => `${r.conns} x ${r.depth}`],
  ['cache', (r) => r.cache],
  ['peer', (r) => r.peer],
  ['box MB/s', (r) => String(r.boxMBps)],
  ['peer MB/s', (r) => `${r.peerMBps}${r.peerServed < r.conns ? ` (to ${r.peerServed})` : ''}`],
  ['ratio', (r) => r.ratio.toFixed(2)],
  ['CPU s/GiB', (r) => `${r.boxCpuSPerGiB.toFixed(2)} : ${r.peerCpuSPerGiB.toFixed(2)}`],
  ['CPU ratio', (r) => r.cpuRatio.toFixed(2)],
  ['p50 ms', (r) => `${r.p50ms} : ${r.peerP50ms}`],
  ['p99 ms', (r) => `${r.p99ms} : ${r.peerP99ms}`],
  ['load', (r) => r.loadCores.toFixed(2)],
];

export function table(rows: readonly Serving[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')).join('\n');
}
