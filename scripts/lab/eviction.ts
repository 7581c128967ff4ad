/**
 * What the product keeps on full disks, as a policy of the eviction referee (View, Evictor and Factory of its `policies/types.ts`): what a torrent is worth, who is
 * taken in, who goes and with what are the product's own rules.
 */
import { cooled, type Warmth, warmed } from '#index/heats.ts';
import { declineOf, type Full, isRemembered, weakest, worthOf } from '#manager/keeping.ts';
import { STORE_LIMITS } from '#store/limits.ts';
import { leastLost, meanStake } from '#task/giving-up.ts';
import { seeded } from './seeded.ts';

/** As much of what the referee shows as is looked at. Items are pieces of one size; those of torrent `g` are `first[g]` up to `first[g + 1]`. `now` in seconds. */
type View = {
  readonly groups: number;
  readonly group: Int32Array;
  readonly first: Int32Array;
  readonly capacity: number;
  readonly used: number;
  readonly lack: Int32Array;
  readonly connected: Int32Array;
  readonly now: number;
};

const ITEM_BYTES = 16e6;
const ITEMS_PER_SEGMENT = Math.floor(STORE_LIMITS.segmentBytes / ITEM_BYTES);
/** Of what fits: from here on whatever comes takes the place of something. */
const NEARLY_FULL = 0.95;

/** A torrent with its task, clients and folder. */
class Torrent {
  readonly g: number;
  readonly #view: View;
  /** Its clients cannot be told that what they were told of has gone. */
  readonly #isDeaf: boolean;
  readonly #addedAtMs: number;
  /** What is had of each. */
  readonly #segments: number[][] = [];
  #warmth: Warmth = { heat: -1, heat_at_ms: 0 };
  haveCount = 0;
  /** Whether its flows are taken. */
  isTaken = false;

  constructor(g: number, view: View, isDeaf: boolean) {
    this.g = g;
    this.#view = view;
    this.#isDeaf = isDeaf;
    this.#addedAtMs = this.#nowMs;
  }

  /** When all of it has gone. */
  get isRemembered(): boolean {
    return (this.#view.connected[this.g] as number) > 0 || isRemembered(this.#heat, this.#nowMs);
  }

  visited(): void {
    this.#warmth = { heat: warmed(this.#warmth, this.#nowMs), heat_at_ms: this.#nowMs };
  }

  /** Undefined: nothing of it may go. */
  get worth(): number | undefined {
    const stake = this.#leastLost()?.stake;
    return stake === undefined ? undefined : stake + worthOf(this.#heat, this.#nowMs);
  }

  /** A client has come. While the task lives, it joins. */
  look(full: Full | undefined): void {
    const clients = this.#view.connected[this.g] as number;
    if (clients === 1) this.isTaken = false;
    this.isTaken ||= !full || !declineOf(this.#heat, clients > 1, full, this.#nowMs);
  }

  keeps(item: number): void {
    this.haveCount++;
    const segment = this.#segmentOf(item);
    this.#segments[segment] ??= [];
    this.#segments[segment].push(item);
  }

  drops(items: readonly number[]): void {
    this.haveCount -= items.length;
    this.#segments[this.#segmentOf(items[0] as number)] = [];
  }

  /** What goes first. */
  going(): readonly number[] {
    return this.#leastLost()?.segments[0] ?? [];
  }

  #leastLost(): ReturnType<typeof leastLost<number[]>> {
    // The same, sooner: nobody lacks anything.
    const last = this.#view.connected[this.g] === 0 && this.#segments.findLast((items) => items?.length > 0);
    if (last) return { stake: 0, segments: [last] };
    return leastLost(this.#segments, (items) => meanStake(items ?? [], () => true, this.#stakeOf));
  }

  readonly #stakeOf = (item: number) => {
    const lack = this.#view.lack[item] as number;
    return lack > 0 && this.#isDeaf ? undefined : lack;
  };

  #segmentOf(item: number): number {
    return Math.floor((item - (this.#view.first[this.g] as number)) / ITEMS_PER_SEGMENT);
  }

  get #nowMs(): number {
    return this.#view.now * 1_000;
  }

  get #heat() {
    return {
      laterClients: cooled(this.#warmth, this.#nowMs),
      addedAtMs: this.#addedAtMs,
      haveCount: this.haveCount,
    };
  }
}

const policy =
  (name: string, { isFlash = false, isDeaf = false }) =>
  (view: View) => {
    const random = seeded();
    const torrents = Array.from({ length: view.groups }, (): Torrent | undefined => undefined);
    /** Those of which something is had. */
    const held: Torrent[] = [];
    let going: readonly number[] = [];
    const of = (item: number) => torrents[view.group[item] as number] as Torrent;
    const evict = () => weakest(held, ({ worth }) => worth, random)?.who.going() ?? [];
    return {
      name,
      start: (g: number) => {
        torrents[g] ??= new Torrent(g, view, isDeaf);
        const torrent = torrents[g] as Torrent;
        torrent.visited();
        const isFull = view.used > NEARLY_FULL * view.capacity;
        const least = isFull ? weakest(held, ({ worth }) => worth, random)?.worth : undefined;
        torrent.look(isFull ? { least, isFlash } : undefined);
      },
      hit: () => {},
      miss: (item: number) => {
        if (!of(item).isTaken) return false;
        going = view.used < view.capacity ? [] : evict();
        return view.used < view.capacity || going.length > 0;
      },
      inserted: (item: number) => {
        const torrent = of(item);
        if (torrent.haveCount === 0) held.push(torrent);
        torrent.keeps(item);
      },
      evict: (out: number[]) => {
        const torrent = of(going[0] as number);
        torrent.drops(going);
        if (torrent.haveCount === 0) {
          held.splice(held.indexOf(torrent), 1);
          if (!torrent.isRemembered) torrents[torrent.g] = undefined;
        }
        out.push(...going);
      },
    };
  };

const settings = {
  swarmbox: {},
  'swarmbox on flash': { isFlash: true },
  'swarmbox with deaf clients': { isDeaf: true },
};
export const factories = Object.fromEntries(
  Object.entries(settings).map(([name, setting]) => [name, policy(name, setting)]),
);
export const factory = policy('swarmbox', {});
