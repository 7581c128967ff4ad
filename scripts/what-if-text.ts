import type { WhatIfDisk, WhatIfRule, WhatIfView } from '#admin/contract.ts';

const RULES: Record<WhatIfRule, string> = {
  current: "this box's rule",
  lru: 'keep what was used last (LRU)',
  source: 'the rule it grew from',
  best: 'the best, if all were known before',
};
const SIZES: Record<WhatIfDisk['size'], string> = {
  half: 'half the disks',
  same: 'your disks',
  double: 'twice the disks',
  unbounded: 'room for all',
};

const bytes = (n: number): string =>
  n >= 1e12
    ? `${(n / 1e12).toFixed(1)} TB`
    : n >= 1e9
      ? `${(n / 1e9).toFixed(n < 1e10 ? 1 : 0)} GB`
      : `${(n / 1e6).toFixed(0)} MB`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;
/** In the time of the machine, as ISO 8601 has it. */
const minute = (ms: number): string => new Date(ms).toLocaleString('sv-SE').slice(0, 16);

/** What the box found, as an operator reads it. */
export function whatIfText(view: WhatIfView): string {
  const { disks, measured, leftOut } = view;
  const head = ['share saved', ...disks.map(({ size }) => SIZES[size])];
  const sizes = ['', ...disks.map((disk) => bytes(disk.bytes))];
  const rows = (Object.keys(RULES) as WhatIfRule[]).map((rule) => [
    RULES[rule],
    ...disks.map(({ rules }) => percent(rules[rule].saved)),
  ]);
  const lines = [
    `${minute(view.fromMs)} to ${minute(view.toMs)}: ${view.sessions} sessions with ${view.torrents} torrents.`,
    `They asked for ${bytes(view.askedBytes)}, of which ${bytes(view.differentBytes)} is different.`,
    `The box gave ${bytes(measured.servedBytes)} and fetched ${bytes(measured.fetchedBytes)} in that time.`,
    '',
    ...aligned([head, sizes, ...rows]),
    '',
    advice(disks),
    'Each begins with an empty disk; figures count whole segments of 16 MiB.',
  ];
  if (leftOut.lines > 0) lines.push(`${leftOut.lines} lines of the record could not be read.`);
  if (leftOut.sessions > 0) lines.push(`${leftOut.sessions} sessions are left out: too old, or too many.`);
  return lines.join('\n');
}

function advice(disks: readonly WhatIfDisk[]): string {
  const saved = (size: WhatIfDisk['size']): number =>
    disks.find((disk) => disk.size === size)?.rules.current.saved ?? 0;
  const more = saved('double') - saved('same');
  if (saved('unbounded') - saved('same') < 0.005)
    return 'Your disks are large enough: larger ones would have saved no more.';
  return `Twice the disks would have saved ${percent(more)} more of what was asked for; no disk more than ${percent(saved('unbounded'))} in all.`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
