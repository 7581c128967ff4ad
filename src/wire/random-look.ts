/** How far a mean may lie from what random bytes give, in standard deviations: one honest run in a thousand fails. */
const DEVIATIONS = 3.3;
/** Wider than the deviation of a long run: real keys and padding come from generators that are not all perfect. */
const MIN_BITS_TOLERANCE = 0.25;
const MIN_PRINTABLE_TOLERANCE = 0.15;
/** Random bytes have half their bits set; 95 of 256 are printable ASCII. */
const BITS = 4;
const PRINTABLE = 95 / 256;
const ZERO_RUN = 3;

const popcount = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** Whether a run of bytes looks random (encrypted, or a Diffie-Hellman key), counted as the bytes come. */
export class RandomLook {
  bytes = 0;
  #bits = 0;
  #printable = 0;
  #zeros = 0;
  #hasZeroRun = false;

  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.#bits += popcount[byte] as number;
      if (byte >= 0x20 && byte < 0x7f) this.#printable++;
      this.#zeros = byte === 0 ? this.#zeros + 1 : 0;
      if (this.#zeros >= ZERO_RUN) this.#hasZeroRun = true;
    }
    this.bytes += chunk.length;
  }

  get looksRandom(): boolean {
    const n = this.bytes;
    if (n === 0 || this.#hasZeroRun) return false;
    const bitsTolerance = Math.max(MIN_BITS_TOLERANCE, DEVIATIONS * Math.sqrt(2 / n));
    const spread = Math.sqrt((PRINTABLE * (1 - PRINTABLE)) / n);
    const printableTolerance = Math.max(MIN_PRINTABLE_TOLERANCE, DEVIATIONS * spread);
    return Math.abs(this.#bits / n - BITS) <= bitsTolerance && this.#printable / n <= PRINTABLE + printableTolerance;
  }
}
