import type { Scope } from '#base/scope.ts';
import type { Delivery } from '../broker.ts';
import { type DownMessage, decodeDown } from '../messages.ts';
import { type ActingWorld, act } from './acting.ts';
import type { Holdings } from './holdings.ts';
import type { Installing } from './installing.ts';
import { answer, NOTHING, type Outcome } from './outcome.ts';

export type ControlInboxWorld = ActingWorld & {
  readonly scope: Scope;
  readonly holdings: Holdings;
  readonly installing: Installing;
  discover(epoch: number): void;
};

/**
 * What comes in the inbox for control messages. Each is done with when what it brings about, and the answer, are in the book: it may come twice and is heard once. Those of
 * one distribution are done one after the other.
 */
export class ControlInbox {
  readonly #world: ControlInboxWorld;

  constructor(world: ControlInboxWorld) {
    this.#world = world;
  }

  onDelivery(delivery: Delivery): void {
    const { type, contentType = '', body, messageId } = delivery;
    const read = decodeDown({ type, contentType, body });
    if (read.kind === 'ok' && messageId !== '') this.#heard(read.value, delivery);
    else if (read.kind === 'unsupported' && messageId !== '') this.#unsupported(delivery, read.why);
    else {
      this.#world.log.warn('message refused', { type: type.slice(0, 40), why: 'why' in read ? read.why : 'no id' });
      delivery.reject();
    }
  }

  #heard(message: DownMessage, delivery: Delivery): void {
    if (message.kind === 'discover')
      this.#run(undefined, delivery, async () => ({ after: () => this.#world.discover(message.epoch) }));
    else this.#run(message.id, delivery, () => this.#outcomeOf(message));
  }

  #unsupported(delivery: Delivery, why: string): void {
    const { correlationId: id = '', type } = delivery;
    this.#world.log.warn('message not understood', { type: type.slice(0, 40), why });
    const detail = why.slice(0, 200);
    if (!/^[0-9a-f]{64}$/.test(id)) delivery.reject();
    else this.#run(id, delivery, async () => answer({ kind: 'failed', id, code: 'unsupported', detail }));
  }

  async #outcomeOf(message: Exclude<DownMessage, { kind: 'discover' }>): Promise<Outcome> {
    const { holdings, installing } = this.#world;
    switch (message.kind) {
      case 'offer':
        return holdings.offered(message);
      case 'seed':
        return holdings.seedPart(message);
      case 'start':
        return holdings.started(message);
      case 'cancel':
        return holdings.cancelled(message.id);
      case 'install':
        return installing.ordered(message);
      case 'go':
        holdings.expect(message.id);
        return NOTHING;
      default:
        return message satisfies never;
    }
  }

  #run(id: string | undefined, delivery: Delivery, work: () => Promise<Outcome>): void {
    const { holdings, scope } = this.#world;
    const hear = (signal: AbortSignal): Promise<void> => act(this.#world, delivery, delivery.messageId, work, signal);
    if (id === undefined) scope.run(hear);
    else holdings.inTurn(id, hear);
  }
}
