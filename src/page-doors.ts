import { networkInterfaces } from 'node:os';

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Has the page answered at these places and no others. Rejects when one cannot be had: then all is as it was. */
export type SetPlaces = (places: readonly Place[]) => Promise<void>;

const same = (a: Place, b: Place): boolean => JSON.stringify(a) === JSON.stringify(b);
const portOf = (place: Place): number | undefined => ('port' in place ? place.port : undefined);

/**
 * Where the page is answered, while that changes: the old place stays open until the new one is confirmed, so that whoever cannot reach the new one still
 * reaches the old.
 */
export class PageDoors {
  readonly #setPlaces: SetPlaces;
  /** The one that is meant last. */
  #open: readonly Place[];

  /** `place`: is open already. */
  constructor(place: Place, setPlaces: SetPlaces) {
    this.#open = [place];
    this.#setPlaces = setPlaces;
  }

  /** The page is answered there, too. Rejects when it cannot be: then all is as before. */
  async open(place: Place): Promise<void> {
    const others = this.#open.filter((door) => !same(door, place));
    const rivals = others.filter((door) => portOf(door) !== undefined && portOf(door) === portOf(place));
    try {
      await this.#set([...others, place]);
    } catch (error) {
      if (rivals.length === 0) throw error;
      await this.#openInsteadOf(rivals, place);
    }
  }

  /** The place that was opened last is the only one. */
  async settle(): Promise<void> {
    if (this.#open.length > 1) await this.#set(this.#open.slice(-1));
  }

  /** Two sockets cannot have one port where one of them has every address: then the old one must go first, and whoever is there asks again. */
  async #openInsteadOf(rivals: readonly Place[], place: Place): Promise<void> {
    const before = this.#open;
    const left = before.filter((door) => !rivals.includes(door) && !same(door, place));
    await this.#set(left);
    try {
      await this.#set([...left, place]);
    } catch (error) {
      await this.#set(before);
      throw error;
    }
  }

  async #set(places: readonly Place[]): Promise<void> {
    await this.#setPlaces(places);
    this.#open = places;
  }
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/** What a person types to open the page there. In clear on loopback alone. */
export function pageAddresses(place: Place, names: readonly string[]): string[] {
  if ('path' in place) return [];
  const { host, port } = place;
  const hosts = EVERYWHERE.has(host) ? ownHosts(host === '::') : [host];
  return [...hosts, ...(LOOPBACK.test(host) ? [] : names)].map((h) => {
    const scheme = LOOPBACK.test(h) ? 'http' : 'https';
    return `${scheme}://${h.includes(':') ? `[${h}]` : h}:${port}/`;
  });
}

/** Beside those of the machine alone, and those that only mean something on one wire. */
function ownHosts(isIPv6Too: boolean): string[] {
  const all = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
  const reachable = all.filter(
    ({ internal, family, scopeid }) => !internal && !scopeid && (isIPv6Too || family === 'IPv4'),
  );
  return reachable.map(({ address }) => address);
}
