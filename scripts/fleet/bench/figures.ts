/** What was measured, as rows and as a table, and whether it is what it should be. */
import type { Shape, System } from './plan.ts';

export type Cell = { readonly shape: Shape; readonly nodes: number; readonly mb: number };

/** Seconds since the start of the distribution; MB are 1e6 bytes. */
export type Row = Cell & {
  readonly bench: 'fleet';
  readonly system: System;
  readonly repeat: number;
  /** Until every node had it, verified. */
  readonly seconds: number;
  readonly rateMBps: number;
  /** True: not run, but said by the formula that holds there. Then what follows is not known. */
  readonly computed?: true;
  readonly p50S?: number;
  readonly p99S?: number;
  /** Bytes that left the giver (with the broker) or the relay, over the file's. */
  readonly copies?: number;
  /** Processor seconds of all processes of the system for each 1e9 bytes that reached nodes. */
  readonly cpuSPerGB?: number;
  /** Of the machine before it, over a minute. */
  readonly load?: number;
  /** Reading and hashing the file, before the start. */
  readonly prepareS?: number;
  readonly way?: string;
  readonly trace?: Readonly<Record<string, readonly [number, number]>>;
};
export type Left = Cell & {
  readonly bench: 'fleet';
  readonly system: System;
  readonly repeat: number;
  readonly left: string;
};

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Of the nodes' own times: the least that so large a share does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** One cell with the medians of its repetitions. */
export type Summary = Cell & {
  readonly rates: Partial<Readonly<Record<System, number>>>;
  readonly ours: {
    /** Ours over the better of the other two. */
    readonly ratio?: number;
    readonly overRabbitmq?: number;
    readonly spread?: number;
    readonly copies?: number;
  };
  readonly cpu: Partial<Readonly<Record<System, number>>>;
  readonly copies: Partial<Readonly<Record<System, number>>>;
  readonly computed: boolean;
  readonly ways: string;
};

const cellOf = ({ shape, nodes, mb }: Cell): string => `${shape} N=${nodes} ${mb} MB`;

function medianOf(rows: readonly Row[], value: (row: Row) => number | undefined): number | undefined {
  const known = rows.map(value).filter((one) => one !== undefined);
  return known.length > 0 ? median(known) : undefined;
}

export function summaries(rows: readonly Row[]): Summary[] {
  return [...Map.groupBy(rows, cellOf).values()].map((cell) => {
    const by = Map.groupBy(cell, ({ system }) => system);
    const each = (value: (row: Row) => number | undefined): Partial<Record<System, number>> =>
      Object.fromEntries(
        [...by].flatMap(([system, own]) => {
          const one = medianOf(own, value);
          return one === undefined ? [] : [[system, one]];
        }),
      );
    const rates = each(({ rateMBps }) => rateMBps);
    const { rabbitmq, bittorrent, ours } = rates;
    const own = by.get('ours') ?? [];
    const better = Math.max(rabbitmq ?? 0, bittorrent ?? 0);
    const spread = medianOf(own, ({ p50S = 0, p99S }) => (p99S === undefined ? undefined : p99S / p50S));
    const copies = medianOf(own, (row) => row.copies);
    const { shape, nodes, mb } = cell[0] as Row;
    return {
      shape,
      nodes,
      mb,
      rates,
      ours: {
        ...(ours !== undefined && better > 0 && { ratio: ours / better }),
        ...(ours !== undefined && rabbitmq !== undefined && { overRabbitmq: ours / rabbitmq }),
        ...(spread !== undefined && { spread }),
        ...(copies !== undefined && { copies }),
      },
      cpu: each(({ cpuSPerGB }) => cpuSPerGB),
      copies: each((row) => row.copies),
      computed: cell.some(({ computed }) => computed),
      ways: [...new Set(own.map(({ way }) => way ?? ''))].join(' '),
    };
  });
}

type Target = {
  readonly says: string;
  readonly concerns: (cell: Summary) => boolean;
  readonly value: (cell: Summary) => number | undefined;
  readonly atLeast?: number;
  readonly atMost?: number;
};

const TARGETS: readonly Target[] = [
  { says: 'ours / better >= 1.0', concerns: () => true, value: ({ ours }) => ours.ratio, atLeast: 1 },
  {
    says: 'ours / better >= 1.7 at 1 MB',
    concerns: ({ mb }) => mb === 1,
    value: ({ ours }) => ours.ratio,
    atLeast: 1.7,
  },
  {
    says: 'ours / better >= 1.4 on equal lines with 10 and 20 nodes',
    concerns: ({ shape, nodes }) => shape === 'equal' && (nodes === 10 || nodes === 20),
    value: ({ ours }) => ours.ratio,
    atLeast: 1.4,
  },
  { says: 'p99 <= 1.8 x p50', concerns: () => true, value: ({ ours }) => ours.spread, atMost: 1.8 },
  {
    says: 'copies <= 1.3 on equal lines from 10 MB on',
    concerns: ({ shape, mb }) => shape === 'equal' && mb >= 10,
    value: ({ ours }) => ours.copies,
    atMost: 1.3,
  },
];

/** One line for each target: in how many cells it is met, and where not. */
export function verdicts(cells: readonly Summary[]): string[] {
  return TARGETS.flatMap(({ says, concerns, value, atLeast = 0, atMost = Number.POSITIVE_INFINITY }) => {
    const judged = cells.filter(concerns).flatMap((cell) => {
      const is = value(cell);
      return is === undefined ? [] : [{ cell, is }];
    });
    if (judged.length === 0) return [];
    const missed = judged.filter(({ is }) => is < atLeast || is > atMost);
    const where = missed.map(({ cell, is }) => `${cellOf(cell)}: ${is.toFixed(2)}`).join('; ');
    const met = `${judged.length - missed.length} of ${judged.length} cells`;
    return [`${missed.length === 0 ? 'met   ' : 'MISSED'}  ${says}: ${met}${where && `; not ${where}`}`];
  });
}

const shown = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '-';
const threeOf = (of: Partial<Readonly<Record<System, number>>>, digits: number): string =>
  [of.rabbitmq, of.bittorrent, of.ours].map((value) => shown(value, digits)).join(' : ');

const COLUMNS: readonly (readonly [title: string, cell: (summary: Summary) => string])[] = [
  ['shape', ({ shape }) => shape],
  ['N', ({ nodes }) => String(nodes)],
  ['MB', ({ mb }) => String(mb)],
  ['RabbitMQ MB/s', ({ rates, computed }) => `${shown(rates.rabbitmq, 2)}${computed ? '*' : ''}`],
  ['libtorrent MB/s', ({ rates }) => shown(rates.bittorrent, 2)],
  ['ours MB/s', ({ rates }) => shown(rates.ours, 2)],
  ['ours / better', ({ ours }) => shown(ours.ratio, 2)],
  ['p99 / p50', ({ ours }) => shown(ours.spread, 2)],
  ['copies', ({ copies }) => threeOf(copies, 2)],
  ['CPU s/GB', ({ cpu }) => threeOf(cpu, 1)],
  ['ours by', ({ ways }) => ways],
  [
    'behind a relay MB/s',
    ({ rates, copies }) =>
      rates.relay === undefined ? '-' : `${shown(rates.relay, 2)} (${shown(copies.relay, 2)} copies)`,
  ],
];

export function table(cells: readonly Summary[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...cells.map((cell) => COLUMNS.map(([, of]) => of(cell)))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')).join('\n');
}
