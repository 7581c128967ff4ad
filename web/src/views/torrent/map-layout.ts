/** Pixels of a square with the gap beside it. */
const LARGEST_PX = 22;
const SMALLEST_PX = 7;
/** Pixels that a map may be high before its squares get smaller. */
const HIGH_PX = 170;

/** Squares of one size in rows as wide as there is room. */
export function layOut(widthPx: number, count: number): { columns: number; cellPx: number; heightPx: number } {
  const width = Math.max(SMALLEST_PX, widthPx);
  let cellPx = LARGEST_PX;
  const rowsAt = (px: number) => Math.ceil(count / Math.max(1, Math.floor(width / px)));
  while (cellPx > SMALLEST_PX && (cellPx > width || rowsAt(cellPx) * cellPx > HIGH_PX)) cellPx--;
  const columns = Math.max(1, Math.floor(width / cellPx));
  return { columns, cellPx, heightPx: Math.ceil(count / columns) * cellPx };
}
