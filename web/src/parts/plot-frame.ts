/** What a chart has to show; nothing here knows the library that draws it. */
export type PlotLine = {
  label: string;
  /** A colour of the style sheet: `--lan`. Its wash (`--lan-wash`) fills the area below. */
  colour: '--lan' | '--wan' | '--info';
  values: readonly (number | null)[];
  /** Bars instead of a line: for sums, not rates. */
  isBars?: boolean;
};
export type PlotData = {
  /** ms since the epoch, ascending; one for each value. */
  atMs: readonly number[];
  lines: readonly PlotLine[];
  /** Left and right end of the axis, ms. Absent: of the data. */
  fromMs?: number;
  untilMs?: number;
  /** Value of the top at least, so that a quiet line looks quiet. */
  leastTop?: number;
};

/** A top that is a round figure not below `most`, and the lines to draw. */
export function niceScale(most: number, leastTop = 100_000): { top: number; ticks: number[] } {
  const wanted = Math.max(most, leastTop, Number.MIN_VALUE);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 4, 5, 10].find((s) => s * magnitude >= wanted * 0.999_999) ?? 10;
  const top = step * magnitude;
  return { top, ticks: [top / 2, top] };
}

/** Puts a hole where two times are further apart than `gapMs`: nobody knows what happened between them. */
export function withHoles(
  atMs: readonly number[],
  columns: readonly (readonly (number | null)[])[],
  gapMs: number,
): { atMs: number[]; columns: (number | null)[][] } {
  const times: number[] = [];
  const out: (number | null)[][] = columns.map(() => []);
  atMs.forEach((ms, i) => {
    const before = atMs[i - 1];
    if (before !== undefined && ms - before > gapMs) {
      times.push(before + 1);
      for (const column of out) column.push(null);
    }
    times.push(ms);
    out.forEach((column, c) => {
      column.push(columns[c]?.[i] ?? null);
    });
  });
  return { atMs: times, columns: out };
}

/** Times to write below the axis: round ones of the reader's clock, at most `most` of them. */
export function timeTicks(fromMs: number, untilMs: number, most: number): number[] {
  const span = untilMs - fromMs;
  const step = STEPS_MS.find((s) => span / s <= most) ?? DAY_MS * 365;
  const offsetMs = step >= 3_600_000 ? -new Date(untilMs).getTimezoneOffset() * 60_000 : 0;
  const ticks: number[] = [];
  for (let t = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs; t <= untilMs; t += step) ticks.push(t);
  return ticks;
}
const MIN_MS = 60_000;
const DAY_MS = 86_400_000;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720]
  .map((n) => n * MIN_MS)
  .concat([1, 2, 5, 7, 10, 14, 30, 60, 120, 240].map((n) => n * DAY_MS));
