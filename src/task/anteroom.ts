import type { ClientStream } from '#client/client-world.ts';
import type { Handshake } from '#wire/handshake.ts';

export type Waiting = {
  readonly stream: ClientStream;
  readonly handshake: Handshake;
  readonly early: Buffer;
  readonly sinceMs: number;
};

/**
 * Clients that came while the metainfo is being read from the disk, for milliseconds as a rule. They are not greeted before
 * it is known: what the first words leave out (the bitfield of BEP 3, the offer of peer exchange) cannot be said later.
 */
export class Anteroom {
  readonly #waiting = new Set<Waiting>();

  get size(): number {
    return this.#waiting.size;
  }

  hold(client: Waiting): void {
    this.#waiting.add(client);
    client.stream.onClose(() => this.#waiting.delete(client));
  }

  /** All, who wait here no more. */
  empty(): Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }

  /** Hangs up on those who wait since then or longer. Returns how many they were. */
  letGo(sinceMs = Number.POSITIVE_INFINITY): number {
    const late = [...this.#waiting].filter((client) => client.sinceMs <= sinceMs);
    for (const client of late) {
      this.#waiting.delete(client);
      client.stream.destroy();
    }
    return late.length;
  }
}
