import { CAPTURE_LIMITS } from './limits.ts';

/** What hears one direction of a connection in order. */
export type InOrder = { bytes(payload: Buffer): void; gap(): void };

/** Signed distance of two sequence numbers (RFC 9293 section 3.4). */
const distance = (to: number, from: number): number => (to - from) | 0;

/**
 * Puts the segments of one direction of a connection in order: repeated bytes are dropped, later ones wait for those
 * before them, and a hole that does not fill is reported as a gap.
 */
export class TcpOrder {
  #next: number | undefined;
  #held: { seq: number; payload: Buffer; lackingBytes: number }[] = [];
  #heldBytes = 0;

  /** The next byte to be heard is this one. */
  start(seq: number): void {
    this.#next = seq >>> 0;
    this.#held = [];
    this.#heldBytes = 0;
  }

  get hasBegun(): boolean {
    return this.#next !== undefined;
  }

  /** `lackingBytes`: bytes of the segment after `payload` that the capture did not keep. */
  push(seq: number, payload: Buffer, lackingBytes: number, to: InOrder): void {
    if (payload.length + lackingBytes === 0) return;
    this.#next ??= seq;
    if (distance(seq, this.#next) <= 0) this.#deliver(seq, payload, lackingBytes, to);
    else this.#hold(seq, payload, lackingBytes);
    this.#release(to);
  }

  /** Nothing more will come. */
  end(to: InOrder): void {
    while (this.#held.length > 0) this.#jump(to);
  }

  #deliver(seq: number, payload: Buffer, lackingBytes: number, to: InOrder): void {
    const next = this.#next as number;
    const known = distance(next, seq);
    if (known >= payload.length + lackingBytes) return;
    if (known < payload.length) to.bytes(payload.subarray(known));
    if (lackingBytes > 0) to.gap();
    this.#next = (seq + payload.length + lackingBytes) >>> 0;
  }

  #hold(seq: number, payload: Buffer, lackingBytes: number): void {
    if (this.#held.some((h) => h.seq === seq && h.payload.length >= payload.length)) return;
    this.#held.push({ seq, payload: Buffer.from(payload), lackingBytes });
    this.#held.sort((x, y) => distance(x.seq, y.seq));
    this.#heldBytes += payload.length;
  }

  #release(to: InOrder): void {
    for (;;) {
      const first = this.#held[0];
      if (!first) return;
      if (distance(first.seq, this.#next as number) <= 0) {
        this.#takeFirst();
        this.#deliver(first.seq, first.payload, first.lackingBytes, to);
      } else if (this.#held.length > CAPTURE_LIMITS.heldSegments || this.#heldBytes > CAPTURE_LIMITS.heldBytes) {
        this.#jump(to);
      } else return;
    }
  }

  /** Gives the hole before the first waiting segment up. */
  #jump(to: InOrder): void {
    const first = this.#takeFirst();
    if (!first) return;
    if (distance(first.seq, this.#next as number) > 0) {
      to.gap();
      this.#next = first.seq;
    }
    this.#deliver(first.seq, first.payload, first.lackingBytes, to);
  }

  #takeFirst(): { seq: number; payload: Buffer; lackingBytes: number } | undefined {
    const first = this.#held.shift();
    this.#heldBytes -= first?.payload.length ?? 0;
    return first;
  }
}
