import type { RateSample } from '#admin/contract.ts';
import type { Series } from '#admin/contract-figures.ts';
import { CHART_MS } from '../../frame/page-state.ts';
import { withHoles } from '../../parts/plot-frame.ts';

/** ms. Samples further apart are not joined. */
const GAP_MS = 6000;

/** Columns of the chart; bytes per second. */
export type Rates = { atMs: number[]; wan: (number | null)[]; lan: (number | null)[]; fromMs: number; untilMs: number };

/** The last five minutes, as the page heard them. */
export function fromSamples(samples: readonly RateSample[], nowMs: number): Rates {
  const fromMs = nowMs - CHART_MS;
  const seen = samples.filter(([atMs]) => atMs >= fromMs && atMs <= nowMs);
  const { atMs, columns } = withHoles(
    seen.map((s) => s[0]),
    [seen.map((s) => s[1]), seen.map((s) => s[2])],
    GAP_MS,
  );
  return { atMs, wan: columns[0] ?? [], lan: columns[1] ?? [], fromMs, untilMs: nowMs };
}

/** What the box kept, each step at its middle, and what is now behind it. */
export function fromSeries(series: Series, now: { atMs: number; wan: number; lan: number }): Rates {
  const { stepMs } = series;
  const middle = series.atMs.map((ms) => ms + stepMs / 2).filter((ms) => ms < now.atMs);
  const first = series.atMs[0] ?? now.atMs - stepMs;
  return {
    atMs: [...middle, now.atMs],
    wan: [...series.wanRx.slice(0, middle.length), now.wan],
    lan: [...series.lanTx.slice(0, middle.length), now.lan],
    fromMs: first,
    untilMs: now.atMs,
  };
}
