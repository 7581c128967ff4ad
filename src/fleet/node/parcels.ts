import type { Log } from '#base/log.ts';
import type { Offer } from '../parcel.ts';
import { isAll, openSeed, type Seed } from '../seed.ts';
import { type Trouble, troubleOf } from './holding.ts';
import type { Holdings } from './holdings.ts';
import type { Keep } from './keep.ts';
import type { NodeBook } from './node-book.ts';
import type { Offers, Wanted } from './offers.ts';
import { NOTHING, type Outcome } from './outcome.ts';

export type ParcelsWorld = {
  readonly log: Log;
  readonly keep: Pick<Keep, 'put'>;
  readonly book: NodeBook;
  readonly offers: Offers;
  readonly holdings: Holdings;
};

/** Small distributions that come whole, with their offers. What is new goes into its place at once, and is one transaction of the book. */
export class Parcels {
  readonly #world: ParcelsWorld;

  constructor(world: ParcelsWorld) {
    this.#world = world;
  }

  /** To be asked in the distribution's turn. `bytes`: of all its files. */
  async came(offer: Offer, bytes: Buffer): Promise<Outcome> {
    const { id } = offer;
    const { book, holdings, log, offers } = this.#world;
    const wanted = await offers.wanted(offer);
    if (wanted.kind === 'no') return wanted.outcome;
    const { manifest } = wanted;
    const seedBytes = Buffer.from(offer.seed ?? '', 'base64');
    const seed = openSeed(seedBytes, manifest);
    if (seed.kind === 'bad') return offers.refuse(id, 'wrong-seed', seed.why);
    if (!isAll(seed.value, bytes)) {
      // It was hurt on its way: who answers nothing is offered it again.
      log.warn('bulk message refused', { type: 'parcel', distribution: id, why: 'it is not what was signed' });
      return NOTHING;
    }
    if (holdings.has(id) || book.get(id)) return this.#pieces(offer, bytes);
    const trouble = await offers.noRoom(manifest.sizeBytes);
    if (trouble) return offers.cannot(id, trouble);
    if (book.isObsolete(manifest)) return offers.refuse(id, 'older', 'a later one took its place here');
    const put = await this.#put(seed.value, bytes);
    if (put === true) return this.#whole(wanted, seedBytes);
    return put === false ? this.#pieces(offer, bytes) : offers.cannot(id, put);
  }

  /** False: it is to be kept piece by piece. */
  async #put(seed: Seed, bytes: Buffer): Promise<boolean | Trouble> {
    try {
      return (await this.#world.keep.put?.(seed, bytes)) ?? false;
    } catch (error) {
      return troubleOf(error);
    }
  }

  #whole({ id, manifest, signed }: Wanted, seedBytes: Buffer): Outcome {
    const { book, log } = this.#world;
    const { name, rev, sizeBytes } = manifest;
    const came = { amqpBytes: sizeBytes, swarmBytes: 0 };
    const received = { hadBytes: 0, receivedBytes: sizeBytes, lateBytes: 0 };
    return {
      effect: (say) => {
        book.take(id, manifest, signed, seedBytes);
        say({ kind: 'done', id, ...book.whole(id, manifest, came) });
      },
      after: () => log.info('distribution whole', { distribution: id, name, rev, ...came, ...received }),
    };
  }

  /** As if it had been offered, and its pieces had come. Nobody waits for the word that it is ready for them. */
  async #pieces(offer: Offer, bytes: Buffer): Promise<Outcome> {
    const { holdings } = this.#world;
    const { answers = [], effect, after } = await holdings.offered(offer);
    return {
      answers: answers.filter(({ kind }) => kind !== 'ready'),
      ...(effect && { effect }),
      after: async () => {
        await after?.();
        if (holdings.has(offer.id)) await holdings.piece(offer.id, 0, bytes);
      },
    };
  }
}
