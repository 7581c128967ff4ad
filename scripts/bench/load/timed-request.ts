/**
 * Times one request of a pipeline, then another: one clock reading for each is all it costs. Answers are taken to come in
 * the order of their requests, which hardly matters for a percentile where a server takes some other.
 */
export class TimedRequest {
  readonly #took: (ms: number) => void;
  #sinceMs = 0;
  /** Answers until the timed one; 0: none is timed. */
  #left = 0;

  constructor(took: (ms: number) => void) {
    this.#took = took;
  }

  /** A request is made now, behind so many that are open. */
  asked(open: number): void {
    if (this.#left > 0) return;
    this.#left = open + 1;
    this.#sinceMs = performance.now();
  }

  answered(): void {
    if (this.#left > 0 && --this.#left === 0) this.#took(performance.now() - this.#sinceMs);
  }

  /** What was open will not be answered. */
  forget(): void {
    this.#left = 0;
  }
}
