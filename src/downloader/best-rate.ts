/** What is not seen again halves in ten minutes, looked at five times a second: lines change. */
const FORGET_LOOKS = 3_000;
const forget = 0.5 ** (1 / FORGET_LOOKS);

/** The most that was fetched lately: what the line can do, as far as is known. Pure. */
export class BestRate {
  bytesPerS = 0;

  look(bytesPerS: number): void {
    this.bytesPerS = Math.max(this.bytesPerS * forget, bytesPerS);
  }
}
