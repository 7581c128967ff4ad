/** One size of QR code at error correction level M (ISO/IEC 18004, tables 7, 9 and E.1). */
export type QrVersion = {
  readonly version: number;
  /** Modules of a side. */
  readonly size: number;
  /** Bytes of data, and how many blocks they are cut into; the later blocks may have one byte more. */
  readonly dataBytes: number;
  readonly blocks: number;
  /** Bytes of error correction of each block. */
  readonly correctionBytes: number;
  /** Rows and columns of the alignment patterns' centres. */
  readonly alignment: readonly number[];
};

/** All bytes, blocks, correction bytes of a block, alignment: of versions 1 to 10. 213 bytes of text are more than any otpauth URI of ours. */
const TABLE: readonly (readonly [number, number, number, readonly number[]])[] = [
  [26, 1, 10, []],
  [44, 1, 16, [6, 18]],
  [70, 1, 26, [6, 22]],
  [100, 2, 18, [6, 26]],
  [134, 2, 24, [6, 30]],
  [172, 4, 16, [6, 34]],
  [196, 4, 18, [6, 22, 38]],
  [242, 4, 22, [6, 24, 42]],
  [292, 5, 22, [6, 26, 46]],
  [346, 5, 26, [6, 28, 50]],
];

const VERSIONS: readonly QrVersion[] = TABLE.map(([allBytes, blocks, correctionBytes, alignment], at) => ({
  version: at + 1,
  size: 21 + 4 * at,
  dataBytes: allBytes - blocks * correctionBytes,
  blocks,
  correctionBytes,
  alignment,
}));

/** Bits before the text itself: its mode and how long it is (table 3). */
export const headBits = ({ version }: QrVersion): number => (version < 10 ? 12 : 20);

/** The smallest that takes so many bytes of text. */
export function versionFor(textBytes: number): QrVersion {
  const found = VERSIONS.find((one) => one.dataBytes * 8 >= headBits(one) + textBytes * 8);
  if (!found) throw new RangeError(`bug: ${textBytes} bytes of text for a QR code`);
  return found;
}
