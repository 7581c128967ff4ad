import type { Moved } from '#index/traffic-rows.ts';
import type { Books } from './books.ts';
import { GRIDS, midnight } from './grid.ts';
import { addTo, nothing } from './moved.ts';
import type { SecondRing } from './second-ring.ts';

export type Span = 'minutes' | 'day' | 'month' | 'year';

/** See Series of the admin contract, which is this. */
export type Series = {
  stepMs: number;
  atMs: number[];
  wanRx: (number | null)[];
  wanTx: (number | null)[];
  lanRx: (number | null)[];
  lanTx: (number | null)[];
  served: (number | null)[];
  fresh: (number | null)[];
  filled: (number | null)[];
  passed: (number | null)[];
  clients: (number | null)[];
};

/** How many steps each span has, the present one included. */
const STEPS = { minutes: 300, day: 288, month: 31 * 24, year: 366 } as const;

type Step = { atMs: number; moved: Moved };

/** The columns of a chart that ends now. */
export function seriesOf(span: Span, nowMs: number, ring: SecondRing, books: Books): Series {
  const starts = startsOf(span, nowMs);
  const [fromMs, untilMs] = [starts[0] as number, Math.max(nowMs + 1, (starts.at(-1) as number) + 1)];
  switch (span) {
    case 'minutes':
      return columns(starts, GRIDS.second.stepMs, ring.between(fromMs, untilMs));
    case 'day':
      return columns(starts, GRIDS['5m'].stepMs, books.between('5m', fromMs, untilMs));
    case 'month':
      return columns(starts, GRIDS.hour.stepMs, books.between('15m', fromMs, untilMs));
    case 'year':
      return columns(starts, GRIDS.day.stepMs, books.between('day', fromMs, untilMs));
  }
}

/** Beginnings of the steps, oldest first. */
function startsOf(span: Span, nowMs: number): number[] {
  const count = STEPS[span];
  if (span === 'year') return Array.from({ length: count }, (_, i) => midnight(nowMs, i - count + 1));
  const { stepMs, startOf } = GRIDS[span === 'minutes' ? 'second' : span === 'day' ? '5m' : 'hour'];
  const last = startOf(nowMs);
  return Array.from({ length: count }, (_, i) => last - (count - 1 - i) * stepMs);
}

/** Each step goes to the last beginning that is not after it: a day that began under another time zone, too. */
function columns(starts: readonly number[], stepMs: number, steps: readonly Step[]): Series {
  const sums = starts.map(nothing);
  for (const { atMs, moved } of steps) {
    const at = lastNotAfter(starts, atMs);
    if (at >= 0) addTo(sums[at] as Moved, moved);
  }
  const rates = (bytes: keyof Moved, during: keyof Moved) =>
    sums.map((sum) => (sum[during] > 0 ? Math.round((sum[bytes] * 1000) / sum[during]) : null));
  return {
    stepMs,
    atMs: [...starts],
    wanRx: rates('wanRx', 'wanMs'),
    wanTx: rates('wanTx', 'wanMs'),
    lanRx: rates('lanRx', 'lanMs'),
    lanTx: rates('lanTx', 'lanMs'),
    served: rates('served', 'coveredMs'),
    fresh: rates('fresh', 'coveredMs'),
    filled: rates('filled', 'coveredMs'),
    passed: rates('passed', 'coveredMs'),
    clients: sums.map(({ clientMs, coveredMs }) =>
      coveredMs > 0 ? Math.round((10 * clientMs) / coveredMs) / 10 : null,
    ),
  };
}

function lastNotAfter(starts: readonly number[], atMs: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
