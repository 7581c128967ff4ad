import { codewords } from './qr-data.ts';
import { MASK_COUNT, penalty, turnOver } from './qr-mask.ts';
import { dataPlaces, patterns, writeFormat } from './qr-matrix.ts';
import { versionFor } from './qr-version.ts';

/** Rows of `0` and `1`, dark is `1`; without the quiet zone of four modules. */
export type QrCode = readonly string[];

/** A QR code (ISO/IEC 18004) of up to 213 bytes of text, error correction level M: what a phone's camera reads from a screen. */
export function qrCode(text: string): QrCode {
  const bytes = Buffer.from(text);
  const version = versionFor(bytes.length);
  const matrix = patterns(version);
  const words = codewords(bytes, version);
  let bit = 0;
  // The last places stay light where the bytes do not fill them.
  for (const at of dataPlaces(matrix)) {
    matrix.dark[at] = bit < words.length * 8 ? ((words[bit >>> 3] as number) >>> (7 - (bit & 7))) & 1 : 0;
    bit++;
  }
  let best = { mask: 0, penalty: Number.POSITIVE_INFINITY };
  for (let mask = 0; mask < MASK_COUNT; mask++) {
    turnOver(matrix, mask);
    writeFormat(matrix, mask);
    const now = penalty(matrix);
    if (now < best.penalty) best = { mask, penalty: now };
    turnOver(matrix, mask);
  }
  turnOver(matrix, best.mask);
  writeFormat(matrix, best.mask);
  return Array.from({ length: matrix.size }, (_, row) =>
    matrix.dark.subarray(row * matrix.size, (row + 1) * matrix.size).join(''),
  );
}
