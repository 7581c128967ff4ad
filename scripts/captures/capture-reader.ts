import { pcapFormat } from './pcap.ts';
import { pcapngFormat } from './pcapng.ts';
import type { Format, OnFrame } from './record.ts';

/** The longest beginning that tells the kind of file. */
const MAGIC_BYTES = 4;
const GZIP = 0x1f8b;

/**
 * Reads a capture file as it comes: pcap and pcapng, of either byte order. Time stamps are skipped: no verdict depends on
 * them. Holds at most one unfinished record.
 */
export class CaptureReader {
  #format: Format | undefined;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes to come that nobody wants. */
  #skip = 0;
  #at = 0;
  #damage: string | undefined;

  /** The kind of file is known. */
  get isCapture(): boolean {
    return this.#format !== undefined;
  }

  /** Returns why the rest of the file cannot be read, from then on always. */
  push(chunk: Buffer, onFrame: OnFrame): string | undefined {
    if (this.#damage !== undefined) return this.#damage;
    let bytes = chunk.subarray(Math.min(this.#skip, chunk.length));
    this.#skip -= chunk.length - bytes.length;
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    if (!this.#format && bytes.length >= MAGIC_BYTES) this.#open(bytes);
    let at = 0;
    while (this.#format && this.#damage === undefined && at < bytes.length) {
      const step = this.#format(bytes.subarray(at), onFrame);
      if (step.kind === 'more') break;
      if (step.kind === 'damaged') this.#damage = `${step.why}, at byte ${this.#at + at}`;
      else at += step.bytes;
    }
    this.#at += at;
    this.#skip += Math.max(0, at - bytes.length);
    this.#rest = this.#damage === undefined ? Buffer.from(bytes.subarray(at)) : Buffer.alloc(0);
    return this.#damage;
  }

  /** The file has ended. Returns what is wrong with its end. */
  end(): string | undefined {
    if (this.#damage !== undefined) return this.#damage;
    if (!this.#format) return 'it is too short to be a capture';
    return this.#rest.length > 0 || this.#skip > 0 ? 'it ends in the middle of a record' : undefined;
  }

  #open(bytes: Buffer): void {
    this.#format = pcapFormat(bytes) ?? pcapngFormat(bytes);
    if (this.#format) return;
    const isGzip = bytes.readUInt16BE(0) === GZIP;
    this.#damage = isGzip ? 'it is compressed: gunzip it first' : 'it is neither pcap nor pcapng';
  }
}
