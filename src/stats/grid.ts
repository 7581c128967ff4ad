/** Where one step of time begins and the next. All times are milliseconds since the epoch. */
export type Grid = {
  /** Of a usual step. */
  readonly stepMs: number;
  /** The beginning of the step that this moment is in. */
  startOf(atMs: number): number;
  /** The beginning of the next one. */
  endOf(startMs: number): number;
};

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Steps of the same length, counted from the epoch: summer time is nothing to them. */
export const evenGrid = (stepMs: number): Grid => ({
  stepMs,
  startOf: (atMs) => Math.floor(atMs / stepMs) * stepMs,
  endOf: (startMs) => startMs + stepMs,
});

/** Midnight before `atMs`, where the box is; `days` later or earlier. A day has 23 to 25 hours, and where midnight is skipped it begins at one. */
export function midnight(atMs: number, days = 0): number {
  const day = new Date(atMs);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

/** Midnight before the first of the month that `atMs` is in. */
export function monthStart(atMs: number): number {
  const day = new Date(atMs);
  return new Date(day.getFullYear(), day.getMonth(), 1).getTime();
}

export const GRIDS = {
  second: evenGrid(1_000),
  '5m': evenGrid(5 * MINUTE_MS),
  '15m': evenGrid(15 * MINUTE_MS),
  hour: evenGrid(60 * MINUTE_MS),
  day: { stepMs: DAY_MS, startOf: (atMs) => midnight(atMs), endOf: (startMs) => midnight(startMs, 1) },
} as const satisfies Readonly<Record<string, Grid>>;

/** More parts than a sample is cut into: a process that stood still for so long knows no better when its bytes came. */
const PARTS_MAX = 400;

/** Cuts a stretch of time at the beginnings of steps. Together the shares are 1. */
export function cut(grid: Grid, fromMs: number, untilMs: number): { atMs: number; share: number }[] {
  const lengthMs = untilMs - fromMs;
  if (lengthMs <= 0 || lengthMs / grid.stepMs > PARTS_MAX) return [{ atMs: grid.startOf(untilMs), share: 1 }];
  const parts: { atMs: number; share: number }[] = [];
  for (let atMs = grid.startOf(fromMs), beginMs = fromMs; beginMs < untilMs; ) {
    const endMs = Math.max(grid.endOf(atMs), beginMs + 1);
    parts.push({ atMs, share: (Math.min(endMs, untilMs) - beginMs) / lengthMs });
    beginMs = endMs;
    atMs = grid.startOf(endMs);
  }
  return parts;
}
