import type { Clock } from '#base/clock.ts';

/**
 * Whose doing an event is: a process, or the world around it. Whatever an event's code starts belongs to the same owner, as timers do to
 * a process; when the owner is killed, all of it is gone.
 */
export type Owner = string;

export type Pending = {
  readonly atMs: number;
  readonly order: number;
  readonly owner: Owner;
  /** What is on its way on a connection: its process may be over before it comes. */
  readonly isOnItsWay: boolean;
  run: (() => void) | undefined;
};

/** The real one: nothing below needs the event loop but to know that every microtask and every `nextTick` is over. */
const realImmediate = globalThis.setImmediate;

const ASK_EVERY = 32;

/** Where every simulation begins: far from 0, so that nobody takes a time for a duration. Milliseconds since the epoch. */
const BEGIN_MS = Date.UTC(2026, 0, 1);

/**
 * Time that passes only from one event to the next. One event runs after the other, each with all the promises that it settles, in an order
 * that follows from the times alone; those of one moment run in the order in which they were made.
 */
export class VirtualTime {
  #nowMs = BEGIN_MS;
  #owner: Owner = 'world';
  #made = 0;
  /** A heap, the earliest first. */
  readonly #queue: Pending[] = [];
  readonly #alive = new Map<Owner, number>();
  readonly #killed = new Set<Owner>();
  /** Events that have run. */
  ran = 0;

  /** Milliseconds since the epoch, whole as those of the real clock. */
  get nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  /** The same with its fraction. */
  get exactMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#nowMs - BEGIN_MS;
  }

  get owner(): Owner {
    return this.#owner;
  }

  /** Events to come that are the owner's own. */
  pending(owner: Owner): number {
    return this.#alive.get(owner) ?? 0;
  }

  after(ms: number, run: () => void, owner = this.#owner, isOnItsWay = false): Pending {
    const event: Pending = { atMs: this.#nowMs + Math.max(0, ms), order: this.#made++, owner, isOnItsWay, run };
    if (this.#killed.has(owner)) event.run = undefined;
    else {
      this.#count(event, 1);
      this.#push(event);
    }
    return event;
  }

  cancel(event: Pending): void {
    if (!event.run) return;
    event.run = undefined;
    this.#count(event, -1);
  }

  #count({ owner, isOnItsWay }: Pending, more: 1 | -1): void {
    if (!isOnItsWay) this.#alive.set(owner, this.pending(owner) + more);
  }

  /** Nothing of the owner's ever runs again. */
  kill(owner: Owner): void {
    this.#killed.add(owner);
    for (const event of this.#queue) if (event.owner === owner) this.cancel(event);
  }

  /** A clock of its own for one owner: what is shared by those who share a clock ends with it. */
  clock(): Clock {
    return {
      nowMs: () => this.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) return reject(signal.reason);
          const abort = (): void => {
            this.cancel(event);
            reject(signal.reason);
          };
          const event = this.after(ms, () => {
            signal.removeEventListener('abort', abort);
            resolve();
          });
          signal.addEventListener('abort', abort, { once: true });
        }),
    };
  }

  /** Runs `work` at once as that owner's, and all that follows from it at once. */
  async as(owner: Owner, work: () => void): Promise<void> {
    const before = this.#owner;
    this.#owner = owner;
    try {
      work();
      await settled();
    } finally {
      this.#owner = before;
    }
  }

  /** Lets events run until it is so late, or `over` says so, who is asked now and then. */
  async run(untilMs: number, over: () => boolean = () => false): Promise<void> {
    await settled();
    while (this.ran % ASK_EVERY > 0 || !over()) {
      const event = this.#queue[0];
      if (!event || event.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      this.#pop();
      const { run, owner } = event;
      if (!run) continue;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      this.cancel(event);
      this.ran++;
      await this.as(owner, run);
    }
  }

  #push(event: Pending): void {
    const heap = this.#queue;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Pending)) break;
      heap[at] = heap[parent] as Pending;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#queue;
    const last = heap.pop() as Pending;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Pending, heap[child] as Pending)) child++;
      if (!isBefore(heap[child] as Pending, last)) break;
      heap[at] = heap[child] as Pending;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Pending, b: Pending): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Resolves when no promise is left that settles by itself. Nothing simulated waits for the real world. */
const settled = (): Promise<void> => new Promise((resolve) => realImmediate(resolve));
