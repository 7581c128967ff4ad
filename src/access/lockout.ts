import { type Tally, tally } from './tally.ts';

/**
 * Who may try a password now. Wrong ones are counted for the sender with this account, for the sender, and for the account; each count drains
 * with time. The first two lock: whoever guesses waits longer and longer. The third only slows down, so that nobody can shut
 * somebody else out by guessing from many addresses; and where the account was opened from before, it does not even slow.
 *
 * Invariants: what one address does never locks another. Refused tries do not count, so waiting is enough. A try counts as it begins, so
 * a thousand at the same moment are no way around. A success forgives the pair alone: an own account does not wash a sender clean
 * who guesses at another's.
 */
export class Lockout {
  readonly #pairs: Tally = tally({ keys: 4096, free: 5, drainMs: 300_000, firstMs: 1_000, mostMs: 900_000 });
  readonly #senders: Tally = tally({ keys: 4096, free: 10, drainMs: 120_000, firstMs: 2_000, mostMs: 900_000 });
  readonly #accounts: Tally = tally({ keys: 1024, free: 20, drainMs: 30_000, firstMs: 100, mostMs: 3_000 });
  /** Wrong codes with the right password. Six digits are few: these lock, but never for long. */
  readonly #codes: Tally = tally({ keys: 256, free: 10, drainMs: 600_000, firstMs: 1_000, mostMs: 20_000 });
  /** Pairs that were right once, oldest first. */
  readonly #known = new Set<string>();

  /** `locked` for so long, or go on after `slowMs`; then tell how it ended. `sender`: see addressKey. */
  begin(account: string, sender: string, nowMs: number): { locked: number } | { slowMs: number } {
    const pair = pairKey(account, sender);
    const locked = Math.max(this.#pairs.waitMs(pair, nowMs), this.#senders.waitMs(sender, nowMs));
    if (locked > 0) return { locked };
    const slowMs = this.#known.has(pair) ? 0 : this.#accounts.waitMs(account, nowMs, 'whole');
    this.#pairs.add(pair, nowMs);
    this.#senders.add(sender, nowMs);
    this.#accounts.add(account, nowMs);
    return { slowMs };
  }

  /** It was no wrong password: the right one, or nobody looked at it. */
  takeBack(account: string, sender: string): void {
    this.#pairs.takeBack(pairKey(account, sender));
    this.#senders.takeBack(sender);
    this.#accounts.takeBack(account);
  }

  succeeded(account: string, sender: string): void {
    this.takeBack(account, sender);
    this.#pairs.forget(pairKey(account, sender));
    this.know(account, sender);
  }

  /** This account was opened from there before. */
  know(account: string, sender: string): void {
    const pair = pairKey(account, sender);
    this.#known.delete(pair);
    this.#known.add(pair);
    for (const oldest of this.#known) {
      if (this.#known.size <= KNOWN_MAX) break;
      this.#known.delete(oldest);
    }
  }

  /** ms until a code of this account is looked at, from somewhere that is not known. */
  codeWaitMs(account: string, sender: string, nowMs: number): number {
    return this.#known.has(pairKey(account, sender)) ? 0 : this.#codes.waitMs(account, nowMs);
  }

  wrongCode(account: string, nowMs: number): void {
    this.#codes.add(account, nowMs);
  }

  /** ms that this sender waits now for another try. */
  waitMs(account: string, sender: string, nowMs: number): number {
    return Math.max(this.#pairs.waitMs(pairKey(account, sender), nowMs), this.#senders.waitMs(sender, nowMs));
  }

  /** How much is remembered; bounded. */
  get size(): number {
    return this.#pairs.size + this.#senders.size + this.#accounts.size + this.#codes.size + this.#known.size;
  }
}

const KNOWN_MAX = 512;
const pairKey = (account: string, sender: string): string => `${account}\n${sender}`;
