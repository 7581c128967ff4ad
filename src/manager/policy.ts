import type { InfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';

export type PolicyConfig = {
  /** Serve torrents with `private=1` (BEP 27)? Off by default: their swarm is not ours to join. They are never announced. */
  readonly servePrivate: boolean;
  /** Torrents that pass. */
  readonly block: readonly InfoHash[];
  /** When given, every other torrent passes. */
  readonly allow: readonly InfoHash[] | undefined;
  /** What the operator blocks besides, by any of its names; that may change. */
  blocks?(infoHash: InfoHash): boolean;
  /** Its swarm is the box's own fleet, which wants it here: no rule on private torrents is about it, and no list need allow it. */
  isOwn?(infoHash: InfoHash): boolean;
};

/** Which torrents the box serves, and which it may speak of. A `why` is a code that the page knows. */
export class Policy {
  readonly #servePrivate: boolean;
  readonly #block: ReadonlySet<InfoHash>;
  readonly #blocks: (infoHash: InfoHash) => boolean;
  /** Grows by at most one name for each that the operator gave. */
  readonly #allow: Set<InfoHash> | undefined;
  readonly #isOwn: (infoHash: InfoHash) => boolean;

  constructor(config: PolicyConfig) {
    this.#servePrivate = config.servePrivate;
    this.#block = new Set(config.block);
    this.#blocks = (id) => this.#block.has(id) || (config.blocks?.(id) ?? false);
    this.#allow = config.allow && new Set(config.allow);
    this.#isOwn = (id) => config.isOwn?.(id) ?? false;
  }

  /** These name one torrent (BEP 52): a list that allows it by one name allows it by the other, too. */
  sameTorrent(ids: readonly InfoHash[]): void {
    if (ids.some((id) => this.#allow?.has(id))) for (const id of ids) this.#allow?.add(id);
  }

  /** Only listed torrents are allowed. */
  get isListed(): boolean {
    return this.#allow !== undefined;
  }

  /** Known from the info-hash alone: such a torrent gets no task. */
  refusesHash(infoHash: InfoHash): 'blocked' | undefined {
    if (this.#blocks(infoHash)) return 'blocked';
    return this.#allow?.has(infoHash) === false && !this.#isOwn(infoHash) ? 'blocked' : undefined;
  }

  /** Known only from the metainfo. */
  refuses(meta: Pick<Metainfo, 'ids' | 'isPrivate'>): 'private' | 'blocked' | undefined {
    // A hybrid's other name may be the one that the list has.
    if (meta.ids.some(this.#blocks)) return 'blocked';
    return meta.isPrivate && !this.#servePrivate && !meta.ids.some(this.#isOwn) ? 'private' : undefined;
  }
}
