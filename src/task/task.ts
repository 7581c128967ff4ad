import type { Bitfield } from '#base/bitfield.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { ClientStream } from '#client/client-world.ts';
import { Downloader } from '#downloader/downloader.ts';
import type { OriginSource } from '#downloader/origin-pool.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Audience, type Guest } from './audience.ts';
import { Holdings } from './holdings.ts';
import { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import { LIMITS } from './limits.ts';
import { MetainfoIntake } from './metainfo-intake.ts';
import { MetainfoLoad } from './metainfo-load.ts';
import { Patience } from './patience.ts';
import { Perception } from './perception.ts';
import type { AtRest, PieceShelf } from './piece-shelf.ts';
import { Search } from './search.ts';
import { type Connected, connectedOf, type TaskView, viewOf } from './task-view.ts';
import type { Beside, Remembered, StoreLike, TaskWorld } from './task-world.ts';

export type { ClientStream, Connected, Guest, OriginSource, StoreLike, TaskView };

/** One torrent: its agent, its clients, its pieces and its downloader. */
export class Task {
  /** The name that it was begun under, and which it uses towards origins. */
  readonly infoHash: InfoHash;
  readonly #world: TaskWorld;
  readonly #scope: Scope;
  readonly #audience: Audience;
  readonly #intake: MetainfoIntake;
  readonly #load = new MetainfoLoad();
  readonly #holdings: Holdings;
  readonly #ledger: Ledger;
  readonly #downloader: Downloader;
  readonly #search: Search;
  readonly #patience = new Patience();
  /** Without the metainfo, of which the torrent's own copy is enough. */
  readonly #remembered: Omit<Remembered, 'info' | 'layers'>;
  readonly #perception: Perception;
  readonly #life: Life;

  constructor(infoHash: InfoHash, remembered: Remembered, world: TaskWorld, parent: Scope) {
    this.infoHash = infoHash;
    this.#world = world;
    const { info, layers, ...rest } = remembered;
    this.#remembered = rest;
    this.#scope = new Scope((error) => world.log.error('task trouble', { why: errorText(error) }), parent);
    this.#ledger = new Ledger(infoHash, world, () => this.#holdings.shelf?.have.bytes);
    this.#audience = this.#newAudience();
    this.#holdings = this.#newHoldings();
    this.#perception = new Perception({
      clock: world.clock,
      audience: this.#audience,
      holdings: this.#holdings,
      loading: () => (this.#load.running ? this.#remembered : undefined),
      mayFetchAhead: () => (world.uplink?.mayFetchAhead ?? true) && !world.isSqueezed?.(),
    });
    this.#downloader = this.#newDownloader();
    this.#search = this.#newSearch();
    this.#life = this.#newLife();
    this.#intake = this.#newIntake();
    if (info) this.#intake.gotInfo(info, 'the index', layers);
    else if (rest.beside)
      this.#load.begin({ read: () => world.metainfo(), loaded: (found) => this.#loaded(found) }, this.#scope);
    this.#scope.defer(() => this.#holdings.begun?.close(this.whole));
    this.#scope.defer(() => this.#audience.close());
    this.#life.begin();
  }

  get clients(): number {
    return this.#audience.size;
  }

  /** Its connections with clients, as they are now. */
  connections(): Connected[] {
    return this.#audience.all().map((client) => connectedOf(client, this.infoHash));
  }

  /** Its clients, for whoever must choose among those of all tasks. */
  guests(): Guest[] {
    return this.#audience.guests();
  }

  /** Takes a client over, or says why not. */
  join(stream: ClientStream, handshake: Handshake, early: Buffer): 'overload' | 'no-metainfo' | undefined {
    return this.gone ? 'overload' : this.#audience.join(stream, handshake, early);
  }

  /** It has left, or was refused while it was being made. */
  get gone(): boolean {
    return this.#life.state.kind === 'gone';
  }

  /** It has every piece, or the index says so and what proves it is still being read. */
  get whole(): boolean {
    return this.#perception.whole;
  }

  /** Its metainfo is still being read from the disk. */
  get loading(): boolean {
    return this.#load.running;
  }

  /** Since when nobody has been here, and nothing is under way; undefined: it is awake. */
  get asleepSinceMs(): number | undefined {
    return this.gone || this.#life.awake ? undefined : this.#audience.lastMs;
  }

  get downloading(): boolean {
    return this.#life.state.kind === 'down';
  }

  /** Clients that want what it has not, and take what it has: there is a reason to fetch. */
  get wanting(): number {
    return this.gone ? 0 : this.#perception.facts().lacking;
  }

  /** What comes from outside, bytes a second. */
  get fillRateBytesPerS(): number {
    return this.#downloader.rateBytesPerS;
  }

  /** With a seat it fetches as fast as it can; without, no further ahead of its clients than keeps them busy. */
  seat(has: boolean): void {
    this.#perception.seated = has;
    this.#downloader.lackChanged();
  }

  /** What it has not; undefined while its metainfo is unknown. */
  get leftBytes(): number | undefined {
    return this.#holdings.leftBytes;
  }

  /** Known not to be private (BEP 27), and by a name that BitTorrent knows: it may be spoken of beyond its own trackers. */
  get public(): boolean {
    return this.#holdings.isPublic;
  }

  /** Why it would be refused by the rules as they are now, as far as its metainfo is known. */
  get refusal(): string | undefined {
    const { meta } = this.#intake;
    return meta && this.#world.refusal(meta);
  }

  /** It is not wanted any more. */
  refuse(why: string): void {
    if (!this.gone) this.#life.leave(why);
  }

  get holdsSome(): boolean {
    return (this.have?.count ?? 0) > 0;
  }

  /** Exactly what is verified and durable; undefined while its metainfo is unknown. For reading alone. */
  get have(): Bitfield | undefined {
    return this.#holdings.shelf?.have;
  }

  /** Pieces must pass SHA-256, too: see TaskWorld.pieceSha256. Undefined while its metainfo is unknown. */
  get isSigned(): boolean | undefined {
    return this.#intake.isSigned;
  }

  /** Its metainfo, if it is not known yet. */
  learn(info: Buffer): void {
    this.#intake.gotInfo(info, 'the operator');
  }

  /** A piece that came another way than from a peer, and belongs to the task from now on. It is verified like any other; one that is had already stays as it is. */
  async put(piece: FramedPiece): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    const { index, lengthBytes } = piece;
    if (this.gone || !this.have) return 'failed';
    if (this.have.has(index)) return 'ok';
    const kept = await this.#accept(piece, []);
    if (kept !== 'ok') return kept;
    this.#downloader.gained(index);
    this.#ledger.filled(index, lengthBytes, 'ordered');
    return kept;
  }

  addSources(sources: readonly OriginSource[]): void {
    const others = sources.slice(0, LIMITS.sources).filter(({ endpoint }) => !this.#world.isBox(endpoint));
    this.#downloader.addSources(others);
  }

  /** Resolves when nothing is being looked for on the disk. True: it is known which pieces lie there. */
  async rechecked(): Promise<boolean> {
    await this.#load.over();
    await this.#holdings.settled();
    return !this.gone && this.#holdings.shelf !== undefined;
  }

  /** See PieceShelf.verify. Undefined while nothing can be verified. */
  async verify(piece: PieceIndex): Promise<AtRest | undefined> {
    return this.gone ? undefined : this.#holdings.shelf?.verify(piece);
  }

  /** The index knows all that it has, as of now. */
  noteProgress(): void {
    this.#ledger.persist();
  }

  /** See PieceShelf.prove. */
  async prove(piece: PieceIndex): Promise<void> {
    if (!this.gone) await this.#holdings.shelf?.prove(piece);
  }

  /** See PieceShelf.leastStake. */
  get leastStake(): number | undefined {
    return this.#mayGiveUp?.leastStake(this.#perception.stakes());
  }

  /** Gives up pieces with which the least is lost, so many bytes at the most and at least a segment. Returns how many bytes went. */
  async evict(bytes: number): Promise<number> {
    return this.#mayGiveUp?.evict(bytes, () => this.#perception.stakes()) ?? 0;
  }

  get #mayGiveUp(): PieceShelf | undefined {
    return this.gone ? undefined : this.#holdings.checkedShelf;
  }

  /** A LAN client told this tracker that it wants the torrent: it will dial within seconds. */
  expect(tracker: string): void {
    this.#search.learn(tracker);
    this.#perception.expect();
    this.#downloader.lackChanged();
    this.#life.wake();
  }

  /**
   * The operator wants it whole, as far as is known of it, though no client may be here; `undefined`: not, or not now. Who needs it sooner than that comes first.
   */
  order(known: Pick<Remembered, 'info' | 'layers' | 'trackers'> | undefined): void {
    this.#perception.ordered = known !== undefined;
    if (known?.info) this.#intake.gotInfo(known.info, 'the operator', known.layers);
    if (this.gone) return;
    for (const tracker of known?.trackers ?? []) this.#search.learn(tracker);
    this.#downloader.lackChanged();
    this.#life.wake();
  }

  /** Leaves memory, everything persisted: who asks for the torrent again wakes it from the index. */
  rest(): void {
    this.#life.close();
  }

  async close(): Promise<void> {
    try {
      this.#life.close();
    } finally {
      await this.#scope.close();
    }
  }

  view(): TaskView {
    const { servedBytes, filledBytes } = this.#ledger;
    return viewOf({
      infoHash: this.#intake.meta?.infoHash ?? this.infoHash,
      state: this.#life.state,
      facts: this.#perception.facts(),
      rechecking: !this.#holdings.checked,
      meta: this.#holdings.shelf?.meta,
      have: this.#holdings.shelf?.have,
      haveBytes: this.#holdings.shelf?.haveBytes ?? 0,
      clients: this.#audience.all(),
      download: this.#downloader.status(),
      servedBytes,
      filledBytes,
    });
  }

  // ---- the metainfo ----

  /** What lies beside the pieces was read, or cannot be: then it is learned as for the first time. */
  #loaded(found: Beside | undefined): void {
    if (this.gone) return;
    if (found) this.#intake.gotInfo(found.info, 'the disk', found.layers);
    if (!this.#intake.meta) this.#world.log.warn('metainfo not read from the disk');
    this.#audience.admit();
    this.#life.look();
  }

  // ---- pieces ----

  /** Pieces can be verified from now on. */
  #usable(meta: Metainfo, from: string): void {
    const shelf = this.#holdings.open(meta, from, this.#remembered);
    this.#downloader.setShape(meta, shelf.have);
    this.#audience.metainfoKnown(meta.pieceCount);
  }

  /** Pieces can be verified by more, and clients of the v2 swarm be served. */
  #better(meta: Metainfo): void {
    this.#holdings.describe(meta);
    this.#audience.metainfoKnown(meta.pieceCount);
  }

  async #accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    const result = await this.#holdings.accept(piece, from);
    if (result === 'ok') this.#patience.kept();
    if (result === 'failed') this.#life.cannotWrite('disk-failed');
    return result;
  }

  // ---- the parts and what each asks ----

  #newAudience(): Audience {
    const { clock, log, budget, demand } = this.#world;
    return new Audience({
      clock,
      log,
      budget,
      ...(demand && { demand }),
      shelf: () => this.#holdings.shelf,
      loading: () => this.#load.running,
      offerMetadata: (infoBytes) => this.#intake.gotInfo(infoBytes, 'a client'),
      lacksLayers: () => this.#intake.lacksLayers,
      offerLayers: (layers) => this.#intake.gotLayers(layers, 'a client'),
      swarm: () => (this.public ? this.#downloader.swarm() : undefined),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      told: (client, endpoints) => this.#world.told(client, endpoints),
      offerPeers: (client, endpoints) => this.#search.news.fromClient(client, endpoints),
      served: (piece, bytes, client) => {
        this.#perception.moved();
        this.#ledger.served(piece, bytes, client);
      },
      neighbour: (giver) => this.#downloader.neighbour(giver),
      shunned: () => this.#life.leave('unsupported'),
      changed: () => {
        this.#downloader.lackChanged();
        this.#life.wake();
        this.#world.bid();
      },
      failed: (error) => this.#world.failed(error),
    });
  }

  #newHoldings(): Holdings {
    const { store, begun, lenders, keepInfo, keptBeside, log } = this.#world;
    return new Holdings({
      store,
      begun,
      lenders,
      keepInfo,
      keptBeside,
      log,
      scope: this.#scope,
      gained: (piece, found) => {
        this.#ledger.haveChanged();
        if (found) this.#downloader.gained(piece);
        this.#downloader.tell(piece);
        this.#audience.announce(piece, found);
        if (this.whole) this.#life.look();
      },
      lost: (piece) => {
        this.#ledger.haveChanged();
        this.#audience.lost(piece);
        this.#downloader.drop(piece);
        this.#life.look();
      },
      lostAll: () => {
        const count = this.#holdings.shelf?.meta.pieceCount ?? 0;
        for (let piece = 0; piece < count; piece++) this.#downloader.drop(piece);
        this.#audience.letGo('disk-failed');
        this.#life.look();
      },
      cannotKeep: (why) => {
        this.#world.cannotKeep(why);
        if (why === 'disk-full' && !this.#patience.refused(this.#world.clock.nowMs())) return;
        this.#life.cannotWrite(why);
        // What they lack will not come from here: they pass when they dial again.
        this.#audience.letGoLacking(why);
      },
      contradicted: () => this.#life.leave('unsupported'),
      forgets: () => this.#ledger.forget(),
      checking: () => this.#life.look(),
    });
  }

  #newLife(): Life {
    const world = {
      manager: this.#world,
      perception: this.#perception,
      audience: this.#audience,
      holdings: this.#holdings,
      downloader: this.#downloader,
      search: this.#search,
      ledger: this.#ledger,
    };
    return new Life(world, this.#scope);
  }

  #newDownloader(): Downloader {
    const { clock, log, peerId } = this.#world;
    const begun = () => this.#holdings.begun;
    return new Downloader({
      infoHash: this.infoHash,
      peerId,
      clock,
      log,
      dial: (to) => this.#world.dial(to),
      accept: (piece, from) => this.#accept(piece, from),
      gotInfo: (bytes) => this.#intake.gotInfo(bytes, 'an origin'),
      lacksLayers: () => this.#intake.lacksLayers,
      gotLayers: (layers) => this.#intake.gotLayers(layers, 'an origin'),
      found: (endpoints) => this.#search.news.fromStranger(endpoints, 'pex'),
      uplink: this.#world.uplink,
      isAhead: () => this.#perception.isAhead,
      lack: (piece) => this.#perception.wanted(piece),
      mayBegin: (inFlight) => this.#perception.mayBegin(inFlight),
      begunBytes: () => this.#world.begunBytes(),
      have: () => this.have,
      failed: (error) => this.#world.failed(error),
      received: (bytes, piece) => {
        this.#perception.moved();
        this.#ledger.filled(piece, bytes, this.#perception.ahead);
      },
      receivedNearby: () => this.#perception.moved(),
      get begun() {
        return begun();
      },
    });
  }

  #newSearch(): Search {
    const world = {
      ...this.#world,
      infoHash: this.infoHash,
      addSources: (sources: readonly OriginSource[]) => this.addSources(sources),
      leftBytes: () => this.leftBytes ?? 1,
      downloadedBytes: () => this.#ledger.filledBytes,
      isPublic: () => this.public,
      isLink: () => this.#perception.ordered && !this.#holdings.shelf,
    };
    return new Search(world, this.#remembered.trackers, this.#scope);
  }

  #newIntake(): MetainfoIntake {
    return new MetainfoIntake({
      infoHash: this.infoHash,
      identified: (meta) => this.#world.identified(meta),
      pieceSha256: (infoHash) => this.#world.pieceSha256?.(infoHash),
      refusal: (meta) => this.#world.refusal(meta),
      usable: (meta, from) => this.#usable(meta, from),
      better: (meta) => this.#better(meta),
      keep: (meta) => {
        if (!meta.byPieces) this.#world.keepInfo(meta);
      },
      leave: (why) => this.#life.leave(why),
      log: this.#world.log,
    });
  }
}
