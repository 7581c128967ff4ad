import { type Hours, isWithin } from '#base/hours.ts';
import type { InfoHash } from '#base/units.ts';
import { type AcceptanceWorld, accept, CANNOT_WRITE } from './acceptance.ts';
import { DropFolder, type DropWorld, type Verdict } from './drop-folder.ts';
import type { Dropped, Wanted } from './dropped-file.ts';
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

/** What became of one order. `later`: it is none, because too many wait (`full`) or it could not be kept. */
export type Ordered =
  | { readonly kind: 'ordered'; readonly infoHash: InfoHash; readonly name: string; readonly already: boolean }
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly full?: true };

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

  /** Why nothing may be fetched now that no client waits for; 'now': whatever the hour. */
  why(when: 'now' | 'window'): Held | undefined {
    const { hours, dayShare } = this.#settings;
    const now = new Date(this.#world.clock.nowMs());
    if (when === 'window' && !hours.some((h) => isWithin(h, now))) return 'window-shut';
    return this.#world.held(dayShare);
  }

  /** See worthOf. */
  worth(infoHash: InfoHash): number | undefined {
    return worthOf(this.#list.of(infoHash), this.#world.clock.nowMs());
  }

  /** `most`: orders that are shown; absent: some. */
  view(most?: number): PrefillView {
    const turn = {
      running: (infoHash: InfoHash) => this.#turns.running(infoHash)?.view(),
      resting: (infoHash: InfoHash) => this.#turns.resting(infoHash),
    };
    return viewOf(this.#list.all, this.#held, turn, most);
  }

  /** The torrents of all orders, ended ones too. */
  ordered(): InfoHash[] {
    return this.#list.all.map(({ infoHash }) => infoHash);
  }

  /** What would be accepted from the folder, without one. `now`: also outside the hours. */
  order(wanted: Wanted, when: 'now' | 'window'): Ordered {
    if (this.#closed) return { kind: 'later', why: 'the box is being stopped' };
    const { all } = this.#list;
    const accepted = accept(wanted, this.#world, this.#world.clock.nowMs());
    if (accepted.kind !== 'order') return accepted;
    const { infoHash, name } = accepted.order;
    const added = this.#list.add(accepted.order);
    if (added === 'full') return { kind: 'later', why: `${LIMITS.waiting} torrents wait already`, full: true };
    if (when === 'now') this.#list.change(infoHash, { now: true });
    if (!this.#keptOr(all)) return CANNOT_WRITE;
    this.#turn();
    const known = this.#list.of(infoHash);
    return {
      kind: 'ordered',
      infoHash,
      name: known?.name || name,
      already: added === 'known' || accepted.order.endedAtMs !== undefined,
    };
  }

  /** To the front of those that wait, and with `now` outside the hours, too. */
  move(infoHash: InfoHash, to: 'front' | 'now'): 'done' | 'unknown' | 'not-kept' {
    const { all } = this.#list;
    if (!this.#list.toFront(infoHash)) return 'unknown';
    if (to === 'now') this.#list.change(infoHash, { now: true });
    if (!this.#keptOr(all)) return 'not-kept';
    this.#turns.prefer(infoHash);
    this.#turn();
    return 'done';
  }

  /** It is wanted no more; what has come of it stays, as anything does. */
  remove(infoHash: InfoHash): 'done' | 'unknown' | 'not-kept' {
    const { all } = this.#list;
    if (!this.#list.remove(infoHash)) return 'unknown';
    if (!this.#keptOr(all)) return 'not-kept';
    this.#turns.cancel(infoHash);
    return 'done';
  }

  /** What cannot be kept is as if it had never been said. */
  #keptOr(before: readonly Order[]): boolean {
    if (this.#keep()) return true;
    this.#list.reset(before);
    return false;
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
    const other = this.why('now');
    const held = this.why('window');
    const isHour = held !== 'window-shut';
    if (held !== this.#held) log.info('prefill', { why: held ?? 'open', waiting: this.#list.waiting.length });
    this.#held = held;
    this.#turns.look((order) => other === undefined && (isHour || order.now === true));
    this.#keep();
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
