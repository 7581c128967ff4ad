import { networkInterfaces } from 'node:os';

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Whoever answers at a place. */
export type Doorman<L> = {
  /** Rejects when the place cannot be had. */
  listen(place: Place): Promise<L>;
  leave(listener: L): Promise<void>;
};

const samePlace = (a: Place, b: Place): boolean => JSON.stringify(a) === JSON.stringify(b);
const portOf = (place: Place): number | undefined => ('port' in place ? place.port : undefined);

/**
 * Where the page is answered, while that changes: the old place stays open until the new one is confirmed, so that whoever cannot reach the new one still
 * reaches the old.
 */
export class PageDoors<L> {
  readonly #doorman: Doorman<L>;
  /** The one that is meant last. */
  readonly #open: { readonly place: Place; readonly listener: L }[] = [];

  constructor(doorman: Doorman<L>) {
    this.#doorman = doorman;
  }

  /** The page is answered there, too. Rejects when it cannot be: then all is as before. */
  async open(place: Place): Promise<void> {
    const at = this.#open.findIndex((door) => samePlace(door.place, place));
    if (at >= 0) {
      this.#open.push(...this.#open.splice(at, 1));
      return;
    }
    this.#open.push({ place, listener: await this.#listen(place) });
  }

  /** The place that was opened last is the only one. */
  async settle(): Promise<void> {
    for (const { listener } of this.#open.splice(0, this.#open.length - 1)) await this.#doorman.leave(listener);
  }

  /** Two sockets cannot have one port where one of them has every address: then the old place must go first. */
  async #listen(place: Place): Promise<L> {
    try {
      return await this.#doorman.listen(place);
    } catch (error) {
      const rivals = this.#open.filter(
        (door) => portOf(door.place) !== undefined && portOf(door.place) === portOf(place),
      );
      if (rivals.length === 0) throw error;
      for (const rival of rivals) await this.#shut(rival.place);
      try {
        return await this.#doorman.listen(place);
      } catch (again) {
        for (const rival of rivals) this.#open.push({ ...rival, listener: await this.#doorman.listen(rival.place) });
        throw again;
      }
    }
  }

  async #shut(place: Place): Promise<void> {
    const at = this.#open.findIndex((door) => samePlace(door.place, place));
    const [door] = this.#open.splice(at, 1);
    if (door) await this.#doorman.leave(door.listener);
  }
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/** What a person types to open the page there. In clear on loopback alone. */
export function pageAddresses(place: Place, names: readonly string[]): string[] {
  if ('path' in place) return [];
  const { host, port } = place;
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const hosts = EVERYWHERE.has(host)
    ? own
        .filter(({ internal, family, scopeid }) => !internal && !scopeid && (host === '::' || family === 'IPv4'))
        .map(({ address }) => address)
    : [host];
  return [...hosts, ...(LOOPBACK.test(host) ? [] : names)].map((h) => {
    const scheme = LOOPBACK.test(h) ? 'http' : 'https';
    return `${scheme}://${h.includes(':') ? `[${h}]` : h}:${port}/`;
  });
}
