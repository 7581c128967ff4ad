import type { RateSample } from '#admin/contract.ts';

export const CHART_MS = 300_000;
/** Samples further apart are not joined: nobody knows what happened between them. */
const GAP_MS = 6000;

export type Scale = { top: number; ticks: number[] };

/** A top that is a round figure not below `most`, and the lines to draw. */
export function niceScale(most: number): Scale {
  // A quiet line should look quiet, not like a mountain range of keep-alives.
  const wanted = Math.max(most, 100_000);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 4, 5, 10].find((s) => s * magnitude >= wanted) ?? 10;
  const top = step * magnitude;
  return { top, ticks: [top / 2, top] };
}

export type Size = { width: number; height: number };

/** Unbroken runs of samples inside the window that ends at `nowMs`. */
export function runs(samples: readonly RateSample[], nowMs: number): RateSample[][] {
  const found: RateSample[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    if (sample[0] < nowMs - CHART_MS || sample[0] > nowMs) continue;
    if (sample[0] - before > GAP_MS) found.push([]);
    found.at(-1)?.push(sample);
    before = sample[0];
  }
  return found;
}

/** SVG path data of one series: the line, and the area between it and the floor. */
export function paths(
  samples: readonly RateSample[],
  series: 1 | 2,
  o: Size & { nowMs: number; top: number },
): { line: string; area: string } {
  const x = (atMs: number) => (o.width * (1 - (o.nowMs - atMs) / CHART_MS)).toFixed(1);
  const y = (value: number) => (o.height * (1 - Math.min(1, Math.max(0, value / o.top)))).toFixed(1);
  let line = '';
  let area = '';
  for (const run of runs(samples, o.nowMs)) {
    const points = run.map((s) => `${x(s[0])} ${y(s[series])}`);
    const [first, last] = [run[0] as RateSample, run.at(-1) as RateSample];
    line += `M${points.join('L')}`;
    area += `M${x(first[0])} ${o.height}L${points.join('L')}L${x(last[0])} ${o.height}Z`;
  }
  return { line, area };
}

/** The sample nearest to a place on the chart, 0 (oldest) to 1 (now). */
export function nearest(samples: readonly RateSample[], nowMs: number, share: number): RateSample | undefined {
  const wanted = nowMs - CHART_MS * (1 - share);
  let best: RateSample | undefined;
  for (const sample of samples) if (!best || Math.abs(sample[0] - wanted) < Math.abs(best[0] - wanted)) best = sample;
  return best && Math.abs(best[0] - wanted) <= GAP_MS ? best : undefined;
}
