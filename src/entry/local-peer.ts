import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { realClock } from '#base/clock.ts';
import { type Endpoint, plainIp } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { SkeyTable } from '#wire/mse.ts';
import { type BridgeAddress, bindable, bridgeAddresses } from './bridge-addresses.ts';
import { LIMITS } from './limits.ts';
import { recognise } from './listener.ts';
import { LocalAddress } from './local-address.ts';
import { LsdSchedule } from './lsd-schedule.ts';
import { type Recognised, Recogniser } from './recogniser.ts';
import type { Announced } from './seen.ts';

export type LocalPeerConfig = {
  readonly enabled: boolean;
  /** TCP port at the box's own addresses. The kernel rules keep the router's side away from it. */
  readonly port: number;
};

/** A client that dialled the box itself, `at` one of its addresses. The socket is paused. */
export type LocalArrival = {
  readonly socket: Socket;
  readonly client: Endpoint;
  readonly at: Endpoint;
  readonly recognised: Recognised;
};

export type LocalPeerWorld = {
  readonly skeys: Pick<SkeyTable, 'find'>;
  /** May neighbours be told of the torrent, and is there anything to give? Never of a private one (BEP 27). */
  announceable(infoHash: InfoHash): boolean;
  /** Such torrents that are in use now, the hottest first. */
  hot(): readonly InfoHash[];
  arrived(arrival: LocalArrival): void;
};

const FAMILIES = [4, 6] as const;
/** Often beside what a newcomer waits for: a look as long as that came now and then a millisecond too soon, and let it wait twice as long. */
const TICK_MS = 1_000;

/**
 * The box as an ordinary neighbour: clients that look around by LSD (BEP 14) hear of it and dial it directly, without
 * tracker or DHT. It needs an address in the clients' network; where it has none, this part rests.
 */
export class LocalPeer {
  readonly #bridge: string;
  readonly #port: number;
  readonly #world: LocalPeerWorld;
  readonly #log: Log;
  readonly #at = new Map<string, LocalAddress>();
  readonly #schedule = new LsdSchedule();
  /** By it the box knows its own announces, should they come back to it. */
  readonly #cookie = randomBytes(4).toString('hex');
  readonly #open = new Set<Socket>();
  /** What was said last about each family and address, so that it is said once. */
  readonly #told = new Map<string, string>();
  #recognising = 0;

  private constructor(bridge: string, port: number, world: LocalPeerWorld, log: Log) {
    this.#bridge = bridge;
    this.#port = port;
    this.#world = world;
    this.#log = log;
  }

  static start(bridge: string, port: number, world: LocalPeerWorld, scope: Scope, log: Log): LocalPeer {
    const peer = new LocalPeer(bridge, port, world, log);
    scope.run((signal) => peer.#watch(signal));
    scope.every(TICK_MS, () => peer.#announce(peer.#schedule.due(world.hot(), Date.now())));
    scope.defer(() => peer.#close());
    return peer;
  }

  /** Clients that dialled the box itself and are still there. */
  get clients(): number {
    return this.#open.size;
  }

  /** The box must not be its own source: clients name it to each other, and to the box. */
  isBox(endpoint: Endpoint): boolean {
    return endpoint.port === this.#port && [...this.#at.values()].some((at) => at.address.ip === endpoint.ip);
  }

  /** A LAN client told its neighbours that it takes part in a torrent. */
  heard({ infoHash, client, lsd }: Announced): void {
    if (!lsd || lsd.cookie === this.#cookie || this.#at.size === 0) return;
    const announceable = (hash: InfoHash): boolean => this.#world.announceable(hash);
    if (this.#schedule.asked(infoHash, client, Date.now(), announceable)) this.#announce([infoHash]);
  }

  #announce(infoHashes: readonly InfoHash[]): void {
    if (infoHashes.length === 0 || this.#at.size === 0) return;
    const tellable = infoHashes.filter((infoHash) => this.#world.announceable(infoHash));
    for (const at of this.#at.values()) at.announce({ infoHashes: tellable, port: this.#port, cookie: this.#cookie });
  }

  /** Follows the bridge's addresses. */
  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#look();
        await realClock.sleep(LIMITS.localLookMs, signal);
      }
    } finally {
      for (const at of this.#at.values()) at.close();
      this.#at.clear();
    }
  }

  async #look(): Promise<void> {
    const now = new Map(bridgeAddresses(this.#bridge).map((a) => [bindable(a), a]));
    for (const [key, at] of this.#at)
      if (!now.has(key)) {
        at.close();
        this.#at.delete(key);
      }
    for (const [key, address] of now) if (!this.#at.has(key)) await this.#listen(key, address);
    for (const family of FAMILIES) {
      const has = [...this.#at.values()].some((at) => at.address.family === family);
      this.#tell(
        `IPv${family}`,
        has ? 'announces itself to LAN clients' : 'rests: the bridge has no address to listen at',
      );
    }
  }

  async #listen(key: string, address: BridgeAddress): Promise<void> {
    const trouble = (error: Error): void => this.#tell(key, errorText(error));
    try {
      const at = await LocalAddress.open(address, this.#port, (socket) => this.#accept(socket), trouble);
      this.#at.set(key, at);
      this.#told.delete(key);
    } catch (error) {
      // An IPv6 address that is still being tested for duplicates cannot be bound: the next look finds it ready.
      trouble(error as Error);
    }
  }

  #tell(about: string, what: string): void {
    if (this.#told.get(about) === what) return;
    this.#told.set(about, what);
    this.#log.info('local peer', { about, what, port: this.#port });
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {}); // a reset is how many connections end; 'close' follows
    const { remoteAddress, remotePort, localAddress } = socket;
    if (!remoteAddress || !remotePort || !localAddress || this.#recognising >= LIMITS.localRecognising) {
      socket.resetAndDestroy();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    this.#recognising++;
    // The client chose the box, so an encrypted handshake may be answered: there is nobody else it could have meant.
    recognise(socket, new Recogniser(() => this.#world.skeys), (recognised) => {
      this.#recognising--;
      const client = { ip: plainIp(remoteAddress), port: remotePort };
      const at = { ip: plainIp(localAddress), port: this.#port };
      if (recognised) this.#world.arrived({ socket, client, at, recognised });
    });
  }

  #close(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }
}
