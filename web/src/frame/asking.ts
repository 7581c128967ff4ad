/** ms. The longest pause between tries while the box does not answer. */
const LONGEST_MS = 60_000;
/** ms. The first pause, where nothing is asked regularly. */
const FIRST_MS = 2000;

export type AskingWorld = {
  /** True: it was answered. It must settle when the signal is aborted. */
  ask(signal: AbortSignal): Promise<boolean>;
  after(ms: number, act: () => void): () => void;
  isLookedAt(): boolean;
  /** ms between the end of an answer and the next question; 0: asked once. */
  everyMs: number;
};

/** Asks again and again, one question at a time, only while somebody looks. */
export class Asking {
  readonly #world: AskingWorld;
  #asked: AbortController | undefined;
  #cancel: () => void = () => {};
  #failures = 0;
  #isDue = false;
  #stopped = false;

  constructor(world: AskingWorld) {
    this.#world = world;
  }

  /** Asks at once; a question under way is dropped, as its answer may be of before. */
  now(): void {
    if (this.#stopped) return;
    this.#asked?.abort();
    this.#cancel();
    this.#isDue = false;
    const asked = new AbortController();
    this.#asked = asked;
    void this.#world.ask(asked.signal).then((ok) => {
      if (asked !== this.#asked || asked.signal.aborted) return;
      this.#asked = undefined;
      this.#failures = ok ? 0 : this.#failures + 1;
      this.#later();
    });
  }

  /** To be told when the page comes into sight or goes out of it. */
  looked(): void {
    if (this.#isDue && this.#world.isLookedAt()) this.now();
  }

  stop(): void {
    this.#stopped = true;
    this.#asked?.abort();
    this.#asked = undefined;
    this.#cancel();
  }

  #later(): void {
    const { everyMs } = this.#world;
    if (this.#failures === 0 && everyMs === 0) return;
    const base = everyMs || FIRST_MS;
    const ms =
      this.#failures === 0 ? base : Math.max(base, Math.min(LONGEST_MS, base * 2 ** Math.min(this.#failures, 6)));
    this.#cancel = this.#world.after(ms, () => {
      if (this.#world.isLookedAt()) this.now();
      else this.#isDue = true;
    });
  }
}
