import { isIPv6, type Socket } from 'node:net';
import { type Endpoint, endpointKey, type LanEndpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { UdpForger } from '#kernel/udp-forger.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { SkeyTable } from '#wire/mse.ts';
import { encodeUtpReset, parseUtpSyn } from '#wire/utp.ts';
import { type Explained, explain, type Question } from './explain.ts';
import { FlowRecords } from './flow-records.ts';
import { FlowStream } from './flow-stream.ts';
import { interfaceFile, ownAddresses, vlanDevice } from './interfaces.ts';
import { ANYONE, LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';
import { type Arrival, Listener } from './listener.ts';
import { type LocalArrival, LocalPeer, type LocalPeerConfig, type LocalPeerWorld } from './local-peer.ts';
import { roomFor } from './room.ts';
import type { Announced, Learned, LearnedFrom } from './seen.ts';
import { splice } from './splice.ts';
import { networkList } from './steered-set.ts';
import { Steering, type SteeringState } from './steering.ts';
import type { Pair, UtpSyn } from './steering-messages.ts';
import { decodeSwarms, encodeSwarms } from './swarm-memory.ts';
import { type Verdict, Verdicts } from './verdicts.ts';

export type EntryConfig = {
  /** Bridge port on the clients' side, port on the router's side, and the bridge itself. */
  readonly lan: string;
  readonly wan: string;
  readonly bridge: string;
  /** 802.1Q ids whose clients are served, too. */
  readonly vlans: readonly number[];
  /** TCP port of the transparent listener; never seen on a wire. */
  readonly listenPort: number;
  /** NFLOG group of the tap. */
  readonly logGroup: number;
  readonly localPeer: LocalPeerConfig;
  /** Clients of whom nothing is logged, held or steered: addresses and networks (CIDR). */
  readonly optOut: readonly string[];
  /** Endpoints that are never steered: addresses and networks (CIDR). */
  readonly neverSteer: readonly string[];
};

/** A LAN client that speaks BitTorrent and believes that it talks to `endpoint`; undefined when it dialled the box itself. */
export type Flow = {
  readonly client: LanEndpoint;
  readonly endpoint: Endpoint | undefined;
  readonly handshake: Handshake;
  /** What the client said after its handshake. */
  readonly early: Buffer;
  readonly stream: FlowStream;
};

/** Why a flow passes that the box may be able to help with soon. */
const PASSES_BRIEFLY: ReadonlySet<string> = new Set(['disk-full', 'disk-failed', 'overload']);

const NOT_YET: SteeringState = { armed: false, why: 'starting', endpoints: 0, held: 0, lost: 0, restedFlows: 0 };

/** What the entry listener asks of the rest of the house. */
export type EntryWorld = {
  /** Takes a flow over, or says why not: then it goes on to its origin, if that is still possible. */
  claim(flow: Flow): { readonly kind: 'taken' } | { readonly kind: 'pass'; readonly why: string };
  /** Clients that the box bears beside those that it has. */
  bears(): number;
  /** Why a flow of this client about the torrent would pass, as far as that can be told before the flow says anything. */
  wouldPass(infoHash: InfoHash, client: string): string | undefined;
  /** The torrent, of all that the box holds, that an encrypted handshake names by SHA-1('req2', info-hash). */
  heldBy(req2: Buffer): InfoHash | undefined;
  learned(value: Learned): void;
  /** As `learned`, from before a restart: no client is known any more. */
  learnedBefore(infoHash: InfoHash, endpoints: readonly Endpoint[]): void;
  announced(value: Announced): void;
  /** May neighbours be told of the torrent, and is there anything to give? Never of a private one (BEP 27). */
  announceable(infoHash: InfoHash): boolean;
  /** Such torrents that are in use now, the hottest first. */
  hot(): readonly InfoHash[];
  /** The steering can no longer be kept true; the process must end. */
  failed(error: Error): void;
};

/** What the flows cost just now. */
export type EntryLoad = {
  readonly recognising: number;
  readonly spliced: number;
  readonly unsentBytes: number;
};

export type EntryView = {
  readonly steering: Readonly<SteeringState>;
  readonly flows: number;
  readonly splicedFlows: number;
  readonly passedBytes: number;
  readonly verdicts: readonly Verdict[];
};

/** The entry listener: learns who speaks BitTorrent, has those flows steered here, and recognises what arrives. */
export class Entry {
  readonly #world: EntryWorld;
  readonly #log: Log;
  readonly #learned = new LearnedFlows();
  readonly #skeys: Pick<SkeyTable, 'find'>;
  readonly #verdicts = new Verdicts();
  readonly #records = new FlowRecords();
  readonly #optedOut: { has(ip: string): boolean };
  readonly #neverSteered: { has(ip: string): boolean };
  readonly #listener: Listener;
  readonly #forger: UdpForger;
  readonly #bridge: string;
  #steering: Steering | undefined;
  #localPeer: LocalPeer | undefined;
  #learnedSince = false;
  #resting = false;
  #clients = 0;
  #spliced = 0;
  #passedBytes = 0;

  private constructor(config: EntryConfig, neverSteer: readonly string[], world: EntryWorld, log: Log) {
    this.#optedOut = networkList(config.optOut);
    this.#neverSteered = networkList(neverSteer);
    this.#world = world;
    this.#log = log;
    this.#bridge = config.bridge;
    this.#forger = new UdpForger(config.vlans);
    // Those in use and those that the LAN speaks of are in memory; whatever else the box holds is asked for.
    this.#skeys = { find: (req2) => this.#learned.skeys.find(req2) ?? world.heldBy(req2) };
    // Only a client that was told of this endpoint as a torrent's peer has its encrypted handshake answered.
    const skeysFor = (client: Endpoint, endpoint: Endpoint) => {
      const flow = this.#learned.find(client.ip, endpoint, Date.now());
      return flow ? (world.wouldPass(flow.infoHash, client.ip) ?? this.#skeys) : 'unknown-torrent';
    };
    this.#listener = new Listener(skeysFor, (arrival) => this.#arrived(arrival));
  }

  /** Resolves when flows are being steered. Rejects with what the operator must mend. */
  static async start(config: EntryConfig, world: EntryWorld, scope: Scope, log: Log): Promise<Entry> {
    for (const vlan of config.vlans) vlanDevice(config.bridge, vlan);
    const neverSteer = [...config.neverSteer, ...ownAddresses()];
    const entry = new Entry(config, neverSteer, world, log);
    scope.defer(() => entry.#forger.close());
    await entry.#listener.listen(config, scope, (error) => world.failed(error));
    const { localPeer, ...rest } = config;
    const settings = {
      ...rest,
      ...(localPeer.enabled && { localPort: localPeer.port }),
      bridgeMac: interfaceFile(config.bridge, 'address'),
      mtu: Number(interfaceFile(config.bridge, 'mtu')),
      neverSteer,
    };
    entry.#steering = await Steering.start(
      settings,
      {
        learned: (value) => entry.#onLearned(value),
        announced: (value) => {
          entry.#learned.takesPart(value.infoHash);
          world.announced(value);
          entry.#localPeer?.heard(value);
        },
        utpSyn: (value) => entry.#refuseUtp(value),
        room: () => entry.#room,
        passed: ({ client, endpoint, why }) => entry.#verdict('passed', client, endpoint, undefined, why),
        trouble: (why) => log.warn('steering trouble', { why }),
        failed: (error) => world.failed(error),
      },
      scope,
    );
    // Only now: the rules that keep the router's side away from its port are laid.
    if (localPeer.enabled)
      entry.#localPeer = LocalPeer.start(config.bridge, localPeer.port, entry.#localWorld(), scope, log);
    return entry;
  }

  /** The endpoint is the box's own. */
  isBox(endpoint: Endpoint): boolean {
    return this.#localPeer?.isBox(endpoint) ?? false;
  }

  /** Makes a torrent in use known, so that an encrypted handshake about it can be answered. */
  know(infoHash: InfoHash): void {
    this.#learned.holds(infoHash);
  }

  /** What a restarted box should steer at once, as a text to keep; undefined when nothing was learned since the last call. */
  remember(): string | undefined {
    if (!this.#learnedSince) return undefined;
    this.#learnedSince = false;
    return encodeSwarms(this.#learned.swarms(Date.now()), Date.now());
  }

  /** Steers what `remember` told before a restart. */
  recall(text: string | undefined): void {
    for (const { infoHash, endpoints, isQvod } of decodeSwarms(text, Date.now())) {
      const from = isQvod ? 'qvod-handshake' : 'before-restart';
      this.#learned.learn({ client: ANYONE, endpoints, infoHash, from }, Date.now());
      this.#steering?.steer(endpoints);
      if (!isQvod) this.#world.learnedBefore(infoHash, endpoints);
    }
  }

  /** Steers endpoints that the box itself found in a live torrent's swarm, for every client. */
  steer(infoHash: InfoHash, endpoints: readonly Endpoint[], from: LearnedFrom): void {
    this.#learnedSince = true;
    this.#learned.learn({ client: ANYONE, endpoints, infoHash, from }, Date.now());
    this.#steering?.steer(endpoints);
  }

  /** Why flows went, and will go, where they do. */
  explain(question: Question): Promise<Explained[]> {
    const from = {
      records: this.#records,
      learned: this.#learned,
      membership: async (pairs: readonly Pair[]) => (await this.#steering?.membership(pairs)) ?? [],
      exempt: (client: string | undefined, endpoint: Endpoint | undefined) => {
        if (client !== undefined && this.#optedOut.has(client)) return 'opted-out';
        return endpoint && this.#neverSteered.has(endpoint.ip) ? 'never-steered' : undefined;
      },
    };
    return explain(question, from, Date.now());
  }

  /** As `steer`, and this client is known to know them (BEP 11). */
  told(client: string, infoHash: InfoHash, endpoints: readonly Endpoint[]): void {
    this.#steering?.steer(endpoints);
    this.#learned.learn({ client, endpoints, infoHash, from: 'pex' }, Date.now());
    this.#learnedSince = true;
  }

  get #room(): number {
    return roomFor(this.#world.bears(), this.#listener);
  }

  /** Whoever dials soon finds room: more than they who wait to be accepted take. */
  get hasRoom(): boolean {
    return this.#room > this.#listener.queued;
  }

  /** New flows pass, all of them, until they are steered again; those that are here stay. */
  rest(resting: boolean): void {
    this.#resting = resting;
    this.#steering?.rest(resting);
  }

  /** Flows that were taken over and are still there. */
  get clients(): number {
    return this.#clients;
  }

  /** Spliced through, both ways, since the daemon began. */
  get passedBytes(): number {
    return this.#passedBytes;
  }

  load(): EntryLoad {
    const { recognising, unsentBytes } = this.#listener;
    return { recognising, spliced: this.#spliced, unsentBytes };
  }

  view(): EntryView {
    return {
      steering: this.#steering?.state ?? NOT_YET,
      flows: this.#listener.flows + (this.#localPeer?.clients ?? 0),
      splicedFlows: this.#spliced,
      passedBytes: this.#passedBytes,
      verdicts: this.#verdicts.recent(),
    };
  }

  #onLearned(value: Learned): void {
    const { client, infoHash, from } = value;
    this.#learnedSince = true;
    const fresh = this.#learned.learn(value, Date.now());
    for (const endpoint of fresh.slice(0, 3)) this.#verdict('learned', client, endpoint, infoHash, from);
    this.#world.learned(value);
  }

  #arrived({ socket, client, endpoint, recognised: r }: Arrival): void {
    if (r.kind === 'lost') {
      socket.destroy();
      // Noise from one client says nothing about the endpoint; a torrent that nobody named may be one we must not touch.
      if (r.why === 'unknown-torrent') this.#leaveAlone('refused', client, endpoint, r.why, r.detail);
      else this.#verdict('refused', client.ip, endpoint, undefined, r.why);
      return;
    }
    if (r.kind === 'other') {
      this.#splice({ socket, client, endpoint }, r.head, r.why, r.detail);
      return;
    }
    for (const bytes of r.send) socket.write(bytes);
    const how = r.handshake.qvodHello ? 'qvod-handshake' : r.ciphers ? 'mse-handshake' : 'plain-handshake';
    const meter = this.#records.note(client.ip, endpoint, 'steered', how, Date.now());
    const stream = new FlowStream(socket, client, r.ciphers, meter);
    const claim = this.#world.claim({ client, endpoint, handshake: r.handshake, early: r.early, stream });
    if (claim.kind === 'taken') {
      this.#taken(socket);
      this.#verdict('steered', client.ip, endpoint, r.handshake.infoHash, how);
    } else if (r.head) this.#splice({ socket, client, endpoint }, r.head, claim.why);
    else {
      socket.destroy();
      this.#leaveAlone('refused', client, endpoint, claim.why, undefined);
    }
  }

  #taken(socket: Socket): void {
    this.#clients++;
    socket.once('close', () => this.#clients--);
  }

  #localWorld(): LocalPeerWorld {
    return {
      skeys: this.#skeys,
      announceable: (infoHash) => this.#world.announceable(infoHash),
      hot: () => this.#world.hot(),
      arrived: (arrival) => this.#arrivedHere(arrival),
    };
  }

  /** Nobody stands behind this endpoint: what the box cannot serve is closed. */
  #arrivedHere({ socket, client, at, recognised: r }: LocalArrival): void {
    if (r.kind !== 'peer') {
      socket.destroy();
      this.#verdict('refused', client.ip, at, undefined, r.why);
      return;
    }
    for (const bytes of r.send) socket.write(bytes);
    const meter = this.#records.note(client.ip, at, 'steered', 'local-peer', Date.now());
    const stream = new FlowStream(socket, client, r.ciphers, meter);
    const claim = this.#world.claim({ client, endpoint: undefined, handshake: r.handshake, early: r.early, stream });
    const { infoHash } = r.handshake;
    if (claim.kind === 'taken') {
      this.#taken(socket);
      this.#verdict('steered', client.ip, at, infoHash, 'local-peer');
      return;
    }
    socket.destroy();
    this.#verdict('refused', client.ip, at, infoHash, claim.why);
  }

  #splice(at: Pick<Arrival, 'socket' | 'client' | 'endpoint'>, head: Buffer, why: string, detail?: string): void {
    const { socket, client, endpoint } = at;
    if (this.#spliced >= LIMITS.spliced) {
      socket.resetAndDestroy();
      this.#leaveAlone('refused', client, endpoint, 'overload', `${LIMITS.spliced} flows are spliced already`);
      return;
    }
    this.#spliced++;
    if (why === 'unknown-torrent') this.#verdict('spliced', client.ip, endpoint, undefined, why);
    else this.#leaveAlone('spliced', client, endpoint, why, detail);
    const meter = this.#records.note(client.ip, endpoint, 'spliced', why, Date.now());
    const passed = (bytes: number): void => {
      this.#passedBytes += bytes;
    };
    splice(socket, { bridge: this.#bridge, client, origin: endpoint }, head, meter, passed, () => this.#spliced--);
  }

  /** This client's next connection to the endpoint goes over the bridge as if the box were not there. */
  #leaveAlone(
    verdict: 'spliced' | 'refused',
    client: Endpoint,
    endpoint: Endpoint,
    why: string,
    detail: string | undefined,
  ): void {
    // While nothing is steered it passes as it is, and each pair costs the worker a kernel transaction.
    if (!this.#resting) this.#steering?.pass(client.ip, endpoint, PASSES_BRIEFLY.has(why));
    this.#verdict(verdict, client.ip, endpoint, undefined, why);
    this.#log.info(verdict, { client: client.ip, endpoint: endpointKey(endpoint), why, detail });
  }

  /**
   * uTP to a steered endpoint is refused in the endpoint's name (BEP 29 ST_RESET): the client comes back over TCP. Over IPv6
   * the steering worker has done it already: a raw socket takes no IPv6 header of ours.
   */
  #refuseUtp({ client, endpoint, payload }: UtpSyn): void {
    const syn = parseUtpSyn(payload);
    if (!syn) return;
    this.#records.note(client.ip, endpoint, 'refused', 'utp', Date.now());
    if (isIPv6(client.ip)) return;
    this.#forger.send(endpoint, client, encodeUtpReset(syn.connectionId, syn.seq), (error) => {
      if (error) this.#log.warn('uTP refusal not sent', { why: errorText(error) });
    });
  }

  #verdict(verdict: Verdict['verdict'], client: string, endpoint: Endpoint, infoHash: string | undefined, why: string) {
    const atMs = Date.now();
    if (verdict !== 'learned') this.#records.note(client, endpoint, verdict, why, atMs);
    this.#verdicts.add({ atMs, client, endpoint: endpointKey(endpoint), infoHash, verdict, why });
  }
}
