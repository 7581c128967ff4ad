import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** Peers heard of for torrents that have no task yet. */
export class Hearsay {
  /** Oldest first. */
  readonly #heard = new Map<InfoHash, Endpoint[]>();

  hear(infoHash: InfoHash, endpoints: readonly Endpoint[]): void {
    const known = this.#heard.get(infoHash) ?? [];
    this.#heard.delete(infoHash);
    const merged = new Map([...known, ...endpoints].map((e) => [endpointKey(e), e]));
    this.#heard.set(infoHash, [...merged.values()].slice(-LIMITS.heardSources));
    dropOldest(this.#heard, LIMITS.heard);
  }

  /** What was heard, once. */
  take(infoHash: InfoHash): readonly Endpoint[] {
    const heard = this.#heard.get(infoHash) ?? [];
    this.#heard.delete(infoHash);
    return heard;
  }
}

/** Torrents that are not served for a while, and why. */
export class Refusals {
  readonly #refused = new Map<InfoHash, { readonly why: string; readonly untilMs: number }>();

  note(infoHash: InfoHash, why: string, nowMs: number): void {
    this.#refused.delete(infoHash);
    this.#refused.set(infoHash, { why, untilMs: nowMs + LIMITS.refusedForMs });
    dropOldest(this.#refused, LIMITS.refused);
  }

  forget(infoHash: InfoHash): void {
    this.#refused.delete(infoHash);
  }

  why(infoHash: InfoHash, nowMs: number): string | undefined {
    const refused = this.#refused.get(infoHash);
    return refused && refused.untilMs > nowMs ? refused.why : undefined;
  }
}

function dropOldest<K, V>(map: Map<K, V>, limit: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}
