/** A disk made of a clock: one arm, one queue, nearest read ahead of the arm first (C-LOOK). No byte is moved. */
export class SlowDisk {
  readonly #seekMs: number;
  readonly #bytesPerMs: number;
  readonly #queue: { from: number; bytes: number; done: () => void }[] = [];
  #arm = 0;
  #busy = false;
  /** When the disk has finished what it began, in milliseconds of a clock that no timer's lateness adds to. */
  #freeMs = 0;
  reads = 0;
  seeks = 0;
  busyMs = 0;

  /** `seekMs` for a read that does not begin where the last one ended. */
  constructor(seekMs: number, bytesPerMs: number) {
    this.#seekMs = seekMs;
    this.#bytesPerMs = bytesPerMs;
  }

  read(from: number, bytes: number): Promise<void> {
    return new Promise((done) => {
      this.#queue.push({ from, bytes, done });
      this.#next();
    });
  }

  #next(): void {
    if (this.#busy || this.#queue.length === 0) return;
    const ahead = this.#queue.filter(({ from }) => from >= this.#arm);
    const read = (ahead.length > 0 ? ahead : this.#queue).reduce((a, b) => (b.from < a.from ? b : a));
    this.#queue.splice(this.#queue.indexOf(read), 1);
    const seek = read.from !== this.#arm;
    const tookMs = (seek ? this.#seekMs : 0) + read.bytes / this.#bytesPerMs;
    this.reads++;
    if (seek) this.seeks++;
    this.busyMs += tookMs;
    this.#arm = read.from + read.bytes;
    this.#busy = true;
    const nowMs = performance.now();
    this.#freeMs = Math.max(nowMs, this.#freeMs) + tookMs;
    setTimeout(() => {
      this.#busy = false;
      read.done();
      this.#next();
    }, this.#freeMs - nowMs);
  }
}
