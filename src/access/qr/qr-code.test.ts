import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { qrCode } from './qr-code.ts';
import { codewords } from './qr-data.ts';
import { turnOver } from './qr-mask.ts';
import { dataPlaces, patterns, writeFormat } from './qr-matrix.ts';
import { versionFor } from './qr-version.ts';
import { correctionOf, multiply } from './reed-solomon.ts';

/** The value of a polynomial, highest power first. */
const valueAt = (poly: Iterable<number>, x: number): number => {
  let sum = 0;
  for (const factor of poly) sum = multiply(sum, x) ^ factor;
  return sum;
};

test('data with its correction behind it is a word of the code: zero at every root', () => {
  for (const degree of [10, 16, 18, 22, 24, 26]) {
    const data = Uint8Array.from({ length: 40 }, (_, at) => (at * 37 + degree) % 256);
    const word = [...data, ...correctionOf(data, degree)];
    let root = 1;
    for (let power = 0; power < degree; power++) {
      assert.equal(valueAt(word, root), 0, `${degree} ${power}`);
      root = multiply(root, 2);
    }
  }
});

test('the formats of level M, and the version of 7, are those of the standard', () => {
  // ISO/IEC 18004, table C.1, data bits 00000 to 00111.
  const formats = ['5412', '5125', '5e7c', '5b4b', '45f9', '40ce', '4f97', '4aa0'];
  formats.forEach((wanted, mask) => {
    const matrix = patterns(versionFor(1));
    writeFormat(matrix, mask);
    const at = (row: number, column: number) => matrix.dark[row * matrix.size + column] as number;
    const near = [0, 1, 2, 3, 4, 5, 7, 8].map((row) => at(row, 8));
    const left = [7, 5, 4, 3, 2, 1, 0].map((column) => at(8, column));
    const bits = [...near, ...left].reverse().join('');
    assert.equal(Number.parseInt(bits, 2).toString(16).padStart(4, '0'), wanted);
  });
  const seven = patterns(versionFor(107));
  const bits = Array.from(
    { length: 18 },
    (_, bit) => seven.dark[Math.floor(bit / 3) * seven.size + seven.size - 11 + (bit % 3)],
  );
  // Table D.1.
  assert.equal(Number.parseInt(bits.reverse().join(''), 2), 0x07c94);
});

test('what was written is read back, with whichever mask it has', () => {
  for (const length of [1, 14, 15, 60, 84, 106, 107, 160, 180, 181, 213]) {
    const text = Buffer.from(Array.from({ length }, (_, at) => 33 + ((at * 7 + length * 13) % 90)));
    const version = versionFor(length);
    const rows = qrCode(text.toString());
    const fresh = patterns(version);
    const dark = Uint8Array.from(rows.join(''), Number);
    const fits = [0, 1, 2, 3, 4, 5, 6, 7].filter((mask) => {
      const unmasked = { ...fresh, dark: Uint8Array.from(dark) };
      turnOver(unmasked, mask);
      const bits = [...dataPlaces(unmasked)].map((at) => unmasked.dark[at]);
      const words = codewords(text, version);
      return words.every((word, at) => word === Number.parseInt(bits.slice(at * 8, at * 8 + 8).join(''), 2));
    });
    assert.equal(fits.length, 1, String(length));
  }
});

test('every length from 1 to 213 gives the picture that another reader read', () => {
  const all = createHash('sha256');
  for (let length = 1; length <= 213; length++) {
    const text = Array.from({ length }, (_, at) => String.fromCharCode(33 + ((at * 7 + length * 13) % 90))).join('');
    all.update(`${qrCode(text).join('\n')}\n`);
  }
  assert.equal(all.digest('hex'), '00dd072fdf4926f8bcd1f938a541d4a3a32b7015985bcfd21fbc7cfe0b5d1ca1');
  assert.throws(() => qrCode('x'.repeat(214)), /bug:/);
});
