import { errorText } from '#base/errors.ts';
import type { Scope } from '#base/scope.ts';
import type { Delivery } from '../broker.ts';
import { decodeDown } from '../messages.ts';
import { openParcel, PARCEL_TYPE } from '../parcel.ts';
import { type ActingWorld, act } from './acting.ts';
import type { Holdings } from './holdings.ts';
import type { Keep } from './keep.ts';
import type { Parcels } from './parcels.ts';

export type DataInboxWorld = ActingWorld & {
  readonly scope: Scope;
  readonly holdings: Holdings;
  readonly parcels: Parcels;
  readonly keep: Pick<Keep, 'takesBytes'>;
};

/** A piece, or some that follow one another: `correlationId` is their distribution, the header `piece` the first one's number, the body their bytes. */
export const PIECE_TYPE = 'piece';

/** What comes in the inbox for bulk: parcels, and pieces with `go` before them. Each is its own proof, and may come twice: nothing is remembered of it. */
export class DataInbox {
  readonly #world: DataInboxWorld;

  constructor(world: DataInboxWorld) {
    this.#world = world;
  }

  onDelivery(delivery: Delivery): void {
    const { type, contentType = '', body } = delivery;
    if (type === PIECE_TYPE) {
      this.#piece(delivery);
      return;
    }
    if (type === PARCEL_TYPE) {
      this.#parcel(delivery);
      return;
    }
    const read = decodeDown({ type, contentType, body });
    if (read.kind === 'ok' && read.value.kind === 'go') {
      this.#world.holdings.expect(read.value.id);
      delivery.ack();
    } else this.#refuse(delivery, read.kind === 'ok' ? 'it does not belong here' : read.why);
  }

  #piece(delivery: Delivery): void {
    const { correlationId: id = '', headers, body } = delivery;
    const piece = headers?.piece;
    const isPiece = /^[0-9a-f]{64}$/.test(id) && Number.isSafeInteger(piece) && Number(piece) >= 0;
    if (!isPiece) {
      this.#refuse(delivery, 'it is no piece of a distribution');
      return;
    }
    this.#world.scope.run(async (signal) => {
      const taken = await this.#world.holdings.piece(id, Number(piece), body).catch((error: unknown) => {
        this.#world.log.error('piece not taken', { distribution: id, why: errorText(error) });
        return 'not-kept' as const;
      });
      if (signal.aborted) return;
      if (taken === 'wrong') this.#refuse(delivery, 'it is not what was signed', id);
      else delivery.ack();
      if (taken !== 'early') this.#free(delivery);
    });
  }

  #parcel(delivery: Delivery): void {
    const read = openParcel(delivery.headers, delivery.body);
    if (read.kind === 'bad') {
      this.#refuse(delivery, read.why);
      return;
    }
    const { offer, bytes } = read.value;
    const { holdings, parcels } = this.#world;
    holdings.inTurn(offer.id, async (signal) => {
      await act(this.#world, delivery, undefined, () => parcels.came(offer, bytes), signal);
      if (!signal.aborted) this.#free(delivery);
    });
  }

  #free(delivery: Delivery): void {
    if (!this.#world.keep.takesBytes) delivery.release?.();
  }

  #refuse(delivery: Delivery, why: string, distribution = ''): void {
    this.#world.log.warn('bulk message refused', { type: delivery.type.slice(0, 40), distribution, why });
    delivery.reject();
  }
}
