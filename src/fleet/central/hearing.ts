import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import type { Delivery } from '../broker.ts';
import { type Carried, decodeUp, type UpMessage } from '../messages.ts';
import { senderOf } from '../names.ts';

export type HearingWorld = {
  readonly book: FleetBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** What it brings about, inside a transaction: it may be asked again for the same message when that one fails. */
  act(node: string, said: UpMessage): void;
  /** They are kept. */
  heard(): void;
};

type Heard = { readonly node: string; readonly said: UpMessage; readonly delivery: Delivery };

/** Before what could not be kept is tried again, ms: a disk that is full. */
const RETRY_MS = 1_000;

/**
 * Reads what nodes say. Invariant: a message is acked when what it brings about is in the book, and a message that comes twice does nothing. Those that come together are
 * one transaction: each costs the disk a wait.
 */
export class Hearing {
  readonly #world: HearingWorld;
  #waiting: Heard[] = [];

  constructor(world: HearingWorld) {
    this.#world = world;
  }

  onDelivery(delivery: Delivery): void {
    const { key, type, contentType = '', body } = delivery;
    const sender = senderOf(key);
    const carried: Carried = { type, contentType, body };
    const read = decodeUp(carried);
    if (!sender || read.kind !== 'ok' || sender.type !== type) {
      const why = read.kind === 'ok' ? 'its key is not of its type' : read.why;
      this.#world.log.warn('message not understood', { from: sender?.node, type, why });
      delivery.reject();
      return;
    }
    this.#waiting.push({ node: sender.node, said: read.value, delivery });
    if (this.#waiting.length === 1) setImmediate(() => this.#hear());
  }

  #hear(): void {
    const all = this.#waiting;
    this.#waiting = [];
    if (this.#world.scope.closed) return;
    // One that cannot be kept must not hold up the others.
    if (!this.#keep(all) && all.length > 1) for (const one of all) this.#keep([one]);
    this.#world.heard();
  }

  /** False: nothing of it was kept. One alone is then given back after a while. */
  #keep(all: readonly Heard[]): boolean {
    const { book, clock, log, scope } = this.#world;
    try {
      book.transaction(() => {
        for (const { node, said, delivery } of all) if (book.isNews(delivery.messageId)) this.#world.act(node, said);
      });
    } catch (error) {
      const [{ delivery }, ...more] = all as [Heard, ...Heard[]];
      if (more.length > 0) return false;
      log.error('message not kept', { type: delivery.type, why: errorText(error) });
      scope.run(async (signal) => {
        await clock.sleep(RETRY_MS, signal);
        delivery.requeue();
      });
      return false;
    }
    for (const { delivery } of all) delivery.ack();
    return true;
  }
}
