import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { CLIENT_CLOSED, ClientConnection } from '#client/client-connection.ts';
import type { ClientStream, ClientTask } from '#client/client-world.ts';
import { CLIENT_LIMITS } from '#client/limits.ts';
import { PerClient } from '#client/per-client.ts';
import type { BoxBudget, TaskBudget } from '#client/rate-limits.ts';
import { ReadTurns } from '#client/read-turns.ts';
import { URGENT_RANK } from '#downloader/wanted-pieces.ts';
import { type Handshake, newPeerId } from '#wire/handshake.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';
import { Anteroom } from './anteroom.ts';
import { Dependence } from './dependence.ts';
import { FreshPieces } from './fresh-pieces.ts';
import type { StakeOf } from './giving-up.ts';
import { holdersOf } from './holder.ts';
import { Hunger } from './hunger.ts';
import { LackCounts, type Need } from './lack-counts.ts';
import { LIMITS } from './limits.ts';
import { Neighbours, type NeighboursWorld } from './neighbours.ts';
import { Offers } from './offers.ts';
import type { PieceShelf } from './piece-shelf.ts';
import { Playheads } from './playheads.ts';
import type { TorrentDemand } from './task-world.ts';
import { partsOf, Wishes } from './wishes.ts';

export type AudienceWorld = NeighboursWorld &
  Pick<ClientTask, 'offerMetadata' | 'offerLayers' | 'lacksLayers' | 'swarm' | 'dhtNode'> & {
    readonly clock: Clock;
    readonly log: Log;
    /** Where the rates to clients are limited. */
    readonly budget?: BoxBudget | undefined;
    /** The pieces that may be served; undefined while the metainfo is not known. */
    shelf(): PieceShelf | undefined;
    /** The metainfo is being read from the disk: whoever comes is greeted when that is over. */
    loading(): boolean;
    /** A client, by its address, is told of these peers by the box, or told the box of them. */
    told(client: string, endpoints: readonly Endpoint[]): void;
    offerPeers(client: string, endpoints: readonly Endpoint[]): void;
    /** A client, by its address, was given bytes of a piece. */
    served(piece: PieceIndex, bytes: number, client: string): void;
    /** Where the demand for the torrent is noted; undefined: it is not. */
    demand?(meta: Metainfo): TorrentDemand | undefined;
    /** Qvod clients do not accept the box's answer: they are better off without it. */
    shunned(): void;
    /** Who is here, or what they lack, has changed. */
    changed(): void;
    /** A client's connection threw. */
    failed(error: unknown): void;
  };

/** One client, as those see it who look at the clients of all tasks. `tookAtMs`: when it was last given something, or came. */
export type Guest = { readonly tookAtMs: number; letGo(why: string): void; pieces(): Bitfield | undefined };

/**
 * The clients of one task. Each is answered under the name that it asked for. One that came by a hybrid's v2 name is told
 * of no piece before the piece layers are known: what SHA-1 alone has verified is no promise to it.
 */
export class Audience {
  readonly #world: AudienceWorld;
  readonly #budget: TaskBudget | undefined;
  readonly #readTurns = new PerClient(() => new ReadTurns(CLIENT_LIMITS.reads));
  readonly #clients = new Map<ClientConnection, { readonly id: InfoHash; readonly sinceMs: number }>();
  readonly #offers: Offers;
  readonly #anteroom = new Anteroom();
  readonly #fresh = new FreshPieces();
  readonly #hunger = new Hunger();
  readonly #neighbours: Neighbours<ClientConnection>;
  #lack = new LackCounts(0);
  /** Undefined while the metainfo is not known. */
  #wishes: Wishes | undefined;
  #playheads: Playheads | undefined;
  readonly #dependence = new Dependence();
  #demand: TorrentDemand | undefined;
  #recountSoon: NodeJS.Timeout | undefined;
  #waitedInVain = false;
  #over = false;
  /** Qvod clients in a row that left without a word. */
  #silent = 0;
  /** When a client was last here. */
  #lastMs: number;

  constructor(world: AudienceWorld) {
    this.#world = world;
    this.#budget = world.budget?.forTask();
    this.#neighbours = new Neighbours(world);
    this.#lastMs = world.clock.nowMs();
    this.#offers = new Offers({
      clock: world.clock,
      shelf: () => world.shelf(),
      lackOf: (piece) => this.lackOf(piece),
      lacking: () => this.lacking,
    });
  }

  get size(): number {
    return this.#clients.size + this.#anteroom.size;
  }

  get lastMs(): number {
    return this.size > 0 ? this.#world.clock.nowMs() : this.#lastMs;
  }

  all(): ClientConnection[] {
    return [...this.#clients.keys()];
  }

  guests(): Guest[] {
    return this.all().map((client) => ({
      tookAtMs: client.tookAtMs,
      letGo: (why) => client.close(why),
      pieces: () => client.pieces(),
    }));
  }

  /** Why the client is not taken, or undefined. */
  join(stream: ClientStream, handshake: Handshake, early: Buffer): 'overload' | 'no-metainfo' | undefined {
    const id = handshake.infoHash;
    if (this.size >= LIMITS.clients) return 'overload';
    if (this.#world.loading()) {
      this.#anteroom.hold({ stream, handshake, early, sinceMs: this.#world.clock.nowMs() });
      return undefined;
    }
    if (this.#waitedInVain && !this.#visible(id)) return 'no-metainfo';
    let here: ClientConnection | undefined;
    const face = this.#face(handshake, stream.remote, () => here);
    const { log, clock } = this.#world;
    const client = new ClientConnection(stream, handshake, face, early, log, CLIENT_LIMITS, clock);
    here = client;
    this.#clients.set(client, { id, sinceMs: this.#world.clock.nowMs() });
    if (!this.#isSmall) this.#lack.joined();
    this.#recountOrSoon();
    if (this.#visible(id)) this.#offersTo(client);
    return undefined;
  }

  /** Reading from the disk is over. */
  admit(): void {
    for (const { stream, handshake, early } of this.#anteroom.empty())
      if (this.join(stream, handshake, early)) stream.destroy();
  }

  /** The shape is known, or what a v2 client waited for. */
  metainfoKnown(pieceCount: number): void {
    const shelf = this.#world.shelf();
    const parts = shelf ? partsOf(shelf.meta) : [];
    this.#wishes ??= shelf && new Wishes(parts);
    this.#playheads ??= shelf && new Playheads({ pieceCount, pieceLength: shelf.meta.pieceLength, parts });
    this.#demand ??= shelf && this.#world.demand?.(shelf.meta);
    this.#lack = new LackCounts(pieceCount, (piece) => this.#wishes?.isSample(piece) ?? false);
    if (shelf) {
      shelf.memory.wanted = (piece) => this.lackOf(piece);
      this.#offers.open(shelf);
    }
    this.#count();
    for (const client of this.all()) client.metainfoKnown();
    this.#recount();
    for (const [client, { id }] of this.#clients) if (this.#visible(id)) this.#offersTo(client);
  }

  #offersTo({ telling, remote }: ClientConnection): void {
    this.#offers.joined(telling, () => this.#playheads?.readsInOrder(remote.ip) ?? false);
  }

  /** `found`: on the disk, not fetched. */
  announce(piece: PieceIndex, found = false): void {
    if (this.size > 0) this.#fresh.came(piece, this.#world.clock.nowMs());
    for (const [client, { id }] of this.#clients) if (this.#visible(id)) client.announce(piece);
    this.#offers.gained(piece);
    this.#hunger.gained();
    this.#piecesChanged();
    const shelf = found ? undefined : this.#world.shelf();
    if (shelf) this.#demand?.fetched(pieceSize(shelf.meta, piece));
  }

  /** About once a second. */
  tick(): void {
    this.#offers.tick();
    const offered = (client: ClientConnection) => {
      const own = this.#clients.get(client);
      return own && this.#visible(own.id)?.have;
    };
    const nowMs = this.#world.clock.nowMs();
    if (this.#wishes?.look(this.all(), offered, nowMs)) this.#recount();
    else if (this.#hunger.look(nowMs)) this.#world.changed();
  }

  lost(piece: PieceIndex): void {
    for (const client of this.#clients.keys()) client.lost(piece);
    this.#piecesChanged();
  }

  /** Connected clients that lack the piece, and want it. */
  lackOf(piece: PieceIndex): number {
    return this.#lack.of(piece);
  }

  /** In which order pieces are to be fetched, the highest first (see URGENT_RANK); 0: nobody wants it. */
  rankOf(piece: PieceIndex): number {
    const lack = this.lackOf(piece);
    const urgency = lack > 0 ? (this.#playheads?.urgencyOf(piece) ?? 0) : 0;
    if (urgency > 0) return URGENT_RANK + urgency - 1;
    // It shows who wants its file.
    const isSample = lack > 0 && this.#wishes?.isSample(piece);
    return Math.min(isSample ? lack + 1 : lack, URGENT_RANK - 1);
  }

  /** What is lost just now with each piece that the box has: clients that lack it. It has to stay where one of them counts on it, or is about to take it. */
  stakes(): StakeOf {
    const owed = new Bitfield(this.#lack.size);
    for (const { hearsOfLoss, telling } of this.#clients.keys()) if (!hearsOfLoss) telling.owed(owed.bytes);
    const nowMs = this.#world.clock.nowMs();
    return (piece) => {
      const lack = this.lackOf(piece);
      if (lack === 0) return 0;
      const isUrgent = (this.#playheads?.urgencyOf(piece) ?? 0) > 0;
      return isUrgent || owed.has(piece) || this.#fresh.has(piece, nowMs) ? undefined : lack;
    };
  }

  /** Connections that lack something that they want. */
  get lacking(): number {
    return this.#wishes ? this.#lack.wanting : this.all().filter((client) => !client.pieces()?.full).length;
  }

  /** Clients, by their address, that want what the box lacks, and take what it has. */
  get hungry(): number {
    return this.#wishes ? this.#hunger.clients : this.lacking;
  }

  /** Pieces that lie ready for the one of them who has the fewest. */
  get leastReady(): number {
    return this.#hunger.leastReady;
  }

  /** Lets those go who wait for metainfo since then or longer; who comes later for the same is not taken. True: there were some. */
  dropWaiting(sinceMs: number): boolean {
    const waiting = [...this.#clients].filter(([, client]) => client.sinceMs <= sinceMs && !this.#visible(client.id));
    const inVain = this.#anteroom.letGo(sinceMs) + waiting.length > 0;
    if (inVain) this.#waitedInVain = true;
    this.letGo(
      'no-metainfo',
      waiting.map(([client]) => client),
    );
    return inVain;
  }

  letGo(why: string, clients: readonly ClientConnection[] = this.all()): void {
    for (const client of clients) client.close(why);
  }

  /** Nobody stays, and nobody waits any more. */
  letAllGo(why: string): void {
    this.#anteroom.letGo();
    this.letGo(why);
  }

  letGoLacking(why: string): void {
    this.letGo(
      why,
      this.all().filter((client) => !client.pieces()?.full),
    );
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#recountSoon);
  }

  /** What a client that came by this name may know of. */
  #visible(id: InfoHash): PieceShelf | undefined {
    const shelf = this.#world.shelf();
    const byV2Name = shelf?.meta.version === 'hybrid' && id === shelf.meta.ids[1];
    return byV2Name && !shelf.meta.pieceRoots ? undefined : shelf;
  }

  #face({ infoHash: id, qvodHello }: Handshake, { ip }: Endpoint, own: () => ClientConnection | undefined): ClientTask {
    return {
      infoHash: id,
      peerId: newPeerId(), // read once a connection: clients drop a second one from a peer id they know
      allowance: this.#budget?.forClient(ip, () => this.#dependence.weightOf(ip)),
      readTurns: this.#readTurns.enter(ip),
      metainfo: () => this.#visible(id)?.meta,
      have: () => this.#visible(id)?.have,
      steers: () => this.#offers.steers(!this.all().some(({ remote }) => remote.ip === ip)),
      block: (piece, begin, length, asOne) => {
        const inOrder = this.#playheads?.readsInOrder(ip) ?? false;
        const answer = this.#visible(id)?.block(piece, begin, length, asOne, inOrder);
        const client = own();
        if (answer && client) {
          this.#offers.asked(client.telling, piece, length);
          this.#hunger.took(client.remote.ip, this.#world.clock.nowMs());
          this.#demand?.asked(client.remote.ip, piece, begin);
          if (this.#wishes?.asked(client.remote.ip, piece)) this.#piecesChanged();
        }
        return answer;
      },
      asked: (piece) => {
        const have = this.#visible(id)?.have;
        const connections = () => this.all().filter(({ remote }) => remote.ip === ip);
        if (have && this.#playheads?.asked(ip, piece, have, connections)) this.#piecesChanged();
      },
      swarm: () => this.#world.swarm(),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      told: (client, endpoints) => this.#world.told(client.remote.ip, endpoints),
      offerPeers: (client, endpoints) => this.#world.offerPeers(client.remote.ip, endpoints),
      offerMetadata: (infoBytes) => this.#world.offerMetadata(infoBytes),
      lacksLayers: () => this.#world.lacksLayers(),
      offerLayers: (layers) => this.#world.offerLayers(layers),
      changed: () => this.#piecesChanged(),
      served: (client, piece, bytes) => {
        this.#demand?.served(client.remote.ip, bytes);
        this.#world.served(piece, bytes, client.remote.ip);
      },
      failed: (error) => this.#world.failed(error),
      taker: (client) => this.#neighbours.of(client),
      closed: (client, why) => {
        this.#neighbours.left(client);
        const { clientName, servedBytes } = client;
        this.#world.log.info('client left', { client: endpointKey(client.remote), name: clientName, servedBytes, why });
        this.#clients.delete(client);
        if (this.size === 0) this.#fresh.clear();
        this.#offers.left(client.telling);
        this.#readTurns.leave(ip);
        this.#lastMs = this.#world.clock.nowMs();
        this.#recountOrSoon();
        if (qvodHello && why === CLIENT_CLOSED) this.#qvodLeft(client);
      },
    };
  }

  /**
   * Real Qvod clients may check a sum in the peer id, whose rule nobody has published: one that does so hangs up on the box's.
   */
  #qvodLeft(client: ClientConnection): void {
    this.#silent = client.spoke ? 0 : this.#silent + 1;
    if (this.#silent >= LIMITS.silentClients) this.#world.shunned();
  }

  /** A client says `have` often; counting costs clients x pieces, so it is done at most a few times a second. */
  #piecesChanged(): void {
    if (this.#over) return;
    const slower = Math.max(1, this.#lack.costWith(this.#clients.size) / LIMITS.recountOften);
    this.#recountSoon ??= setTimeout(() => {
      this.#recountSoon = undefined;
      this.#recount();
    }, LIMITS.recountEveryMs * slower);
  }

  get #isSmall(): boolean {
    return this.#lack.costWith(this.#clients.size) <= LIMITS.recountAtOnce;
  }

  /** When hundreds come or leave at once, each of them costs next to nothing. Until it is counted anew, nobody counts for less than he lacks. */
  #recountOrSoon(): void {
    if (this.#isSmall) {
      this.#recount();
      return;
    }
    this.#piecesChanged();
    this.#world.changed();
  }

  #count(): void {
    const nowMs = this.#world.clock.nowMs();
    const have = this.#world.shelf()?.have;
    const holders = holdersOf(this.all(), (ip) => this.#wishes?.skips(ip) ?? []);
    const needs = this.#lack.recount(holders, have);
    this.#hunger.counted(
      holders.map(({ ip, interested }, i) => ({ ip, interested, ...(needs[i] as Need) })),
      nowMs,
    );
    if (have) this.#playheads?.look(holders, have, nowMs);
    if (this.#budget?.isLimited) this.#dependence.look(holders, this.#lack.size);
  }

  #recount(): void {
    this.#count();
    const shelf = this.#world.shelf();
    if (shelf) {
      shelf.memory.readers = this.lacking;
      const wants = (piece: PieceIndex): boolean => this.lackOf(piece) > 0 && !shelf.have.has(piece);
      this.#neighbours.look(this.hungry > 0 ? this.all() : [], shelf.meta.pieceCount, wants);
    }
    this.#offers.confirmed();
    this.#world.changed();
    if (this.#playheads?.searching) this.#piecesChanged();
  }
}
