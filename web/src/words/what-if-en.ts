import type { WhatIfRule } from '#admin/contract.ts';

const rules: Record<WhatIfRule, string> = {
  current: 'As this box decides',
  lru: 'Keeping what was used last',
  source: 'An earlier, simpler rule',
  best: 'Knowing all that would be asked for',
};

export const en = {
  rules,
  intro: 'What other disks and rules would have saved, worked out from what was asked for here.',
  time: (from: string, to: string) => `From ${from} to ${to}`,
  disk: 'Cache disk',
  sizes: { half: 'Half of it', same: 'As it is', double: 'Twice as large', unbounded: 'Never full' },
  savedOf: (share: string) => `${share} saved`,
  asked: 'Asked for',
  different: 'Each byte counted once',
  differentSays: 'A disk of this size would fetch nothing twice.',
  served: 'Served by the box',
  fetched: 'Fetched by the box',
  working: 'The box works it out; this may take a minute.',
  none: 'Nothing is recorded, or nothing was asked for yet.',
};
export type WhatIfWords = typeof en;
