import type { SteerView } from '#admin/contract.ts';

/** Decisions that the page remembers while the view is open. */
const MOST = 200;

const keyOf = (row: SteerView) => `${row.atMs} ${row.client} ${row.endpoint} ${row.verdict} ${row.why}`;

/** What was seen before with what is new, newest first. The box tells only its latest. */
export function withNew(seen: readonly SteerView[], latest: readonly SteerView[]): readonly SteerView[] {
  const known = new Set(seen.map(keyOf));
  const fresh = latest.filter((row) => !known.has(keyOf(row)));
  return fresh.length === 0 ? seen : [...fresh, ...seen].sort((a, b) => b.atMs - a.atMs).slice(0, MOST);
}
