import type { FairLine, Waiter } from './fair-line.ts';

/** Whose an allowance is. */
export type AllowanceOwner = {
  /** The same for all connections of one client. */
  readonly share: object;
  /** How much of what it shares with others is due to it, above 0. */
  weight(): number;
  /** The allowance is not used any more. */
  left(): void;
};

/**
 * What one connection of a client may be given, under the limits that it shares with others: it stands in each line in turn, the narrowest circle first.
 * What an earlier line has granted is held there until the last one grants too, so that no line lets more go than its rate.
 */
export class Allowance implements Waiter {
  readonly #linesNow: () => readonly FairLine[];
  readonly #turnBytesNow: () => number;
  /** Those of the present question. */
  #lines: readonly FairLine[] = [];
  readonly #owner: AllowanceOwner;
  /** Lines that have granted. */
  #passed = 0;
  #bytes = 0;
  #allowed: (() => void) | undefined;
  #closed = false;

  /** `lines`, `turnBytes`: as the limits are when somebody asks. */
  constructor(lines: () => readonly FairLine[], turnBytes: () => number, owner: AllowanceOwner) {
    this.#linesNow = lines;
    this.#turnBytesNow = turnBytes;
    this.#owner = owner;
  }

  /** The most to be asked for at once, unless one request alone is more. */
  get turnBytes(): number {
    return this.#turnBytesNow();
  }

  get bytes(): number {
    return this.#bytes;
  }

  get owner(): object {
    return this.#owner.share;
  }

  get weight(): number {
    return this.#owner.weight();
  }

  /** Calls `allowed` once, now or later, when so many bytes may go. One question at a time. */
  ask(bytes: number, allowed: () => void): void {
    this.#bytes = bytes;
    this.#allowed = allowed;
    this.#passed = 0;
    this.#lines = this.#linesNow();
    this.#next();
  }

  /** For the lines: this one has granted. */
  granted(): void {
    this.#passed++;
    this.#next();
  }

  /** Nothing is wanted any more. */
  close(): void {
    if (!this.#closed) this.#owner.left();
    this.#closed = true;
    if (!this.#allowed) return;
    this.#allowed = undefined;
    this.#lines[this.#passed]?.leave(this);
    for (const line of this.#lines.slice(0, this.#passed)) line.giveBack(this.#bytes);
  }

  #next(): void {
    const line = this.#lines[this.#passed];
    if (line) {
      line.ask(this);
      return;
    }
    for (const passed of this.#lines) passed.settle(this.#bytes);
    const allowed = this.#allowed;
    this.#allowed = undefined;
    allowed?.();
  }
}
