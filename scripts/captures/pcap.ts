import { damaged, type Format, isTooLong, MORE, used } from './record.ts';

const FILE_HEADER_BYTES = 24;
/** Magic number -> bytes of a record's header: micro- and nanoseconds, and an old variant with interface and protocol. */
const RECORD_HEADER_BYTES: Readonly<Record<number, number>> = { 2712847316: 16, 2712812621: 16, 2712849716: 24 };

/** The classic format (draft-ietf-opsawg-pcap), or undefined when the file does not begin like it. */
export function pcapFormat(start: Buffer): Format | undefined {
  const little = RECORD_HEADER_BYTES[start.readUInt32LE(0)];
  const headerBytes = little ?? RECORD_HEADER_BYTES[start.readUInt32BE(0)];
  if (headerBytes === undefined) return undefined;
  const u32 = (b: Buffer, at: number): number => (little ? b.readUInt32LE(at) : b.readUInt32BE(at));
  let linkType: number | undefined;
  return (bytes, onFrame) => {
    if (linkType === undefined) {
      if (bytes.length < FILE_HEADER_BYTES) return MORE;
      // The upper half may state the length of a frame check sequence.
      linkType = u32(bytes, 20) & 0xffff;
      return used(FILE_HEADER_BYTES);
    }
    if (bytes.length < headerBytes) return MORE;
    const capturedBytes = u32(bytes, 8);
    if (isTooLong(capturedBytes)) return damaged(`a record of ${capturedBytes} bytes`);
    if (bytes.length < headerBytes + capturedBytes) return MORE;
    onFrame(linkType, bytes.subarray(headerBytes, headerBytes + capturedBytes));
    return used(headerBytes + capturedBytes);
  };
}
