import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhatIfDisk, WhatIfView } from '#admin/contract.ts';
import { whatIfText } from './what-if-text.ts';

const disk = (size: WhatIfDisk['size'], bytes: number, ...shares: number[]): WhatIfDisk => {
  const [current, lru, source, best] = shares.map((saved) => ({ boxBytes: 0, wanBytes: 0, saved }));
  assert.ok(current && lru && source && best);
  return { size, bytes, rules: { current, lru, source, best } };
};
const view = (disks: WhatIfDisk[]): WhatIfView => ({
  fromMs: new Date(2026, 10, 22, 8, 5).getTime(),
  toMs: new Date(2026, 10, 29, 9, 30).getTime(),
  sessions: 4170,
  torrents: 232,
  askedBytes: 14.3e12,
  differentBytes: 913e9,
  measured: { servedBytes: 14.1e12, fetchedBytes: 2.3e9 },
  leftOut: { lines: 0, sessions: 3 },
  disks,
  tookMs: 1,
});

test('an operator reads a table, and what a larger disk would bring', () => {
  const disks = [
    disk('half', 5e11, 0.5, 0.4, -0.1, 0.6),
    disk('same', 1e12, 0.61, 0.52, 0.05, 0.78),
    disk('double', 2e12, 0.7, 0.66, 0.1, 0.79),
    disk('unbounded', 4.2e12, 0.79, 0.79, 0.2, 0.79),
  ];
  assert.equal(
    whatIfText(view(disks)),
    `2026-11-22 08:05 to 2026-11-29 09:30: 4170 sessions with 232 torrents.
They asked for 14.3 TB, of which 913 GB is different.
The box gave 14.1 TB and fetched 2.3 GB in that time.

share saved                         half the disks  your disks  twice the disks  room for all
                                            500 GB      1.0 TB           2.0 TB        4.2 TB
this box's rule                               50 %        61 %             70 %          79 %
keep what was used last (LRU)                 40 %        52 %             66 %          79 %
the rule it grew from                        -10 %         5 %             10 %          20 %
the best, if all were known before            60 %        78 %             79 %          79 %

Twice the disks would have saved 9 % more of what was asked for; no disk more than 79 % in all.
Each begins with an empty disk; figures count whole segments of 16 MiB.
3 sessions are left out: too old, or too many.`,
  );
});

test('who has room for everything is told so', () => {
  const same = [0.79, 0.79, 0.2, 0.79];
  const disks = (['half', 'same', 'double', 'unbounded'] as const).map((size) => disk(size, 1e12, ...same));
  assert.match(whatIfText(view(disks)), /^Your disks are large enough/m);
});
