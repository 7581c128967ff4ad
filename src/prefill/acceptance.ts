import type { InfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { Wanted } from './dropped-file.ts';
import { LIMITS } from './limits.ts';
import type { Order } from './order-list.ts';

export type AcceptanceWorld = {
  /** The name that the box knows the torrent by, of all these. */
  nameOf(ids: readonly InfoHash[]): InfoHash;
  /** A torrent on this box that Qvod calls so. */
  byPieces(piecesHash: InfoHash): InfoHash | undefined;
  /** Why the box has no part in it: a code that the page knows. */
  refusal(torrent: { readonly ids: readonly InfoHash[]; readonly isPrivate: boolean }): string | undefined;
  /** What is known of the torrent is in the index when this is true. */
  takeIn(meta: Metainfo): boolean;
  isWhole(infoHash: InfoHash): boolean;
  /** Bytes of the largest disk, and of all together, when nothing lies there. Zero while no disk answers. */
  room(): { readonly largest: number; readonly all: number };
  /** The box can look for a torrent's peers without a tracker. */
  readonly hasDht: boolean;
};

export type Accepted =
  | { readonly kind: 'order'; readonly order: Order }
  /** `code`: one that the page knows; `why`: words. */
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }
  | { readonly kind: 'later'; readonly why: string };

export const CANNOT_WRITE = { kind: 'later', why: 'the index cannot be written' } as const;

const WORDS: Readonly<Record<string, string>> = {
  private: 'it is a private torrent (BEP 27), and the setting "servePrivate" is off',
  blocked: 'the settings "block" and "allow" say that the box does not serve it',
};

/** Makes an order of what was dropped, or says in words for a person why it can be none. */
export function accept(wanted: Wanted, world: AcceptanceWorld, nowMs: number): Accepted {
  const { ids, name, trackers, meta, byPieces } = wanted;
  const infoHash = byPieces ? world.byPieces(ids[0] as InfoHash) : world.nameOf(ids);
  if (!infoHash)
    return refused('no-origin', 'it is known by its Qvod name alone, and nobody is left whom the box could ask for it');
  const why = world.refusal({ ids: byPieces ? [infoHash] : ids, isPrivate: meta?.isPrivate ?? false });
  if (why) return refused(why, WORDS[why] ?? why);
  const { largest } = world.room();
  if (meta && isTooLarge(meta.totalBytes, largest))
    return refused(
      'too-large',
      `it has ${gigabytes(meta.totalBytes)}, which is too much for the largest disk (${gigabytes(largest)})`,
    );
  const isWhole = world.isWhole(infoHash);
  if (!meta && !isWhole && !byPieces && trackers.length === 0 && !world.hasDht)
    return refused('no-origin', 'the link names no tracker, and the box does not use the DHT (setting "dht")');
  if (meta && !world.takeIn(meta)) return CANNOT_WRITE;
  const order = { infoHash, name, trackers, ...(meta && { bytes: meta.totalBytes }), orderedAtMs: nowMs };
  return { kind: 'order', order: isWhole ? { ...order, endedAtMs: nowMs } : order };
}

/** Some of the disk is for what clients ask for. */
export const isTooLarge = (bytes: number, largest: number): boolean =>
  largest > 0 && bytes > LIMITS.diskShare * largest;

const refused = (code: string, why: string): Accepted => ({ kind: 'refused', code, why });
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
