import { type Hours, isWithin } from '#base/hours.ts';
import type { InfoHash } from '#base/units.ts';
import { type AcceptanceWorld, accept, CANNOT_WRITE } from './acceptance.ts';
import { DropFolder, type DropWorld, type Verdict } from './drop-folder.ts';
import type { Dropped } from './dropped-file.ts';
import { LIMITS } from './limits.ts';
import { type Order, OrderList, worthOf } from './order-list.ts';
import { type Held, type PrefillView, viewOf } from './prefill-view.ts';
import { Turns, type TurnsWorld } from './turns.ts';

export type PrefillSettings = {
  /** In these hours of the day, local time, the list is fetched; none: never. */
  readonly hours: readonly Hours[];
  /** Of the bytes of a day, where they are limited, the share that the list may have: the rest is for clients. */
  readonly dayShare: number;
};

export type PrefillWorld = AcceptanceWorld &
  TurnsWorld &
  Omit<DropWorld, 'take'> & {
    /** What `keep` was last given, by this run or an earlier one. */
    kept(): string | undefined;
    /** Durable when this is true. */
    keep(text: string): boolean;
    /** Why nothing may be fetched just now, whatever the hour. */
    held(dayShare: number): Exclude<Held, 'window-shut'> | undefined;
  };

/**
 * What the operator wants on the box before anybody asks: taken from a drop folder, and fetched at certain hours, in the order in which it was dropped.
 * Invariants: outside the hours nothing is fetched; an order is on the disk before its file leaves the folder.
 */
export class Prefill {
  readonly #world: PrefillWorld;
  readonly #folder: DropFolder;
  readonly #list: OrderList;
  readonly #turns: Turns;
  #settings: PrefillSettings;
  #held: Held | undefined = 'window-shut';
  #looking: Promise<void> | undefined;
  #closed = false;
  /** What the index was last told, as far as it took it. */
  #kept: readonly Order[];

  constructor(settings: PrefillSettings, folder: string, world: PrefillWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#list = new OrderList(world.kept());
    this.#kept = this.#list.all;
    this.#turns = new Turns(this.#list, world);
    this.#folder = new DropFolder(folder, { ...world, take: (dropped) => this.#take(dropped) });
  }

  /** From now on the operator wants it otherwise. */
  setSettings(settings: PrefillSettings): void {
    this.#settings = settings;
    this.#turn();
  }

  /** To be called every other second. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Nothing is begun any more. Orders are where they were when it begins again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
  }

  /** The list, as a backup keeps it. */
  get orders(): readonly Order[] {
    return this.#list.all;
  }

  /** Those of a backup that still wait come last. Returns how many are on the list now that did not wait before; what makes no sense is left out. */
  addOrders(orders: readonly unknown[]): number {
    const { waiting } = new OrderList(JSON.stringify(orders));
    const added = waiting.filter((order) => this.#list.add(order) === 'added').length;
    this.#keep();
    return added;
  }

  /** See worthOf. */
  worth(infoHash: InfoHash): number | undefined {
    return worthOf(this.#list.of(infoHash), this.#world.clock.nowMs());
  }

  view(): PrefillView {
    return viewOf(this.#list.all, this.#held, {
      running: (infoHash) => this.#turns.running(infoHash)?.view(),
      resting: (infoHash) => this.#turns.resting(infoHash),
    });
  }

  async #look(): Promise<void> {
    await this.#folder.look();
    if (!this.#closed) this.#turn();
  }

  #take({ wanted, bad }: Dropped): Verdict {
    if (this.#closed) return { kind: 'later', why: 'the box is being stopped' };
    const whys = [...bad];
    let listed = 0;
    for (const torrent of wanted) {
      const accepted = accept(torrent, this.#world, this.#world.clock.nowMs());
      if (accepted.kind === 'later') return accepted;
      if (accepted.kind === 'refused') {
        whys.push(wanted.length > 1 ? `${torrent.name || torrent.ids[0]}: ${accepted.why}` : accepted.why);
      } else if (this.#list.add(accepted.order) === 'full') {
        return { kind: 'later', why: `${LIMITS.waiting} torrents wait already` };
      } else listed++;
    }
    if (!this.#keep()) return CANNOT_WRITE;
    if (whys.length === 0) return { kind: 'taken' };
    return { kind: 'refused', whys: listed > 0 ? [...whys, `the ${listed} others that it names are taken`] : whys };
  }

  #turn(): void {
    const { clock, log } = this.#world;
    this.#list.age(clock.nowMs());
    const held = this.#heldBy();
    if (held !== this.#held) log.info('prefill', { why: held ?? 'open', waiting: this.#list.waiting.length });
    this.#held = held;
    this.#turns.look(held === undefined);
    this.#keep();
  }

  #heldBy(): Held | undefined {
    const { hours, dayShare } = this.#settings;
    const now = new Date(this.#world.clock.nowMs());
    return hours.some((h) => isWithin(h, now)) ? this.#world.held(dayShare) : 'window-shut';
  }

  /** False: the list is not on the disk as it is. */
  #keep(): boolean {
    const { all } = this.#list;
    if (all === this.#kept) return true;
    if (!this.#world.keep(this.#list.text)) return false;
    this.#kept = all;
    return true;
  }
}
