/** Rows drawn above and below what is in sight, so that a turn of the wheel does not show a hole. */
const SPARE_ROWS = 6;
/** Pixels. Firefox draws no element taller than some 17.8 million; far enough below it. */
const MOST_PX = 12_000_000;

export type Window = { first: number; last: number; heightPx: number; rows: number };

/** How many rows of a list can be laid out at all. */
export const mostRows = (rowPx: number): number => Math.floor(MOST_PX / rowPx);

/** Which rows are to be drawn: `first` to `last`, both among them; `last` is below `first` when there are none. */
export function windowOf(scrollPx: number, viewPx: number, rowPx: number, count: number): Window {
  const rows = Math.min(count, mostRows(rowPx));
  const top = Math.max(0, Math.min(scrollPx, rows * rowPx - viewPx));
  const first = Math.max(0, Math.floor(top / rowPx) - SPARE_ROWS);
  const last = Math.min(rows - 1, Math.ceil((top + viewPx) / rowPx) + SPARE_ROWS);
  return { first, last, heightPx: rows * rowPx, rows };
}

/** Where to scroll so that a row is wholly in sight; undefined: it is. */
export function scrollFor(index: number, scrollPx: number, viewPx: number, rowPx: number): number | undefined {
  const top = index * rowPx;
  if (top < scrollPx) return top;
  if (top + rowPx > scrollPx + viewPx) return top + rowPx - viewPx;
  return undefined;
}
