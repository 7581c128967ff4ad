/** Rows drawn above and below what is in sight, so that a turn of the wheel does not show a hole. */
const SPARE_ROWS = 6;
/** Pixels. Firefox draws no element taller than some 17.8 million; far enough below it. */
const MOST_PX = 12_000_000;

/** `shiftPx`: a row of a long list stands this much above where its number says. */
export type Window = { first: number; last: number; heightPx: number; shiftPx: number };

/** Of a list that is too tall to be laid out, one pixel scrolled is several of the list: how many. */
function stretchOf(viewPx: number, rowPx: number, count: number): { heightPx: number; stretch: number } {
  const allPx = count * rowPx;
  const heightPx = Math.min(allPx, MOST_PX);
  return { heightPx, stretch: heightPx > viewPx ? (allPx - viewPx) / (heightPx - viewPx) : 1 };
}

/** Which rows are to be drawn: `first` to `last`, both among them; `last` is below `first` when there are none. */
export function windowOf(scrollPx: number, viewPx: number, rowPx: number, count: number): Window {
  const { heightPx, stretch } = stretchOf(viewPx, rowPx, count);
  const scrolled = Math.max(0, Math.min(scrollPx, heightPx - viewPx));
  const top = scrolled * stretch;
  const first = Math.max(0, Math.floor(top / rowPx) - SPARE_ROWS);
  const last = Math.min(count - 1, Math.ceil((top + viewPx) / rowPx) + SPARE_ROWS);
  return { first, last, heightPx, shiftPx: top - scrolled };
}

/** Where to scroll so that a row is wholly in sight; undefined: it is. */
export function scrollFor(
  index: number,
  now: { scrollPx: number; viewPx: number; rowPx: number; count: number },
): number | undefined {
  const { scrollPx, viewPx, rowPx, count } = now;
  const { stretch } = stretchOf(viewPx, rowPx, count);
  const [top, seenPx] = [index * rowPx, scrollPx * stretch];
  if (top < seenPx) return top / stretch;
  if (top + rowPx > seenPx + viewPx) return (top + rowPx - viewPx) / stretch;
  return undefined;
}
