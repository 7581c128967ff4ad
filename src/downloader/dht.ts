import { randomBytes } from 'node:crypto';
import { lookup as resolveName } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { type InfoHash, infoHashBytes } from '#base/units.ts';
import type { KrpcNode } from '#wire/krpc.ts';
import { DHT_LIMITS } from './dht-limits.ts';
import { DhtLookup } from './dht-lookup.ts';
import { DhtSocket } from './dht-socket.ts';
import { DhtTable } from './dht-table.ts';

export type DhtWorld = {
  readonly clock: Clock;
  readonly log: Log;
  /** Where to begin: `host:port`. */
  readonly bootstrap: readonly string[];
  /** Can the box send to this family's internet at all? */
  hasAddress(family: 4 | 6): boolean;
};

type Family = { readonly family: 4 | 6; readonly table: DhtTable; socket: DhtSocket | undefined };

/**
 * The box's own node in the DHT (BEP 5, 32), read-only (BEP 43): it looks up the peers of torrents that the box fetches,
 * and says of none that the box has it. Only for a box with an address of its own. The caller keeps private torrents
 * away from it (BEP 27).
 */
export class Dht {
  readonly #world: DhtWorld;
  readonly #id = randomBytes(20);
  readonly #families: readonly Family[];
  readonly #scope: Scope;
  readonly #nodes: Endpoint[] = [];
  #lookups = 0;
  #sent = 0;
  #sentSinceMs = 0;
  #told = '';

  constructor(world: DhtWorld) {
    this.#world = world;
    this.#families = ([4, 6] as const).map((family) => ({ family, table: new DhtTable(this.#id), socket: undefined }));
    this.#scope = new Scope((error) => world.log.error('dht-broken', { why: errorText(error) }));
    this.#scope.defer(() => {
      for (const { socket } of this.#families) socket?.close();
    });
  }

  /** Somebody says that a node is there: where to begin when the table is empty. */
  addNode(endpoint: Endpoint): void {
    if (this.#nodes.some(({ ip }) => ip === endpoint.ip)) return;
    this.#nodes.unshift(endpoint);
    this.#nodes.length = Math.min(this.#nodes.length, DHT_LIMITS.bootstrapNodes);
  }

  /** Looks a torrent up once, in both families; `found` is called as peers come. False: too many lookups, or no address. */
  async peersOf(
    infoHash: InfoHash,
    found: (peers: readonly Endpoint[]) => void,
    signal: AbortSignal,
  ): Promise<boolean> {
    const usable = this.#usable();
    if (usable.length === 0 || this.#lookups >= DHT_LIMITS.lookups || this.#scope.closed) return false;
    this.#lookups++;
    const until = AbortSignal.any([signal, this.#scope.signal, AbortSignal.timeout(DHT_LIMITS.lookupMs)]);
    try {
      const begin = await this.#begin();
      await Promise.all(usable.map((family) => this.#lookup(family, infoHash, begin, found, until)));
    } finally {
      this.#lookups--;
    }
    return true;
  }

  get nodes(): number {
    return this.#families.reduce((sum, { table }) => sum + table.size, 0);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  async #lookup(
    f: Family,
    infoHash: InfoHash,
    begin: readonly Endpoint[],
    found: (peers: readonly Endpoint[]) => void,
    until: AbortSignal,
  ): Promise<void> {
    const target = infoHashBytes(infoHash);
    f.socket ??= await DhtSocket.open(f.family);
    const { socket } = f;
    // Of these only the address is known: as far from the target as can be, so that any answer is nearer.
    const far = Buffer.from(target.map((byte) => ~byte & 0xff));
    const strangers = f.table.size >= DHT_LIMITS.nearest ? [] : begin.map((endpoint) => ({ id: far, endpoint }));
    const isOurs = ({ endpoint }: KrpcNode): boolean => isIPv4(endpoint.ip) === (f.family === 4);
    const lookup = new DhtLookup(
      target,
      [...f.table.nearest(target, DHT_LIMITS.candidates), ...strangers].filter(isOurs),
    );
    let left = DHT_LIMITS.peers;
    const ask = async (node: KrpcNode): Promise<void> => {
      await this.#turn(until);
      if (until.aborted) return;
      const answer = await socket.ask(node.endpoint, { id: this.#id, infoHash });
      if (!answer?.id) {
        lookup.silent(node);
        f.table.silent(node);
        return;
      }
      f.table.answered({ id: answer.id, endpoint: node.endpoint });
      lookup.answered(node, answer.nodes.filter(isOurs));
      const peers = answer.peers.slice(0, left);
      left -= peers.length;
      if (peers.length > 0 && !until.aborted) found(peers);
    };
    const underWay = new Set<Promise<void>>();
    while (!lookup.over && !until.aborted) {
      for (const node of lookup.next()) {
        const asked = ask(node).finally(() => underWay.delete(asked));
        underWay.add(asked);
      }
      await Promise.race(underWay);
    }
    await Promise.allSettled(underWay);
  }

  /** Keeps all lookups together below the rate. Returns early when the lookup is over. */
  async #turn(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const nowMs = this.#world.clock.nowMs();
      if (nowMs - this.#sentSinceMs >= 1_000) {
        this.#sentSinceMs = nowMs;
        this.#sent = 0;
      }
      if (this.#sent < DHT_LIMITS.queriesPerS) break;
      await this.#world.clock.sleep(this.#sentSinceMs + 1_000 - nowMs, until).catch(() => {});
    }
    this.#sent++;
  }

  /** Endpoints to begin with. Names are resolved only while they are needed. */
  async #begin(): Promise<Endpoint[]> {
    if (this.#families.every(({ table }) => table.size >= DHT_LIMITS.nearest)) return [];
    const named = await Promise.all(this.#world.bootstrap.map(resolved));
    return [...this.#nodes, ...named.flat()];
  }

  #usable(): Family[] {
    const usable = this.#families.filter(({ family }) => this.#world.hasAddress(family));
    const now = usable.length === 0 ? 'rests: the box has no address of its own' : 'looks peers up';
    if (now !== this.#told) this.#world.log.info('dht', { what: now, families: usable.map((f) => f.family).join(' ') });
    this.#told = now;
    return usable;
  }
}

/** `host:port` or `[address]:port` to endpoints of either family; none when the name is unknown. */
async function resolved(node: string): Promise<Endpoint[]> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(node) ?? [];
  const all = await resolveName(host, { all: true }).catch(() => []);
  return all.map(({ address }) => ({ ip: address, port: Number(port) }));
}

/** Has any device an address with which the internet could be reached? Link-local ones (RFC 3927, RFC 4291) do not count. */
export const hasAddress = (family: 4 | 6): boolean =>
  Object.values(networkInterfaces()).some((list) =>
    list?.some(
      (a) => !a.internal && (a.family === 'IPv4' ? 4 : 6) === family && !/^(169\.254\.|fe[89ab])/i.test(a.address),
    ),
  );
