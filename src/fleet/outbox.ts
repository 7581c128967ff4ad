import { randomUUID } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { Doze } from '#base/doze.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { FleetBook, OutboxRow } from '#index/fleet-book.ts';
import type { Broker, Published } from './broker.ts';
import { retryAfterMs } from './broker-limits.ts';
import { LIMITS } from './limits.ts';

export type OutboxWorld = {
  readonly book: FleetBook;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** It ends with this one. */
  readonly scope: Scope;
  /** Where a message goes. `mandatory`: its sender wants to hear of it when it goes to nobody. */
  route(row: OutboxRow): { readonly exchange: string; readonly mandatory: boolean };
  /** It was mandatory and goes to nobody. What this does in the book is kept together with the message being done with. */
  unroutable(row: OutboxRow): void;
  /** In [0, 1), as Math.random. */
  random?(): number;
};

/** A message that is not yet confirmed. `lost`: nobody knows whether the broker has it. */
type Known = {
  readonly id: number;
  readonly line: string;
  tries: number;
  dueMs: number;
  isOut: boolean;
  isLost: boolean;
};

/** Before the id of each message that leaves this book: the same for as long as the book lives. */
export function bookIdOf(book: FleetBook): string {
  const known = book.fact('book id') ?? randomUUID();
  book.setFact('book id', known);
  return known;
}

/**
 * Sends what the book says is still to be sent, until the broker has it. At least once: what was lost on the way, or confirmed just before the process ended,
 * goes again under the same message id.
 *
 * Invariant: of the messages of one distribution to one receiver one is out at a time, the oldest, so that none overtakes another when it is refused; one that a full
 * inbox refuses holds up no other receiver.
 */
export class Outbox {
  readonly #world: OutboxWorld;
  readonly #scope: Scope;
  readonly #bookId: string;
  /** In the order of the book. */
  readonly #known = new Map<number, Known>();
  /** The broker has them, and the book is yet to forget them. */
  #taken: Known[] = [];
  #lastId = 0;
  #inFlight = 0;
  /** There was more in the book than could be out at once. */
  #isBehind = false;
  readonly #doze: Doze;

  constructor(world: OutboxWorld) {
    this.#world = world;
    this.#bookId = bookIdOf(world.book);
    this.#scope = new Scope((error) => world.log.error('outbox ended', { why: errorText(error) }), world.scope);
    this.#doze = new Doze(world.clock, this.#scope.signal);
    this.#scope.run((signal) => this.#loop(signal));
    this.#scope.defer(world.broker.onState(({ kind }) => kind === 'up' && this.#isUp()));
    this.#scope.defer(() => this.poke());
  }

  /** There is something new in the book. */
  poke(): void {
    this.#doze.poke();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.#doze.heed();
        this.#pass();
        failures = 0;
      } catch (error) {
        this.#world.log.error('outbox not read', { why: errorText(error) });
        failures++;
      }
      await this.#doze.rest(failures > 0 ? this.#backoff(failures) : this.#idleMs());
    }
  }

  #idleMs(): number {
    const nowMs = this.#world.clock.nowMs();
    let dueMs = nowMs + LIMITS.outboxIdleMs;
    if (this.#world.broker.state.kind === 'up' && this.#inFlight < LIMITS.outboxInFlight)
      for (const known of this.#known.values())
        if (!known.isOut && known.tries > 0) dueMs = Math.min(dueMs, known.dueMs);
    return Math.max(1, dueMs - nowMs);
  }

  #isUp(): void {
    for (const known of this.#known.values()) if (known.isLost) known.dueMs = 0;
    this.poke();
  }

  /** Reads on in the book, and sends what may go now. */
  #pass(): void {
    if (this.#world.broker.state.kind !== 'up') return;
    const nowMs = this.#world.clock.nowMs();
    const busy = new Set<string>();
    this.#isBehind = true;
    for (const known of this.#known.values()) {
      if (this.#inFlight >= LIMITS.outboxInFlight) return;
      if (!busy.has(known.line) && !known.isOut && known.dueMs <= nowMs) this.#sendAgain(known);
      if (this.#known.has(known.id)) busy.add(known.line);
    }
    while (this.#inFlight < LIMITS.outboxInFlight && this.#known.size < LIMITS.outboxKnown) {
      const rows = this.#world.book.unsent(this.#lastId, LIMITS.outboxInFlight);
      for (const row of rows) {
        if (this.#inFlight >= LIMITS.outboxInFlight || this.#known.size >= LIMITS.outboxKnown) return;
        const known: Known = { id: row.id, line: lineOf(row), tries: 0, dueMs: 0, isOut: false, isLost: false };
        this.#lastId = row.id;
        this.#known.set(row.id, known);
        if (!busy.has(known.line)) this.#send(known, row);
        busy.add(known.line);
      }
      this.#isBehind = rows.length === LIMITS.outboxInFlight;
      if (!this.#isBehind) return;
    }
  }

  #sendAgain(known: Known): void {
    const [row] = this.#world.book.unsent(known.id - 1, 1);
    if (row?.id === known.id) this.#send(known, row);
    // It went with its distribution.
    else this.#known.delete(known.id);
  }

  #send(known: Known, row: OutboxRow): void {
    const { exchange, mandatory } = this.#world.route(row);
    known.isOut = true;
    known.isLost = false;
    this.#inFlight++;
    const { receiver: key, type, contentType, body, distribution } = row;
    const messageId = `${this.#bookId}-${row.id}`;
    const message = { exchange, key, type, messageId, contentType, persistent: true, body };
    void this.#world.broker
      .publish(distribution === null ? message : { ...message, correlationId: distribution }, mandatory)
      .catch((error: unknown): Published => ({ kind: 'lost', why: errorText(error) }))
      .then((published) => this.#answered(known, row, published));
  }

  #answered(known: Known, row: OutboxRow, published: Published): void {
    known.isOut = false;
    this.#inFlight--;
    // Its book may be closed: it goes again under the same id.
    if (this.#scope.closed) return;
    const { book, log, clock } = this.#world;
    try {
      switch (published.kind) {
        case 'impossible':
          log.error('message can never be sent', { type: row.type, to: row.receiver, why: published.why });
          book.sent(row.id);
          break;
        case 'unroutable':
          book.transaction(() => {
            this.#world.unroutable(row);
            book.sent(row.id);
          });
          break;
        case 'ok':
          // Those that are answered together are one transaction. Until then it is out, and nothing overtakes it.
          known.isOut = true;
          if (this.#taken.push(known) === 1) setImmediate(() => this.#forget());
          return;
        default:
          known.isLost = published.kind === 'lost';
          known.dueMs = clock.nowMs() + this.#backoff(known.tries++);
          this.poke();
          return;
      }
      this.#known.delete(row.id);
    } catch (error) {
      log.error('outbox not written', { type: row.type, why: errorText(error) });
      known.dueMs = clock.nowMs() + this.#backoff(known.tries++);
    }
    if (this.#isBehind || this.#known.size > this.#inFlight) this.poke();
  }

  #forget(): void {
    const taken = this.#taken;
    this.#taken = [];
    if (this.#scope.closed) return;
    const { book, log, clock } = this.#world;
    try {
      book.transaction(() => {
        for (const { id } of taken) book.sent(id);
      });
      for (const { id } of taken) this.#known.delete(id);
    } catch (error) {
      log.error('outbox not written', { why: errorText(error) });
      for (const known of taken) {
        known.isOut = false;
        known.dueMs = clock.nowMs() + this.#backoff(known.tries++);
      }
    }
    this.poke();
  }

  #backoff(failures: number): number {
    return retryAfterMs(failures, (this.#world.random ?? Math.random)(), LIMITS.outboxRetryMs);
  }
}

/** What must stay in order: one distribution's messages to one receiver. The last word of a routing key is the type. */
const lineOf = ({ distribution, receiver }: OutboxRow): string =>
  `${receiver.slice(0, receiver.lastIndexOf('.'))} ${distribution ?? ''}`;
