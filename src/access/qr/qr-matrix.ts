import type { QrVersion } from './qr-version.ts';

/** Modules of a QR code while it is made; row before column. */
export type Matrix = {
  readonly size: number;
  /** 1 is dark. */
  readonly dark: Uint8Array;
  /** 1 where a pattern stands that scanners look for: no data and no mask goes there. */
  readonly fixed: Uint8Array;
};

const put = ({ size, dark, fixed }: Matrix, row: number, column: number, isDark: boolean): void => {
  dark[row * size + column] = isDark ? 1 : 0;
  fixed[row * size + column] = 1;
};

/** Everything but the data and the format (ISO/IEC 18004, 6.3). */
export function patterns({ version, size, alignment }: QrVersion): Matrix {
  const matrix: Matrix = { size, dark: new Uint8Array(size * size), fixed: new Uint8Array(size * size) };
  for (let at = 0; at < size; at++) {
    put(matrix, 6, at, at % 2 === 0);
    put(matrix, at, 6, at % 2 === 0);
  }
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const)
    finder(matrix, row, column);
  for (const row of alignment)
    for (const column of alignment) if (!isCorner(row, column, size)) aligning(matrix, row, column);
  writeFormat(matrix, 0);
  if (version >= 7) writeVersion(matrix, version);
  return matrix;
}

const isCorner = (row: number, column: number, size: number): boolean =>
  (row === 6 && (column === 6 || column === size - 7)) || (row === size - 7 && column === 6);

function finder(matrix: Matrix, row: number, column: number): void {
  for (let down = -4; down <= 4; down++)
    for (let right = -4; right <= 4; right++) {
      const [y, x] = [row + down, column + right];
      if (y < 0 || x < 0 || y >= matrix.size || x >= matrix.size) continue;
      const ring = Math.max(Math.abs(down), Math.abs(right));
      put(matrix, y, x, ring !== 2 && ring !== 4);
    }
}

function aligning(matrix: Matrix, row: number, column: number): void {
  for (let down = -2; down <= 2; down++)
    for (let right = -2; right <= 2; right++)
      put(matrix, row + down, column + right, Math.max(Math.abs(down), Math.abs(right)) !== 1);
}

/** `value` with the rest of its division by `divisor` behind it: the BCH codes of annexes C and D. */
function protectedBits(value: number, restBits: number, divisor: number): number {
  let rest = value;
  for (let bit = 0; bit < restBits; bit++) rest = (rest << 1) ^ ((rest >>> (restBits - 1)) * divisor);
  return (value << restBits) | rest;
}

/** Level M and the mask, twice (7.9). */
export function writeFormat(matrix: Matrix, mask: number): void {
  const { size } = matrix;
  // Level M is 00.
  const bits = protectedBits(mask, 10, 0x537) ^ 0x5412;
  for (let bit = 0; bit < 15; bit++) {
    const isDark = ((bits >>> bit) & 1) === 1;
    // Beside the first finder: down its right side, then leftwards below it, leaving out the timing pattern.
    const [row, column] = bit < 8 ? [bit < 6 ? bit : bit + 1, 8] : [8, bit === 8 ? 7 : 14 - bit];
    put(matrix, row as number, column as number, isDark);
    if (bit < 8) put(matrix, 8, size - 1 - bit, isDark);
    else put(matrix, size - 15 + bit, 8, isDark);
  }
  put(matrix, size - 8, 8, true);
}

/** From version 7 on (7.10). */
function writeVersion(matrix: Matrix, version: number): void {
  const bits = protectedBits(version, 12, 0x1f25);
  for (let bit = 0; bit < 18; bit++) {
    const isDark = ((bits >>> bit) & 1) === 1;
    const [near, far] = [Math.floor(bit / 3), matrix.size - 11 + (bit % 3)];
    put(matrix, near, far, isDark);
    put(matrix, far, near, isDark);
  }
}

/** Where data goes, in its order: two columns at a time from the right, up and down by turns (7.7.3). */
export function* dataPlaces({ size, fixed }: Matrix): Generator<number> {
  for (let right = size - 1, isUp = true; right > 0; right -= 2, isUp = !isUp) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const row = isUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) if (fixed[row * size + column] === 0) yield row * size + column;
    }
  }
}
