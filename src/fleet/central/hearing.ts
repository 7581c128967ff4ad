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
  /** So many came together, and are kept. */
  heard(count: number): void;
};

type Heard = { readonly node: string; readonly said: UpMessage; readonly delivery: Delivery };

/** Before what could not be kept is tried again, ms: a disk that is full. */
const RETRY_MS = 1_000;
/** After so long, ms, the rest waits for the next turn: others wait for this process too. */
const TURN_MS = 50;

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
    const kept = this.#keep(all);
    // One that cannot be kept must not hold up the others.
    if (kept === 0 && all.length > 1) for (const one of all) this.#keep([one]);
    else if (kept > 0) this.#waiting = all.slice(kept);
    if (this.#waiting.length > 0) setImmediate(() => this.#hear());
    this.#world.heard(all.length);
  }

  /** How many of the first are kept; 0: none of them could be. One alone is then given back after a while. */
  #keep(all: readonly Heard[]): number {
    const { book, clock, log, scope } = this.#world;
    const endMs = clock.nowMs() + TURN_MS;
    let kept = 0;
    try {
      book.transaction(() => {
        for (const { node, said, delivery } of all) {
          if (kept > 0 && clock.nowMs() >= endMs) break;
          if (book.isNews(delivery.messageId)) this.#world.act(node, said);
          kept++;
        }
      });
    } catch (error) {
      const [{ delivery }, ...more] = all as [Heard, ...Heard[]];
      if (more.length > 0) return 0;
      log.error('message not kept', { type: delivery.type, why: errorText(error) });
      scope.run(async (signal) => {
        await clock.sleep(RETRY_MS, signal);
        delivery.requeue();
      });
      return 0;
    }
    for (const { delivery } of all.slice(0, kept)) delivery.ack();
    return kept;
  }
}
