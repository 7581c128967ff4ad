import type { FleetBook } from '#index/fleet-book.ts';
import type { Place, Up } from '../message-types.ts';
import type { PlanNode } from './plan.ts';

/** What a node said of itself last, and when. */
export type KnownNode = PlanNode & {
  readonly version: string;
  readonly swarm: Place;
  readonly freeBytes: number;
  /** Since when its process runs, ms. */
  readonly beganMs: number;
  readonly seenMs: number;
};

type Said = Pick<Up['hello'], 'role' | 'site' | 'version' | 'swarm' | 'freeBytes' | 'beganMs'>;

/** A node that has said nothing for so long is not here, ms: it was asked twice. */
const SILENT_MS = 75_000;
/** Nodes of one fleet. */
const NODES_MAX = 5_000;

/** Who is in the fleet: everybody who ever said hello, from the book, and whether he is here. */
export class Nodes {
  readonly #book: FleetBook;
  readonly #all = new Map<string, Omit<KnownNode, 'online'>>();
  /** Those of whom the diary says that they went. */
  readonly #away = new Set<string>();
  readonly #sinceMs: number;

  constructor(book: FleetBook, nowMs: number) {
    this.#book = book;
    this.#sinceMs = nowMs;
    for (const { name, said, seenMs, away } of book.nodes()) {
      this.#all.set(name, { name, seenMs, ...(JSON.parse(said) as Said) });
      if (away) this.#away.add(name);
    }
  }

  /** False: there are too many, and this one is none of them. To be called inside a transaction of the book. */
  said(name: string, { role, site, version, swarm, freeBytes, beganMs }: Said, nowMs: number): boolean {
    if (!this.#all.has(name) && this.#all.size >= NODES_MAX) return false;
    const said: Said = { role, site, version, swarm, freeBytes, beganMs };
    this.#book.putNode(name, JSON.stringify(said), nowMs);
    this.#all.set(name, { name, seenMs: nowMs, ...said });
    return true;
  }

  /** It said something, whatever: it is here. True: the diary says that it went. */
  heard(name: string, nowMs: number): boolean {
    const known = this.#all.get(name);
    if (known) this.#all.set(name, { ...known, seenMs: nowMs });
    if (!this.#away.delete(name)) return false;
    this.#book.setAway(name, false);
    return true;
  }

  /** Those that have gone and of whom nobody was told: once of each. A central that has just begun waits until it asked them itself. */
  gone(nowMs: number): string[] {
    if (nowMs - this.#sinceMs < SILENT_MS) return [];
    const gone = [...this.#all.values()].filter(
      ({ name, seenMs }) => nowMs - seenMs >= SILENT_MS && !this.#away.has(name),
    );
    for (const { name } of gone) {
      this.#book.setAway(name, true);
      this.#away.add(name);
    }
    return gone.map(({ name }) => name);
  }

  get count(): number {
    return this.#all.size;
  }

  get(name: string, nowMs: number): KnownNode | undefined {
    const known = this.#all.get(name);
    return known && { ...known, online: nowMs - known.seenMs < SILENT_MS };
  }

  /** By name. */
  all(nowMs: number): ReadonlyMap<string, KnownNode> {
    return new Map(
      [...this.#all].map(([name, known]) => [name, { ...known, online: nowMs - known.seenMs < SILENT_MS }]),
    );
  }
}
