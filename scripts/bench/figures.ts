/** Medians, JSON lines and a table of what a run measured. */
import type { Leeched } from './leech.ts';
import type { Load } from './settings.ts';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export type Serving = {
  readonly bench: 'serve';
  readonly conns: number;
  readonly depth: number;
  readonly boxMBps: number;
  readonly peer: string;
  readonly peerMBps: number;
  /** Median of the rounds' own ratios, so that a slow moment of the machine counts against both or neither. */
  readonly ratio: number;
  readonly boxCpuSPerGiB: number;
  readonly peerCpuSPerGiB: number;
};

export type Turn = { readonly box: Leeched; readonly peer: Leeched };

export function servingOf({ conns, depth }: Load, peer: string, turns: readonly Turn[]): Serving {
  const of = (value: (turn: Turn) => number, digits: number) => rounded(median(turns.map(value)), digits);
  return {
    bench: 'serve',
    conns,
    depth,
    boxMBps: of((t) => t.box.MBps, 0),
    peer,
    peerMBps: of((t) => t.peer.MBps, 0),
    ratio: of((t) => t.box.MBps / t.peer.MBps, 2),
    boxCpuSPerGiB: of((t) => t.box.cpuSPerGiB, 2),
    peerCpuSPerGiB: of((t) => t.peer.cpuSPerGiB, 2),
  };
}

export function table(rows: readonly Serving[]): string {
  const peer = rows[0]?.peer ?? '';
  const cells = [
    ['connections x depth', 'box MB/s', `${peer} MB/s`, 'ratio', 'box CPU s/GiB', `${peer} CPU s/GiB`],
    ...rows.map((r) => [
      `${r.conns} x ${r.depth}`,
      String(r.boxMBps),
      String(r.peerMBps),
      r.ratio.toFixed(2),
      r.boxCpuSPerGiB.toFixed(2),
      r.peerCpuSPerGiB.toFixed(2),
    ]),
  ];
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0))) ?? [];
  return cells.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')).join('\n');
}
