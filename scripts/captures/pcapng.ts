import { CAPTURE_LIMITS } from './limits.ts';
import { damaged, type Format, isTooLong, MORE, type OnFrame, type Progress, used } from './record.ts';

const BLOCK = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simplePacket: 3, enhancedPacket: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type and length before a block's body, the length again after it. */
const HEAD_BYTES = 8;
const FRAME_BYTES = 12;

type Interface = { readonly linkType: number; readonly snapBytes: number };

/** pcapng (draft-ietf-opsawg-pcapng): sections, each of its own byte order and with its own interfaces. */
class Section {
  readonly #little: boolean;
  readonly #interfaces: Interface[] = [];

  constructor(little: boolean) {
    this.#little = little;
  }

  u16(b: Buffer, at: number): number {
    return this.#little ? b.readUInt16LE(at) : b.readUInt16BE(at);
  }

  u32(b: Buffer, at: number): number {
    return this.#little ? b.readUInt32LE(at) : b.readUInt32BE(at);
  }

  /** A whole block. Those of a kind that says nothing about packets are passed over, and so are broken ones. */
  read(block: Buffer, onFrame: OnFrame): void {
    const bodyBytes = block.length - FRAME_BYTES;
    switch (this.u32(block, 0)) {
      case BLOCK.interface:
        if (bodyBytes < 8 || this.#interfaces.length >= CAPTURE_LIMITS.interfaces) return;
        this.#interfaces.push({ linkType: this.u16(block, 8), snapBytes: this.u32(block, 12) });
        return;
      case BLOCK.enhancedPacket:
        if (bodyBytes >= 20) this.#packet(block, this.u32(block, 8), onFrame);
        return;
      case BLOCK.oldPacket:
        if (bodyBytes >= 20) this.#packet(block, this.u16(block, 8), onFrame);
        return;
      case BLOCK.simplePacket:
        if (bodyBytes >= 4) this.#simplePacket(block, onFrame);
    }
  }

  /** Enhanced and old packet blocks differ in how they name the interface alone. */
  #packet(block: Buffer, interfaceId: number, onFrame: OnFrame): void {
    const from = this.#interfaces[interfaceId];
    const capturedBytes = this.u32(block, 20);
    const dataAt = 28;
    if (from && dataAt + capturedBytes <= block.length - 4) {
      onFrame(from.linkType, block.subarray(dataAt, dataAt + capturedBytes));
    }
  }

  /** It states how long the packet was; what was captured of it is bounded by the first interface and the block. */
  #simplePacket(block: Buffer, onFrame: OnFrame): void {
    const from = this.#interfaces[0];
    if (!from) return;
    const capturedBytes = Math.min(this.u32(block, 8), from.snapBytes || Number.POSITIVE_INFINITY);
    onFrame(from.linkType, block.subarray(12, Math.min(12 + capturedBytes, block.length - 4)));
  }
}

export function pcapngFormat(start: Buffer): Format | undefined {
  if (start.readUInt32BE(0) !== BLOCK.section) return undefined;
  let section = new Section(true);
  return (bytes, onFrame): Progress => {
    if (bytes.length < HEAD_BYTES) return MORE;
    const isSection = bytes.readUInt32BE(0) === BLOCK.section;
    if (isSection) {
      if (bytes.length < FRAME_BYTES) return MORE;
      const little = bytes.readUInt32LE(8) === BYTE_ORDER_MAGIC;
      if (!little && bytes.readUInt32BE(8) !== BYTE_ORDER_MAGIC) return damaged('a section of no known byte order');
      section = new Section(little);
    }
    const blockBytes = section.u32(bytes, 4);
    if (blockBytes < FRAME_BYTES || blockBytes % 4 !== 0) return damaged(`a block of ${blockBytes} bytes`);
    if (isSection || isTooLong(blockBytes)) return used(blockBytes);
    if (bytes.length < blockBytes) return MORE;
    section.read(bytes.subarray(0, blockBytes), onFrame);
    return used(blockBytes);
  };
}
