import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

type Said = { atMs: number; readonly askers: Map<string, number>; owed: boolean };

/**
 * When the box announces a torrent by LSD. At once when a client asks, else every five minutes; never the same torrent
 * twice in a minute (BEP 14), but that a client which asks for the first time must not wait for so long: an answer is
 * multicast, so those who ask within a few seconds share one. No clock and no sockets.
 */
export class LsdSchedule {
  readonly #said = new Map<InfoHash, Said>();
  #budget = LIMITS.lsdAskedPerS;
  #budgetAtMs = 0;

  /** A client announced the torrent. True: announce it now. Otherwise `due` comes to it, if there is need. */
  asked(infoHash: InfoHash, client: string, nowMs: number, announceable: (infoHash: InfoHash) => boolean): boolean {
    if (!this.#spend(nowMs) || !announceable(infoHash)) return false;
    const said = this.#said.get(infoHash) ?? { atMs: Number.NEGATIVE_INFINITY, askers: new Map(), owed: false };
    const isNew = nowMs - (said.askers.get(client) ?? Number.NEGATIVE_INFINITY) >= LIMITS.lsdEveryMs / 2;
    if (!isNew && nowMs - said.atMs < LIMITS.lsdGapMs) return false;
    said.askers.delete(client);
    said.askers.set(client, nowMs);
    dropOldest(said.askers, LIMITS.lsdAskers);
    said.owed = nowMs - said.atMs < LIMITS.lsdNewcomerGapMs;
    if (!said.owed) said.atMs = nowMs;
    this.#keep(infoHash, said);
    return !said.owed;
  }

  /** What is to be announced now of what is hot, and what newcomers still wait for. */
  due(hot: readonly InfoHash[], nowMs: number): InfoHash[] {
    const now = new Set<InfoHash>();
    for (const [infoHash, said] of this.#said)
      if (said.owed && nowMs - said.atMs >= LIMITS.lsdNewcomerGapMs) now.add(infoHash);
    for (const infoHash of hot.slice(0, LIMITS.lsdHot)) {
      const atMs = this.#said.get(infoHash)?.atMs ?? Number.NEGATIVE_INFINITY;
      if (nowMs - atMs >= LIMITS.lsdEveryMs) now.add(infoHash);
    }
    for (const infoHash of now)
      this.#keep(infoHash, { askers: this.#said.get(infoHash)?.askers ?? new Map(), atMs: nowMs, owed: false });
    return [...now];
  }

  /** The least recently announced is forgotten first. */
  #keep(infoHash: InfoHash, said: Said): void {
    this.#said.delete(infoHash);
    this.#said.set(infoHash, said);
    dropOldest(this.#said, LIMITS.lsdTorrents);
  }

  #spend(nowMs: number): boolean {
    if (nowMs - this.#budgetAtMs >= 1_000) {
      this.#budgetAtMs = nowMs;
      this.#budget = LIMITS.lsdAskedPerS;
    }
    return --this.#budget >= 0;
  }
}

function dropOldest<K, V>(map: Map<K, V>, limit: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}
