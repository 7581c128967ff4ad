import type { Socket } from 'node:net';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { DistributionId, Manifest } from '../manifest.ts';
import type { Place, Role, Way } from '../message-types.ts';
import type { DownMessage, UpMessage } from '../messages.ts';
import { openSeed } from '../seed.ts';
import { dialledBy } from '../swarm/mesh.ts';
import type { EarlyPieces } from './early-pieces.ts';
import { Holding, type Taken, type Trouble } from './holding.ts';
import type { Bundle } from './installer.ts';
import type { Caller, Keep } from './keep.ts';
import { NODE_LIMITS } from './limits.ts';
import type { Known, NodeBook } from './node-book.ts';
import type { Offers } from './offers.ts';
import { answer, NOTHING, type Outcome } from './outcome.ts';

export type HoldingsWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  readonly keep: Keep;
  readonly role: Role;
  readonly book: NodeBook;
  readonly early: EarlyPieces;
  readonly offers: Offers;
  say(message: UpMessage): void;
  /** There may be something to send. */
  kept(): void;
};

type Of<K extends DownMessage['kind']> = Extract<DownMessage, { readonly kind: K }>;

/** All distributions that a node works on or gives, and what each message of the central does with them. */
export class Holdings {
  readonly #world: HoldingsWorld;
  readonly #open = new Map<string, Holding>();
  /** The last of those that wait to do something with a distribution. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Neighbours for whom a distribution is being opened. */
  readonly #waiting = new Set<Socket>();

  constructor(world: HoldingsWorld) {
    this.#world = world;
  }

  /** What was begun before a restart goes on. */
  resume(): void {
    for (const known of this.#world.book.withState('taking').slice(0, NODE_LIMITS.inWork))
      this.inTurn(known.id, async () => {
        await this.#reopen(known);
        const holding = this.#open.get(known.id);
        if (holding) await this.#go(holding);
      });
  }

  /** One after the other, of one distribution. */
  inTurn(id: string, work: (signal: AbortSignal) => Promise<void>): void {
    const before = this.#turns.get(id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.set(id, promise);
    this.#world.scope.run(async (signal) => {
      try {
        await before;
        if (!signal.aborted) await work(signal);
      } finally {
        resolve();
        if (this.#turns.get(id) === promise) this.#turns.delete(id);
      }
    });
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  expect(id: string): void {
    this.#open.get(id)?.expect();
  }

  /** A piece by AMQP, or some that follow one another. 'early': what it belongs to is not known yet. */
  async piece(id: string, index: PieceIndex, body: Buffer): Promise<Taken | 'early'> {
    const holding = this.#open.get(id);
    if (holding?.hasSeed) return holding.take(index, body);
    if (this.#world.book.get(id)?.state === 'whole') return 'known';
    this.#world.early.put(id, index, body, this.#world.clock.nowMs());
    return 'early';
  }

  async offered(message: Of<'offer'>): Promise<Outcome> {
    const { id, way } = message;
    const { book, offers } = this.#world;
    const wanted = await offers.wanted(message);
    if (wanted.kind === 'no') return wanted.outcome;
    const { manifest, signed } = wanted;
    if (this.#open.get(id)?.isStopped) await this.#drop(id);
    if (!this.#open.has(id) && this.#inWork >= NODE_LIMITS.inWork)
      return offers.refuse(id, 'busy', `${NODE_LIMITS.inWork} others are in work`);
    const holding = this.#open.get(id) ?? this.#add(id as DistributionId, manifest, way);
    holding.way = way;
    const seedBytes = message.seed === undefined ? book.seedOf(id) : Buffer.from(message.seed, 'base64');
    const trouble = await this.#prepare(holding, seedBytes);
    if (trouble) {
      await this.#drop(id);
      return offers.cannot(id, trouble);
    }
    return {
      answers: [{ kind: 'ready', id, have: holding.have }],
      effect: () => book.take(id, manifest, signed, seedBytes),
      after: () => this.#go(holding),
    };
  }

  async seedPart({ id, at, bytes }: Of<'seed'>): Promise<Outcome> {
    const holding = this.#open.get(id);
    if (!holding || holding.isWhole || holding.isStopped) return NOTHING;
    const { manifest } = holding;
    const part = Buffer.from(bytes, 'base64');
    if (holding.hasSeed) {
      const isLast = at + part.length === manifest.seedBytes;
      return isLast ? answer({ kind: 'seeded', id, have: holding.have }) : NOTHING;
    }
    const whole = holding.seedPart(at, part);
    if (!whole) return NOTHING;
    const seed = openSeed(whole, manifest);
    if (seed.kind === 'bad') {
      holding.forgetParts();
      return answer({ kind: 'failed', id, code: 'wrong-seed', detail: seed.why });
    }
    const trouble = await holding.open(seed.value);
    if (trouble) {
      await this.#drop(id);
      return answer({ kind: 'failed', id, ...trouble });
    }
    return {
      answers: [{ kind: 'seeded', id, have: holding.have }],
      effect: () => this.#world.book.putSeed(id, whole),
      after: () => this.#go(holding),
    };
  }

  async started({ id, givers, nodes, slot, rateBytesPerS }: Of<'start'>): Promise<Outcome> {
    const { book } = this.#world;
    const known = book.get(id);
    const holding = this.#open.get(id) ?? (known?.state === 'whole' ? await this.#give(known) : undefined);
    if (!holding || holding.isStopped)
      return answer({ kind: 'failed', id, code: known?.state === 'whole' ? 'not-given' : 'not-offered' });
    if (!holding.hasSeed) return answer({ kind: 'failed', id, code: 'no-seed' });
    const neighbours = [...givers, ...this.#near(slot, nodes)];
    return {
      effect: () => {
        if (known?.isCancelled) book.setState(id, known.state);
        book.setRate(id, rateBytesPerS);
      },
      after: () => {
        holding.limit(rateBytesPerS);
        holding.start(neighbours);
      },
    };
  }

  async cancelled(id: string): Promise<Outcome> {
    const { book, early } = this.#world;
    early.drop(id);
    const begun = book.get(id);
    if (begun && begun.state !== 'whole' && !this.#open.has(id)) await this.#reopen(begun);
    await this.#drop(id, true);
    // It may have become whole meanwhile.
    const known = book.get(id);
    return {
      effect: () => (known?.state === 'whole' ? book.setState(id, 'whole', true) : book.forget(id)),
    };
  }

  /** See Keep. */
  async bundle(id: string): Promise<Bundle | undefined> {
    const { book, keep, log } = this.#world;
    const known = book.get(id);
    if (known?.state !== 'whole') return undefined;
    const seed = openSeed(book.seedOf(id) ?? Buffer.alloc(0), known.manifest);
    return seed.kind === 'bad' ? undefined : keep.bundle(seed.value, log.with({ distribution: id }));
  }

  /** A neighbour dialled. What a relay has it gives to whoever asks. */
  arrived(caller: Caller): boolean {
    const { infoHash } = caller.handshake;
    for (const holding of this.#open.values()) if (holding.manifest.infoHash === infoHash) return holding.join(caller);
    const { role, book, scope } = this.#world;
    const known = role === 'relay' && !scope.closed ? book.byInfoHash(infoHash) : undefined;
    if (known?.state !== 'whole' || known.isCancelled || this.#waiting.size >= NODE_LIMITS.waiting) return false;
    const { socket } = caller;
    this.#waiting.add(socket);
    socket.pause();
    this.inTurn(known.id, async () => {
      const holding = this.#open.get(known.id) ?? (await this.#give(known));
      this.#waiting.delete(socket);
      if (holding?.join(caller)) socket.resume();
      else socket.destroy();
    });
    return true;
  }

  tick(): void {
    for (const [id, holding] of this.#open) {
      holding.tick();
      if (this.#isDone(holding) && !this.#turns.has(id))
        this.inTurn(id, () => (this.#isDone(holding) ? this.#drop(id) : Promise.resolve()));
    }
  }

  /** After the scope has closed: nobody writes any more. */
  async close(): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    await Promise.all([...this.#open.keys()].map((id) => this.#drop(id)));
  }

  get #inWork(): number {
    return [...this.#open.values()].filter(({ isWhole }) => !isWhole).length;
  }

  #isDone(holding: Holding): boolean {
    if (this.#open.get(holding.id) !== holding || !holding.isWhole) return false;
    return holding.isUnused || this.#world.book.get(holding.id)?.state !== 'whole';
  }

  /** Opens it when its seed is here, and sees whether there is room for what lacks. */
  async #prepare(holding: Holding, seedBytes: Buffer | undefined): Promise<Trouble | undefined> {
    if (seedBytes && !holding.hasSeed) {
      const seed = openSeed(seedBytes, holding.manifest);
      if (seed.kind === 'bad') return { code: 'wrong-seed', detail: seed.why };
      const trouble = await holding.open(seed.value);
      if (trouble) return trouble;
    }
    return this.#world.offers.noRoom(holding.lackingBytes);
  }

  /** It is offered, and may have its seed: what waited for it goes on. */
  async #go(holding: Holding): Promise<void> {
    if (!holding.hasSeed) return;
    if (holding.way === 'inline') holding.expect();
    const early = this.#world.early.take(holding.id).map(async ([piece, body]) => {
      if ((await holding.take(piece, body)) === 'wrong')
        this.#world.log.warn('wrong piece', { distribution: holding.id, piece });
    });
    await Promise.all(early);
    await holding.settle();
  }

  #add(id: DistributionId, manifest: Manifest, way: Way): Holding {
    const { clock, scope, keep, book, say, kept } = this.#world;
    const log = this.#world.log.with({ distribution: id });
    const holding = new Holding(id, manifest, way, {
      clock,
      log,
      scope,
      keep,
      say,
      obsolete: () =>
        book.isObsolete(manifest) ? { code: 'older', detail: 'a later one took its place here' } : undefined,
      whole: (came, received) => {
        book.settle(undefined, (tell) => tell({ kind: 'done', id, ...book.whole(id, manifest, came) }));
        log.info('distribution whole', { name: manifest.name, rev: manifest.rev, ...came, ...received });
        kept();
      },
      failed: ({ code, detail }) => {
        log.warn('distribution failed', { code, why: detail });
        try {
          book.settle(undefined, (tell) => tell({ kind: 'failed', id, code, detail }));
        } catch (error) {
          log.error('failure not kept in the book', { why: errorText(error) });
        }
        kept();
      },
      warned: ({ code, detail }) => {
        try {
          book.settle(undefined, (tell) => tell({ kind: 'warn', id, code, detail }));
        } catch (error) {
          log.error('warning not kept in the book', { why: errorText(error) });
        }
        kept();
      },
    });
    holding.limit(book.rateOf(id));
    this.#open.set(id, holding);
    return holding;
  }

  /** Of the nodes of a swarm, whom this one dials. */
  #near(slot: number, nodes: readonly Place[]): Place[] {
    if (slot >= nodes.length) return [];
    const own = dialledBy(slot, nodes.length);
    const dials = (other: number): boolean =>
      own.includes(other) || (this.#world.keep.dialsBothWays && dialledBy(other, nodes.length).includes(slot));
    return nodes.filter((_, other) => other !== slot && dials(other));
  }

  async #drop(id: string, discard = false): Promise<void> {
    const holding = this.#open.get(id);
    this.#open.delete(id);
    await holding?.close(discard);
  }

  /** What was begun, as it lies there. */
  async #reopen({ id, manifest }: Known): Promise<void> {
    const seed = openSeed(this.#world.book.seedOf(id) ?? Buffer.alloc(0), manifest);
    if (seed.kind === 'bad' || this.#open.has(id) || this.#inWork >= NODE_LIMITS.inWork) return;
    // Pieces that lack are asked for if some come by AMQP.
    const holding = this.#add(id, manifest, 'chunks');
    const trouble = await holding.open(seed.value);
    if (!trouble) return;
    this.#world.log.warn('distribution not opened', { distribution: id, code: trouble.code, why: trouble.detail });
    await this.#drop(id);
  }

  /** What is whole, for neighbours. Undefined: it cannot be given. */
  async #give({ id, manifest }: Known): Promise<Holding | undefined> {
    const { book, log } = this.#world;
    const given = [...this.#open.values()].filter(({ isWhole }) => isWhole);
    const unused = given.find(({ links }) => links === 0);
    if (given.length >= NODE_LIMITS.given) {
      if (!unused) return undefined;
      await this.#drop(unused.id);
    }
    const seed = openSeed(book.seedOf(id) ?? Buffer.alloc(0), manifest);
    if (seed.kind === 'bad') return undefined;
    const holding = this.#add(id, manifest, 'swarm');
    const trouble = await holding.open(seed.value, true);
    if (!trouble && holding.hasAll) return holding;
    log.warn('distribution is not what it was', { distribution: id, why: trouble?.detail });
    await this.#drop(id);
    if (!trouble && !this.#world.scope.closed) book.settle(undefined, () => book.setState(id, 'changed'));
    return undefined;
  }
}
