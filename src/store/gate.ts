import { bug } from '#base/errors.ts';

/** At most `slots` inside, at most `waiting` outside the door, first come first served. */
export class Gate {
  readonly #slots: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(slots: number, waiting: number) {
    this.#slots = slots;
    this.#waiting = waiting;
  }

  /** Undefined at once when too many wait already. Disposing of the pass lets the next one in. */
  async enter(): Promise<Disposable | undefined> {
    if (this.#inside < this.#slots) this.#inside++;
    else {
      if (this.#queue.length >= this.#waiting) return undefined;
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) bug('a gate left twice');
        left = true;
        // The slot passes from hand to hand: nobody can slip in between.
        const next = this.#queue.shift();
        if (next) next();
        else this.#inside--;
      },
    };
  }
}

/** The answer to one who finds the queue full: the disk or the processor cannot follow. */
export const busy = (what: string): Error =>
  Object.assign(new Error(`too many ${what} are waiting`), { code: 'EBUSY' });
