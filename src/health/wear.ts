import type { SmartReading } from './smart.ts';
import type { WornWhy } from './view.ts';

/** What only ever grows on a disk that is dying. Pending sectors may also shrink: those that could be written again. */
export type BadSectors = Readonly<Record<(typeof COUNTS)[number], number | undefined>>;
const COUNTS = ['reallocatedSectors', 'pendingSectors', 'uncorrectableSectors', 'mediaErrors'] as const;

export const badSectorsOf = (reading: SmartReading): BadSectors =>
  Object.fromEntries(COUNTS.map((key) => [key, reading[key]])) as BadSectors;

export type Wear = { worn?: WornWhy; newBadSectors?: number };

/** Bit 1 of an NVMe disk's critical warning: too hot, or too cold (NVMe 1.4, 5.14.1.2). */
const TEMPERATURE = 1 << 1;

/** Whether a disk that says this had better get nothing new. `first`: what it said when this process first asked. */
export function wearOf(first: BadSectors, now: SmartReading): Wear {
  const grown = COUNTS.reduce((sum, key) => sum + Math.max(0, (now[key] ?? 0) - (first[key] ?? now[key] ?? 0)), 0);
  const more = grown > 0 ? { newBadSectors: grown } : {};
  const { criticalWarning = 0, percentUsed = 0 } = now;
  // smartctl calls every critical warning a failure, that of the temperature too.
  if (criticalWarning === TEMPERATURE) return { worn: 'hot', ...more };
  if (now.verdict === 'failing' || criticalWarning > 0) return { worn: 'says-failing', ...more };
  if (grown > 0) return { worn: 'bad-sectors', ...more };
  return percentUsed >= 100 ? { worn: 'used-up' } : {};
}
