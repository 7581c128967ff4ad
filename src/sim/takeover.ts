import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from '#base/seeded-random.ts';
import type { Pending, VirtualTime } from './virtual-time.ts';

/** A timer as Node's own looks to who holds it. Nothing here keeps a process alive. */
class SimTimer {
  readonly #time: VirtualTime;
  readonly #everyMs: number | undefined;
  readonly #tick: () => void;
  #event: Pending;

  constructor(time: VirtualTime, ms: number, tick: () => void, repeats: boolean) {
    this.#time = time;
    this.#tick = tick;
    this.#everyMs = repeats ? ms : undefined;
    this.#event = time.after(ms, () => this.#due());
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  clear(): void {
    this.#time.cancel(this.#event);
  }

  #due(): void {
    if (this.#everyMs !== undefined) this.#event = this.#time.after(this.#everyMs, () => this.#due());
    this.#tick();
  }
}

type Callback = (...args: unknown[]) => void;

/**
 * While it lasts, whoever asks the process for the time, for a timer or for a random number gets it from the simulation. Promises and
 * `nextTick` stay as they are: their order follows from the code alone. Returns how to give it all back.
 */
export function takeOver(time: VirtualTime, random: Random): () => void {
  const kept = { ...pickOf(globalThis) };
  const real = {
    now: Date.now,
    elapsed: performance.now,
    unit: Math.random,
    bytes: crypto.randomBytes,
    int: crypto.randomInt,
  };
  const timer =
    (repeats: boolean) =>
    (tick: Callback, ms = 1, ...args: unknown[]) =>
      new SimTimer(time, Math.max(1, ms), () => tick(...args), repeats);
  const clear = (held: unknown): void => {
    if (held instanceof SimTimer) held.clear();
  };
  Object.assign(globalThis, {
    setTimeout: timer(false),
    setInterval: timer(true),
    setImmediate: (tick: Callback, ...args: unknown[]) => new SimTimer(time, 0, () => tick(...args), false),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  Date.now = () => time.nowMs;
  performance.now = () => time.elapsedMs;
  Math.random = () => random.unit();
  Object.assign(crypto, {
    randomBytes: (n: number) => random.bytes(n),
    randomInt: (a: number, b?: number) => (b === undefined ? random.below(a) : random.between(a, b - 1)),
  });
  syncBuiltinESMExports();
  return () => {
    Object.assign(globalThis, kept);
    Date.now = real.now;
    performance.now = real.elapsed;
    Math.random = real.unit;
    Object.assign(crypto, { randomBytes: real.bytes, randomInt: real.int });
    syncBuiltinESMExports();
  };
}

const pickOf = ({
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
}: typeof globalThis) => ({
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout,
  clearInterval,
  clearImmediate,
});
