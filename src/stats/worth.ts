import type { Moved } from '#index/traffic-rows.ts';
import type { Books } from './books.ts';
import { midnight, monthStart } from './grid.ts';

/** See Totals of the admin contract, which is this. */
export type Totals = { servedBytes: number; filledBytes: number; passedBytes: number; savedBytes: number };
/** See Worth of the admin contract, which is this. */
export type Worth = { today: Totals; month: Totals; all: Totals; hitRateToday?: number; hitRateMonth?: number };

export type AllTime = Pick<Moved, 'served' | 'filled' | 'passed'>;

/** Since midnight and since the first of the month, where the box is now: a time zone that was changed moves both. */
export function worthOf(nowMs: number, books: Books, all: AllTime): Worth {
  const today = sinceMidnight(nowMs, books);
  const month = books.sum('15m', monthStart(nowMs), nowMs + 1);
  const [hitRateToday, hitRateMonth] = [hitRate(today), hitRate(month)];
  return {
    today: totalsOf(today),
    month: totalsOf(month),
    all: totalsOf(all),
    ...(hitRateToday !== undefined && { hitRateToday }),
    ...(hitRateMonth !== undefined && { hitRateMonth }),
  };
}

export const sinceMidnight = (nowMs: number, books: Books): Moved => books.sum('5m', midnight(nowMs), nowMs + 1);

export const totalsOf = ({ served, filled, passed }: AllTime): Totals => ({
  servedBytes: served,
  filledBytes: filled,
  passedBytes: passed,
  savedBytes: Math.max(0, served - filled),
});

/** The share of what was served that had been here; undefined while nothing was. */
const hitRate = ({ served, fresh }: Moved): number | undefined =>
  served > 0 ? Math.max(0, served - fresh) / served : undefined;
