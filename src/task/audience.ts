import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { CLIENT_CLOSED, ClientConnection } from '#client/client-connection.ts';
import type { ClientStream, ClientTask } from '#client/client-world.ts';
import { CLIENT_LIMITS } from '#client/limits.ts';
import type { BoxBudget, TaskBudget } from '#client/rate-limits.ts';
import { type Handshake, newPeerId } from '#wire/handshake.ts';
import { Anteroom } from './anteroom.ts';
import { LackCounts } from './lack-counts.ts';
import { LIMITS } from './limits.ts';
import { Offers } from './offers.ts';
import type { PieceShelf } from './piece-shelf.ts';
import { partsOf, Wishes } from './wishes.ts';

export type AudienceWorld = Pick<ClientTask, 'offerMetadata' | 'offerLayers' | 'lacksLayers' | 'swarm' | 'dhtNode'> & {
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
  served(bytes: number): void;
  /** Qvod clients do not accept the box's answer: they are better off without it. */
  shunned(): void;
  /** Who is here, or what they lack, has changed. */
  changed(): void;
};

/**
 * The clients of one task. Each is answered under the name that it asked for. One that came by a hybrid's v2 name is told
 * of no piece before the piece layers are known: what SHA-1 alone has verified is no promise to it.
 */
export class Audience {
  readonly #world: AudienceWorld;
  readonly #budget: TaskBudget | undefined;
  readonly #clients = new Map<ClientConnection, { readonly id: InfoHash; readonly sinceMs: number }>();
  readonly #offers: Offers;
  readonly #anteroom = new Anteroom();
  #lack = new LackCounts(0);
  /** Undefined while the metainfo is not known. */
  #wishes: Wishes | undefined;
  #recountSoon: NodeJS.Timeout | undefined;
  #waitedInVain = false;
  /** Qvod clients in a row that left without a word. */
  #silent = 0;
  /** When a client was last here. */
  #lastMs: number;

  constructor(world: AudienceWorld) {
    this.#world = world;
    this.#budget = world.budget?.forTask();
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
    const face = this.#face(handshake, () => here);
    const { log, clock } = this.#world;
    const client = new ClientConnection(stream, handshake, face, early, log, CLIENT_LIMITS, clock);
    here = client;
    this.#clients.set(client, { id, sinceMs: this.#world.clock.nowMs() });
    this.#recount();
    if (this.#visible(id)) this.#offers.joined(client.telling);
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
    this.#wishes ??= shelf && new Wishes(partsOf(shelf.meta));
    this.#lack = new LackCounts(pieceCount, (piece) => this.isSample(piece));
    if (shelf) {
      shelf.memory.wanted = (piece) => this.lackOf(piece);
      this.#offers.open(shelf);
    }
    this.#count();
    for (const client of this.all()) client.metainfoKnown();
    this.#recount();
    for (const [client, { id }] of this.#clients) if (this.#visible(id)) this.#offers.joined(client.telling);
  }

  announce(piece: PieceIndex): void {
    for (const [client, { id }] of this.#clients) if (this.#visible(id)) client.announce(piece);
    this.#offers.gained(piece);
  }

  /** About once a second. */
  tick(): void {
    this.#offers.tick();
    const offered = (client: ClientConnection) => {
      const own = this.#clients.get(client);
      return own && this.#visible(own.id)?.have;
    };
    if (this.#wishes?.look(this.all(), offered, this.#world.clock.nowMs())) this.#recount();
  }

  lost(piece: PieceIndex): void {
    for (const client of this.#clients.keys()) client.lost(piece);
  }

  /** Connected clients that lack the piece, and want it. */
  lackOf(piece: PieceIndex): number {
    return this.#lack.of(piece);
  }

  /** The piece is to be fetched before others that as many lack: it shows who wants its file. */
  isSample(piece: PieceIndex): boolean {
    return this.#wishes?.isSample(piece) ?? false;
  }

  /** Clients that lack something that they want. */
  get lacking(): number {
    return this.#wishes ? this.#lack.wanting : this.all().filter((client) => !client.pieces()?.full).length;
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
    clearTimeout(this.#recountSoon);
  }

  /** What a client that came by this name may know of. */
  #visible(id: InfoHash): PieceShelf | undefined {
    const shelf = this.#world.shelf();
    const byV2Name = shelf?.meta.version === 'hybrid' && id === shelf.meta.ids[1];
    return byV2Name && !shelf.meta.pieceRoots ? undefined : shelf;
  }

  #face({ infoHash: id, qvodHello }: Handshake, own: () => ClientConnection | undefined): ClientTask {
    return {
      infoHash: id,
      peerId: newPeerId(), // read once a connection: clients drop a second one from a peer id they know
      allowance: this.#budget?.forClient(),
      metainfo: () => this.#visible(id)?.meta,
      have: () => this.#visible(id)?.have,
      steers: () => this.#offers.steers(own() === undefined),
      block: (piece, begin, length, asOne) => {
        const answer = this.#visible(id)?.block(piece, begin, length, asOne);
        const client = own();
        if (answer && client) {
          this.#offers.asked(client.telling, piece, length);
          if (this.#wishes?.asked(client.remote.ip, piece)) this.#piecesChanged();
        }
        return answer;
      },
      swarm: () => this.#world.swarm(),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      told: (client, endpoints) => this.#world.told(client.remote.ip, endpoints),
      offerPeers: (client, endpoints) => this.#world.offerPeers(client.remote.ip, endpoints),
      offerMetadata: (infoBytes) => this.#world.offerMetadata(infoBytes),
      lacksLayers: () => this.#world.lacksLayers(),
      offerLayers: (layers) => this.#world.offerLayers(layers),
      changed: (_, what, bytes) => {
        if (what === 'served') this.#world.served(bytes ?? 0);
        else if (what === 'pieces') this.#piecesChanged();
      },
      closed: (client, why) => {
        const { clientName, servedBytes } = client;
        this.#world.log.info('client left', { client: endpointKey(client.remote), name: clientName, servedBytes, why });
        this.#clients.delete(client);
        this.#offers.left(client.telling);
        this.#lastMs = this.#world.clock.nowMs();
        this.#recount();
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
    this.#recountSoon ??= setTimeout(() => {
      this.#recountSoon = undefined;
      this.#recount();
    }, LIMITS.recountEveryMs);
  }

  #count(): void {
    const skips = (client: ClientConnection) => this.#wishes?.skips(client.remote.ip) ?? [];
    this.#lack.recount(this.all().map((client) => ({ pieces: () => client.pieces(), skips: skips(client) })));
  }

  #recount(): void {
    this.#count();
    const shelf = this.#world.shelf();
    if (shelf) shelf.memory.readers = this.lacking;
    this.#offers.confirmed();
    this.#world.changed();
  }
}
