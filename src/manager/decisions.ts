import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { DECIDED } from '#index/listing.ts';
import { LIMITS } from './limits.ts';

/** What the operator decided of one torrent. */
export type Decision = {
  readonly pinned?: true;
  readonly blocked?: true;
  /** How fast all its clients together may be served, Mbit/s. */
  readonly limitMbps?: number;
};

/** What the settings say, which no decision takes back. */
export type DecidedBySettings = { readonly pin: readonly InfoHash[]; readonly block: readonly InfoHash[] };

/** What is not given stays as it was; undefined is taken back. */
export type Change = { readonly [K in keyof Decision]?: Decision[K] | undefined };

export type DecisionsWorld = {
  /** All names of the torrent that are known, its first one first; none when it is not known. */
  names(infoHash: InfoHash): readonly InfoHash[];
  /** Durable when this is true. Not called again before it resolves. */
  keep(text: string): Promise<boolean>;
};

/**
 * What the operator decided of single torrents, beside what the settings say. It is not in the index alone: an index may be lost, and is made anew from the disks.
 * Invariant: what `change` has said true to outlives the process; what it has said false to has never been.
 */
export class Decisions {
  readonly #world: DecisionsWorld;
  readonly #limits = new Map<InfoHash, number | undefined>();
  #pin: ReadonlySet<InfoHash> = new Set();
  #block: ReadonlySet<InfoHash> = new Set();
  #all: ReadonlyMap<InfoHash, Decision>;
  #last: Promise<unknown> = Promise.resolve();

  /** `text`: what `keep` was given last; what cannot be read of it is left out. */
  constructor(text: string | undefined, settings: DecidedBySettings, world: DecisionsWorld) {
    this.#all = parse(text);
    this.#world = world;
    this.setSettings(settings);
  }

  /** From now on the settings say this. */
  setSettings({ pin, block }: DecidedBySettings): void {
    this.#pin = new Set(pin);
    this.#block = new Set(block);
  }

  /** By any name of the torrent. */
  of(infoHash: InfoHash): Decision {
    const own = this.#all.get(infoHash);
    if (own || this.#all.size === 0) return own ?? {};
    const name = this.#world.names(infoHash).find((each) => this.#all.has(each));
    return (name && this.#all.get(name)) ?? {};
  }

  /** Mbit/s that its clients may have together. Asked before each turn that one is given, so it is not looked up in the index each time. */
  limitOf(infoHash: InfoHash): number | undefined {
    if (!this.#limits.has(infoHash)) {
      if (this.#limits.size >= LIMITS.limitsKept) this.#limits.clear();
      this.#limits.set(infoHash, this.of(infoHash).limitMbps);
    }
    return this.#limits.get(infoHash);
  }

  isPinned(infoHash: InfoHash): boolean {
    return this.of(infoHash).pinned === true || this.isPinnedBySettings(infoHash);
  }

  isBlocked(infoHash: InfoHash): boolean {
    return this.of(infoHash).blocked === true || this.isBlockedBySettings(infoHash);
  }

  isPinnedBySettings(infoHash: InfoHash): boolean {
    return this.#has(this.#pin, infoHash);
  }

  isBlockedBySettings(infoHash: InfoHash): boolean {
    return this.#has(this.#block, infoHash);
  }

  /** Bits of DECIDED for the list of all torrents. */
  bits(infoHash: InfoHash): number {
    const pinned = this.isPinned(infoHash) ? DECIDED.pinned : 0;
    const blocked = this.isBlocked(infoHash) ? DECIDED.blocked : 0;
    return pinned | blocked | (this.of(infoHash).limitMbps === undefined ? 0 : DECIDED.limited);
  }

  /** As `keep` has it: for a backup. */
  get text(): string {
    return textOf(this.#all);
  }

  /** Those of a backup hold as well, before those that are here. Whatever makes no sense in it is left out. */
  async take(text: string): Promise<'kept' | 'too-many' | 'not-kept'> {
    const done = this.#last.then(() => this.#keep(new Map([...this.#all, ...parse(text)])));
    this.#last = done;
    return done;
  }

  /** Every torrent that something was decided of. */
  all(): InfoHash[] {
    return [...new Set([...this.#all.keys(), ...this.#pin, ...this.#block])];
  }

  change(infoHashes: readonly InfoHash[], more: Change): Promise<'kept' | 'too-many' | 'not-kept'> {
    const done = this.#last.then(() => this.#change(infoHashes, more));
    this.#last = done;
    return done;
  }

  async #change(infoHashes: readonly InfoHash[], more: Change): Promise<'kept' | 'too-many' | 'not-kept'> {
    const changed = new Map(this.#all);
    for (const id of infoHashes) {
      const names = [id, ...this.#world.names(id)];
      const name = names.find((each) => changed.has(each)) ?? names[1] ?? id;
      const decision = decided({ ...changed.get(name), ...more });
      if (Object.keys(decision).length === 0) changed.delete(name);
      else changed.set(name, decision);
    }
    return this.#keep(changed);
  }

  async #keep(changed: ReadonlyMap<InfoHash, Decision>): Promise<'kept' | 'too-many' | 'not-kept'> {
    if (changed.size > LIMITS.decisions && changed.size > this.#all.size) return 'too-many';
    if (!(await this.#world.keep(textOf(changed)))) return 'not-kept';
    this.#all = changed;
    this.#limits.clear();
    return 'kept';
  }

  #has(set: ReadonlySet<InfoHash>, infoHash: InfoHash): boolean {
    if (set.size === 0) return false;
    return set.has(infoHash) || this.#world.names(infoHash).some((name) => set.has(name));
  }
}

const decided = ({ pinned, blocked, limitMbps }: Change): Decision => ({
  ...(pinned && { pinned }),
  ...(blocked && { blocked }),
  ...(limitMbps !== undefined && { limitMbps }),
});

const textOf = (all: ReadonlyMap<InfoHash, Decision>): string =>
  JSON.stringify({ version: 1, torrents: Object.fromEntries(all) });

function parse(text: string | undefined): Map<InfoHash, Decision> {
  const found = new Map<InfoHash, Decision>();
  try {
    const { torrents } = JSON.parse(text ?? '{}') as {
      torrents?: Record<string, Partial<Record<keyof Decision, unknown>>>;
    };
    for (const [name, said] of Object.entries(torrents ?? {}).slice(0, LIMITS.decisions)) {
      const infoHash = parseInfoHash(name);
      const { pinned, blocked, limitMbps } = said ?? {};
      const isRate = typeof limitMbps === 'number' && limitMbps >= 0.1 && limitMbps <= 100_000;
      const decision = decided({
        pinned: pinned === true ? pinned : undefined,
        blocked: blocked === true ? blocked : undefined,
        limitMbps: isRate ? limitMbps : undefined,
      });
      if (infoHash && Object.keys(decision).length > 0) found.set(infoHash, decision);
    }
  } catch {
    // A torn or foreign file decides nothing; whoever reads it says so.
  }
  return found;
}
