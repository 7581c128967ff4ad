import type { Bitfield } from '#base/bitfield.ts';
import { LIMITS } from './limits.ts';

/** What is asked of one of a client's connections. */
export type Eater = {
  readonly remote: { readonly ip: string };
  /** What the client has; undefined while it has said nothing, which means "none" (BEP 3). */
  pieces(): Bitfield | undefined;
  /** When it last asked for a block; now, while it waits for one. A new connection has just asked. */
  readonly askedMs: number;
};

type Seen = { fedMs: number; satedMs: number | undefined };

/**
 * Which clients, by address, want more. One that is offered pieces that it lacks, and on none of its connections asks for any of them for a while, has what
 * it came for, whatever its bitfield says: a part of the files, or its user has paused it. By asking it shows that it wants more again.
 */
export class Appetite {
  readonly #seen = new Map<string, Seen>();

  /** About once a second. `offered`: what a connection may ask for. True: somebody wants more now, or nothing more. */
  look<C extends Eater>(all: readonly C[], offered: (c: C) => Bitfield | undefined, nowMs: number): boolean {
    const clients = Map.groupBy(all, (c) => c.remote.ip);
    for (const ip of this.#seen.keys()) if (!clients.has(ip)) this.#seen.delete(ip);
    let changed = false;
    for (const [ip, connections] of clients) {
      const seen = this.#seen.get(ip) ?? { fedMs: nowMs, satedMs: undefined };
      this.#seen.set(ip, seen);
      const askedMs = Math.max(...connections.map((c) => c.askedMs));
      if (seen.satedMs !== undefined && askedMs <= seen.satedMs) continue;
      const mayAsk = connections.some((c) => offered(c)?.beyond(c.pieces()));
      seen.fedMs = mayAsk ? Math.max(seen.fedMs, askedMs) : nowMs;
      const sated = nowMs - seen.fedMs >= LIMITS.satedAfterMs;
      changed ||= sated !== (seen.satedMs !== undefined);
      seen.satedMs = sated ? nowMs : undefined;
    }
    return changed;
  }

  /** Since when the client wants nothing more; undefined: it does. */
  satedMs(ip: string): number | undefined {
    return this.#seen.get(ip)?.satedMs;
  }
}
