import type { Matrix } from './qr-matrix.ts';

/** What each mask turns over (ISO/IEC 18004, table 10). */
const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];
export const MASK_COUNT = MASKS.length;

/** Twice is as before. */
export function turnOver({ size, dark, fixed }: Matrix, mask: number): void {
  const isTurned = MASKS[mask] as (row: number, column: number) => boolean;
  for (let at = 0; at < dark.length; at++)
    if (fixed[at] === 0 && isTurned(Math.floor(at / size), at % size)) dark[at] = (dark[at] as number) ^ 1;
}

/** How hard it is to scan (7.8.3). */
export function penalty({ size, dark }: Matrix): number {
  let sum = 0;
  for (let line = 0; line < size; line++) {
    const row = Array.from({ length: size }, (_, at) => dark[line * size + at] as number).join('');
    const column = Array.from({ length: size }, (_, at) => dark[at * size + line] as number).join('');
    sum += ofLine(row) + ofLine(column);
  }
  for (let row = 1; row < size; row++)
    for (let column = 1; column < size; column++) {
      const at = row * size + column;
      const one = dark[at];
      if (one === dark[at - 1] && one === dark[at - size] && one === dark[at - size - 1]) sum += 3;
    }
  const share = (dark.reduce((all, one) => all + one, 0) * 100) / dark.length;
  return sum + Math.floor(Math.abs(share - 50) / 5) * 10;
}

/** Runs of one colour, and what looks like a finder with light beside it. */
function ofLine(line: string): number {
  let sum = 0;
  for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
  for (const like of ['10111010000', '00001011101'])
    for (let at = line.indexOf(like); at >= 0; at = line.indexOf(like, at + 1)) sum += 40;
  return sum;
}
