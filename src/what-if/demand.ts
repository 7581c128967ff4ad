import type { Session } from '#trace/session.ts';
import { WHAT_IF_LIMITS } from './limits.ts';

/** One client's time with one torrent, in minutes since the first session of all. */
export type Stay = {
  /** Counting from 0. */
  readonly torrent: number;
  readonly fromMin: number;
  readonly toMin: number;
  /** Its client was not here lately. */
  readonly isVisit: boolean;
  /** What it asks for, in order: `items` from `first` on, before `end`. */
  readonly first: number;
  readonly end: number;
};

/** What was asked for, as rules are to be shown it. An item is a segment of a torrent, by a number of its own. */
export class Demand {
  /** In the order of their beginning. */
  readonly stays: readonly Stay[];
  /** The items of all stays, end to end, and when each was asked for. */
  readonly items: Int32Array;
  readonly minutes: Int32Array;
  /** All requests in the order of time: places in `items`. */
  readonly order: Int32Array;
  /** A torrent's first item; one more than there are torrents. */
  readonly firstItem: Int32Array;
  /** The stay of each place in `items`. */
  readonly stayOf: Int32Array;

  constructor(sessions: readonly Session[], visitMin: number) {
    const torrents = new Map<number, { readonly index: number; segments: number }>();
    for (const { torrent, segments } of sessions) {
      const known = torrents.get(torrent);
      if (known) known.segments = Math.max(known.segments, segments);
      else torrents.set(torrent, { index: torrents.size, segments });
    }
    this.firstItem = new Int32Array(torrents.size + 1);
    for (const { index, segments } of torrents.values()) this.firstItem[index + 1] = segments;
    for (let i = 0; i < torrents.size; i++) this.firstItem[i + 1] = at(this.firstItem, i + 1) + at(this.firstItem, i);

    const count = sessions.reduce((sum, { asked }) => sum + askedIn(asked), 0);
    this.items = new Int32Array(count);
    this.minutes = new Int32Array(count);
    this.stayOf = new Int32Array(count);
    const originMin = sessions[0]?.atMin ?? 0;
    const stays: Stay[] = [];
    const lately = new Map<string, number>();
    let place = 0;
    for (const { torrent, client, atMin, stayMin, asked } of sessions) {
      const index = torrents.get(torrent)?.index ?? 0;
      const key = `${torrent} ${client}`;
      const fromMin = atMin - originMin;
      const last = lately.get(key);
      lately.set(key, fromMin);
      const first = place;
      for (let i = 0; i < asked.length; i += 3)
        for (let n = 0; n < at(asked, i + 2); n++) {
          this.items[place] = at(this.firstItem, index) + at(asked, i + 1) + n;
          this.minutes[place] = fromMin + at(asked, i);
          this.stayOf[place++] = stays.length;
        }
      const isVisit = last === undefined || fromMin - last > visitMin;
      stays.push({ torrent: index, fromMin, toMin: fromMin + stayMin, isVisit, first, end: place });
    }
    this.stays = stays;
    this.order = inOrder(this.minutes);
  }

  get torrents(): number {
    return this.firstItem.length - 1;
  }

  get itemCount(): number {
    return at(this.firstItem, this.torrents);
  }

  /** Items that somebody asked for. */
  get distinct(): number {
    const seen = new Uint8Array(this.itemCount);
    for (const item of this.items) seen[item] = 1;
    return seen.reduce((sum, one) => sum + one, 0);
  }
}

/** The latest of what was recorded that there is room for; in the order of time. */
export class Latest {
  #sessions: Session[] = [];
  #requests = 0;
  /** Sessions that there was no room for, or whose time cannot be. */
  leftOut = 0;

  add(session: Session): void {
    this.#sessions.push(session);
    this.#requests += askedIn(session.asked);
    const { requests, sessions } = WHAT_IF_LIMITS;
    // Now and then, so that it costs little.
    if (this.#requests > 1.25 * requests || this.#sessions.length > 1.25 * sessions) this.#shorten();
  }

  /** Those of the last `keepMin` minutes. */
  sessions(nowMin: number, keepMin: number): Session[] {
    const isInTime = ({ atMin }: Session): boolean =>
      atMin >= nowMin - keepMin && atMin <= nowMin + WHAT_IF_LIMITS.aheadMin;
    this.#keep(this.#sessions.filter(isInTime));
    this.#shorten();
    return this.#sessions;
  }

  #shorten(): void {
    const sorted = this.#sessions.toSorted((a, b) => a.atMin - b.atMin);
    const torrents = new Map<number, number>();
    let [first, requests, all] = [sorted.length, 0, 0];
    while (first > 0 && sorted.length - first < WHAT_IF_LIMITS.sessions) {
      const { torrent, segments, asked } = sorted[first - 1] as Session;
      const known = torrents.get(torrent) ?? 0;
      torrents.set(torrent, Math.max(known, segments));
      all += Math.max(0, segments - known);
      requests += askedIn(asked);
      if (requests > WHAT_IF_LIMITS.requests || all > WHAT_IF_LIMITS.segments) break;
      first--;
    }
    this.#keep(sorted.slice(first));
  }

  #keep(sessions: Session[]): void {
    this.leftOut += this.#sessions.length - sessions.length;
    this.#sessions = sessions;
    this.#requests = sessions.reduce((sum, { asked }) => sum + askedIn(asked), 0);
  }
}

/** An array's place that is known to be there. */
export const at = (array: ArrayLike<number>, place: number): number => array[place] as number;

function askedIn(asked: readonly number[]): number {
  let count = 0;
  for (let i = 2; i < asked.length; i += 3) count += at(asked, i);
  return count;
}

/** Places by their minute, those of one minute as they stand: counted, because comparing a million takes a second. */
function inOrder(minutes: Int32Array): Int32Array {
  const most = minutes.reduce((max, min) => Math.max(max, min), 0);
  const next = new Int32Array(most + 2);
  for (const minute of minutes) next[minute + 1] = at(next, minute + 1) + 1;
  for (let i = 0; i <= most; i++) next[i + 1] = at(next, i + 1) + at(next, i);
  const order = new Int32Array(minutes.length);
  for (let place = 0; place < minutes.length; place++) {
    const minute = at(minutes, place);
    order[at(next, minute)] = place;
    next[minute] = at(next, minute) + 1;
  }
  return order;
}
