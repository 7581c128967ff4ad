import { bug } from '#base/errors.ts';

type Waiting = { readonly enter: () => void; readonly untilMs: number; readonly late: () => void };

/** At most `slots` inside, at most `waiting` outside the door, first come first served, nobody longer than `waitMs`. */
export class Gate {
  readonly #slots: number;
  readonly #waiting: number;
  readonly #waitMs: number;
  readonly #nowMs: () => number;
  readonly #queue: Waiting[] = [];
  #inside = 0;

  constructor(
    slots: number,
    waiting: number,
    waitMs = Number.POSITIVE_INFINITY,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#slots = slots;
    this.#waiting = waiting;
    this.#waitMs = waitMs;
    this.#nowMs = nowMs;
  }

  /** Inside and outside the door. */
  get load(): number {
    return this.#inside + this.#queue.length;
  }

  /**
   * Undefined at once when too many wait already, and when the turn comes too late to be of use. Disposing of the pass lets
   * the next one in.
   */
  async enter(): Promise<Disposable | undefined> {
    if (this.#inside < this.#slots) this.#inside++;
    else if (!(await this.#turn())) return undefined;
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) bug('a gate left twice');
        left = true;
        this.#next();
      },
    };
  }

  /** Whoever has waited for too long is told so: by this call at the latest, which whoever watches a disk makes. */
  expire(): void {
    const nowMs = this.#nowMs();
    while ((this.#queue[0]?.untilMs ?? Number.POSITIVE_INFINITY) < nowMs) this.#queue.shift()?.late();
  }

  #turn(): Promise<boolean> {
    if (this.#queue.length >= this.#waiting) this.expire();
    if (this.#queue.length >= this.#waiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#queue.push({
        enter: () => resolve(true),
        late: () => resolve(false),
        untilMs: this.#nowMs() + this.#waitMs,
      });
    });
  }

  /** The slot passes from hand to hand: nobody can slip in between. */
  #next(): void {
    this.expire();
    const next = this.#queue.shift();
    if (next) next.enter();
    else this.#inside--;
  }
}

/** The answer to one who finds the queue full: the disk or the processor cannot follow. */
export const busy = (what: string): Error =>
  Object.assign(new Error(`too many ${what} are waiting`), { code: 'EBUSY' });
