import type { FleetBook } from '#index/fleet-book.ts';
import type { Place, Up } from '../message-types.ts';
import type { PlanNode } from './plan.ts';

/** What a node said of itself last, and when. */
export type KnownNode = PlanNode & {
  readonly version: string;
  readonly swarm: Place;
  readonly freeBytes: number;
  /** For which device's firmware it is. */
  readonly device?: string;
  /** Since when its process runs, ms. */
  readonly beganMs: number;
  readonly seenMs: number;
  /** Since when it is here; of one that is not, when it was heard last. After a restart of the central no earlier than it was heard before. */
  readonly sinceMs: number;
};

type Said = Pick<Up['hello'], 'role' | 'site' | 'version' | 'swarm' | 'freeBytes' | 'device' | 'beganMs'>;

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
  readonly #beganMs: number;

  constructor(book: FleetBook, nowMs: number) {
    this.#book = book;
    this.#beganMs = nowMs;
    for (const { name, said, seenMs, away } of book.nodes()) {
      this.#all.set(name, { name, seenMs, sinceMs: seenMs, ...(JSON.parse(said) as Said) });
      if (away) this.#away.add(name);
    }
  }

  /** False: there are too many, and this one is none of them. To be called inside a transaction of the book. */
  said(name: string, { role, site, version, swarm, freeBytes, device, beganMs }: Said, nowMs: number): boolean {
    if (!this.#all.has(name) && this.#all.size >= NODES_MAX) return false;
    const about = { role, site, version, swarm, freeBytes, beganMs };
    const said: Said = { ...about, ...(device !== undefined && { device }) };
    this.#book.putNode(name, JSON.stringify(said), nowMs);
    this.#all.set(name, { name, seenMs: nowMs, sinceMs: this.#sinceMs(name, nowMs), ...said });
    return true;
  }

  /** It said something, whatever: it is here. True: the diary says that it went. */
  heard(name: string, nowMs: number): boolean {
    const known = this.#all.get(name);
    if (known) this.#all.set(name, { ...known, seenMs: nowMs, sinceMs: this.#sinceMs(name, nowMs) });
    if (!this.#away.delete(name)) return false;
    this.#book.setAway(name, false);
    return true;
  }

  /** Of one that is heard now. */
  #sinceMs(name: string, nowMs: number): number {
    const known = this.#all.get(name);
    return known && nowMs - known.seenMs < SILENT_MS ? known.sinceMs : nowMs;
  }

  /** Those that have gone and of whom nobody was told: once of each. A central that has just begun waits until it asked them itself. */
  gone(nowMs: number): string[] {
    if (nowMs - this.#beganMs < SILENT_MS) return [];
    const gone = [...this.#all.values()].filter(
      ({ name, seenMs }) => nowMs - seenMs >= SILENT_MS && !this.#away.has(name),
    );
    for (const { name } of gone) {
      this.#book.setAway(name, true);
      this.#away.add(name);
    }
    return gone.map(({ name }) => name);
  }

  get(name: string, nowMs: number): KnownNode | undefined {
    const known = this.#all.get(name);
    return known && seenAt(known, nowMs);
  }

  /** By name. */
  all(nowMs: number): ReadonlyMap<string, KnownNode> {
    return new Map([...this.#all].map(([name, known]) => [name, seenAt(known, nowMs)]));
  }
}

function seenAt(known: Omit<KnownNode, 'online'>, nowMs: number): KnownNode {
  const online = nowMs - known.seenMs < SILENT_MS;
  return { ...known, online, sinceMs: online ? known.sinceMs : known.seenMs };
}
