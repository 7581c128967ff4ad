/** As much of a bit field as a map looks at. */
export type Bits = { readonly size: number; has(i: number): boolean };

const CELLS_MAX = 1_000;

/** Cells of so many pieces: as many as there are pieces, at most a thousand. */
export const cellsOf = (pieceCount: number): number => Math.min(pieceCount, CELLS_MAX);

/** `0` is nothing and `9` is all: what lacks one of ten thousand pieces is not whole, and what has one is not empty. */
const digit = (share: number): string =>
  share <= 0 ? '0' : share >= 1 ? '9' : String(Math.min(8, 1 + Math.floor(share * 8)));

/** One digit for each cell. */
export function pieceMap(have: Bits): string {
  return cells(have.size, (from, end) => countIn(have, from, end) / (end - from));
}

/** Which share of each cell's pieces these hold in the mean; empty when there are none. */
export function meanMap(holders: readonly Bits[], pieceCount: number): string {
  const fitting = holders.filter(({ size }) => size === pieceCount);
  if (fitting.length === 0) return '';
  return cells(pieceCount, (from, end) => {
    const held = fitting.reduce((sum, bits) => sum + countIn(bits, from, end), 0);
    return held / (fitting.length * (end - from));
  });
}

function cells(pieceCount: number, shareOf: (from: number, end: number) => number): string {
  const count = cellsOf(pieceCount);
  const edge = (cell: number) => Math.floor((cell * pieceCount) / count);
  return Array.from({ length: count }, (_, cell) => digit(shareOf(edge(cell), edge(cell + 1)))).join('');
}

function countIn(bits: Bits, from: number, end: number): number {
  let count = 0;
  for (let i = from; i < end; i++) if (bits.has(i)) count++;
  return count;
}
