import { headBits, type QrVersion } from './qr-version.ts';
import { correctionOf } from './reed-solomon.ts';

/** The bytes of a QR code as they are laid into it: the text in byte mode, in blocks, interleaved (ISO/IEC 18004, 7.4 and 7.6). */
export function codewords(text: Uint8Array, version: QrVersion): Uint8Array {
  const { blocks, correctionBytes, dataBytes } = version;
  const data = padded(text, version);
  const short = Math.floor(dataBytes / blocks);
  const firstLong = blocks - (dataBytes % blocks);
  const parts: Uint8Array[] = [];
  for (let block = 0, at = 0; block < blocks; block++) {
    const length = short + (block < firstLong ? 0 : 1);
    parts.push(data.subarray(at, at + length));
    at += length;
  }
  const corrections = parts.map((part) => correctionOf(part, correctionBytes));
  return Uint8Array.from([...interleaved(parts), ...interleaved(corrections)]);
}

function* interleaved(parts: readonly Uint8Array[]): Generator<number> {
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let at = 0; at < longest; at++) for (const part of parts) if (at < part.length) yield part[at] as number;
}

function padded(text: Uint8Array, version: QrVersion): Uint8Array {
  const bits: number[] = [];
  const push = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  push(0b0100, 4);
  push(text.length, headBits(version) - 4);
  for (const byte of text) push(byte, 8);
  const capacity = version.dataBytes * 8;
  push(0, Math.min(4, capacity - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  for (let filler = 0xec; bits.length < capacity; filler ^= 0xec ^ 0x11) push(filler, 8);
  const bytes = new Uint8Array(version.dataBytes);
  for (const [at, bit] of bits.entries()) bytes[at >>> 3] = (bytes[at >>> 3] as number) | (bit << (7 - (at & 7)));
  return bytes;
}
