import { BROKER_LIMITS } from './broker-limits.ts';

/** `go`: it may be sent, and `leave` follows. `full`: too much waits already. `lost`: the connection went while it waited. */
export type Entry = 'go' | 'full' | 'lost';
type Waiting = { readonly bytes: number; readonly enter: (entry: Entry) => void };

/**
 * Room for what is sent and not yet confirmed. Who does not fit waits, first come first served. Everything is called back
 * synchronously, so that nobody who comes later is sent earlier.
 * Invariant: what is inside and what waits each stay within `BROKER_LIMITS`, except that a message alone always fits.
 */
export class ConfirmWindow {
  #messages = 0;
  #bytes = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isPumping = false;

  get unconfirmed(): number {
    return this.#messages;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  enter(bytes: number, enter: (entry: Entry) => void): void {
    const { waitingMessages, waitingBytes } = BROKER_LIMITS;
    if (this.#waiting.length < waitingMessages && this.#waitingBytes + bytes <= waitingBytes) {
      this.#waiting.push({ bytes, enter });
      this.#waitingBytes += bytes;
      this.#pump();
    } else enter('full');
  }

  leave(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
    this.#pump();
  }

  /** While the broker takes nothing, nobody enters. */
  hold(on: boolean): void {
    this.#isHeld = on;
    this.#pump();
  }

  /** The connection went: nobody waits any more. Those inside leave by themselves. */
  lose(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isHeld = false;
    for (const { enter } of waiting) enter('lost');
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let next = this.#next(); next; next = this.#next()) {
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes;
      this.#messages++;
      this.#bytes += next.bytes;
      next.enter('go');
    }
    this.#isPumping = false;
  }

  #next(): Waiting | undefined {
    const [next] = this.#waiting;
    if (!next || this.#isHeld) return undefined;
    const { unconfirmedMessages, unconfirmedBytes } = BROKER_LIMITS;
    const fits = this.#messages < unconfirmedMessages && this.#bytes + next.bytes <= unconfirmedBytes;
    return fits || this.#messages === 0 ? next : undefined;
  }
}
