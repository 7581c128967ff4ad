import type { Log } from '#base/log.ts';
import { bad } from '#wire/parsed.ts';
import {
  type DistributionId,
  type Firmware,
  idOf,
  type Manifest,
  openManifest,
  type SignedManifest,
  type TrustedKey,
} from '../manifest.ts';
import type { Role } from '../message-types.ts';
import type { Offer } from '../parcel.ts';
import type { EarlyPieces } from './early-pieces.ts';
import type { Trouble } from './holding.ts';
import type { Keep } from './keep.ts';
import { NODE_LIMITS } from './limits.ts';
import type { Known, NodeBook } from './node-book.ts';
import { answer, type Outcome } from './outcome.ts';

export type OffersWorld = {
  readonly log: Log;
  readonly keep: Pick<Keep, 'freeBytes'>;
  readonly role: Role;
  readonly trusted: readonly TrustedKey[];
  readonly book: NodeBook;
  readonly early: EarlyPieces;
  /** Why such firmware is not wanted here. */
  unfit(firmware: Firmware): Promise<Trouble | undefined>;
};

/** An offer that its receiver takes. */
export type Wanted = {
  readonly kind: 'yes';
  readonly id: DistributionId;
  readonly manifest: Manifest;
  readonly signed: SignedManifest;
};

/** Firmware for another kind of device. */
const NOT_MINE: ReadonlySet<string> = new Set(['no-installer', 'other-device']);
const NO_ROOM = { code: 'disk-full' } as const;

/** What is offered is wanted here when somebody trusted signed it, no later one of its name was, and there is room. */
export class Offers {
  readonly #world: OffersWorld;

  constructor(world: OffersWorld) {
    this.#world = world;
  }

  async wanted(message: Offer): Promise<Wanted | { readonly kind: 'no'; readonly outcome: Outcome }> {
    const { id } = message;
    const { book, trusted } = this.#world;
    const no = (outcome: Outcome) => ({ kind: 'no', outcome }) as const;
    const signed = {
      bytes: Buffer.from(message.manifest, 'base64'),
      signature: Buffer.from(message.signature, 'base64'),
    };
    const isNamed = idOf(signed.bytes) === id;
    const opened = isNamed ? openManifest(signed, trusted) : bad('its id is not that of its manifest');
    if (opened.kind === 'bad') return no(this.refuse(id, 'not-signed', opened.why));
    const manifest = opened.value;
    const known = book.get(id);
    if (known?.state === 'whole') return no(this.#again(known));
    const last = book.lastRev(manifest.name);
    if (last > manifest.rev || (last === manifest.rev && !known))
      return no(this.refuse(id, 'older', `revision ${last} is known here`));
    const unfit = manifest.firmware && (await this.#world.unfit(manifest.firmware));
    // A relay has it for the others of its site.
    const isForOthers = this.#world.role === 'relay' && unfit && NOT_MINE.has(unfit.code);
    if (unfit && !isForOthers) return no(this.refuse(id, unfit.code, unfit.detail));
    return { kind: 'yes', id: id as DistributionId, manifest, signed };
  }

  refuse(id: string, code: string, detail: string): Outcome {
    this.#world.early.drop(id);
    this.#world.log.warn('offer refused', { distribution: id, code, why: detail });
    return answer({ kind: 'refuse', id, code, detail: detail.slice(0, 500) });
  }

  cannot(id: string, trouble: Trouble): Outcome {
    const { code, detail } = trouble;
    const isRefused = code === 'wrong-seed' || code === NO_ROOM.code;
    return answer(isRefused ? { kind: 'refuse', id, ...trouble } : { kind: 'failed', id, code, detail });
  }

  async noRoom(lackingBytes: number): Promise<Trouble | undefined> {
    const free = await this.#world.keep.freeBytes();
    const needed = Math.ceil(lackingBytes * NODE_LIMITS.roomFactor);
    if (lackingBytes === 0 || free >= needed) return undefined;
    return { ...NO_ROOM, detail: `${needed} bytes are needed, ${Math.floor(free)} are free` };
  }

  /** It is here already. */
  #again({ id, isCancelled }: Known): Outcome {
    const { book, early } = this.#world;
    early.drop(id);
    return {
      answers: [{ kind: 'done', id, ...book.doneOf(id) }],
      effect: () => isCancelled && book.setState(id, 'whole'),
    };
  }
}
