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
import type { AgentFacts } from './agent.ts';
import { AgentLoop } from './agent-loop.ts';
import { Audience } from './audience.ts';
import { DhtAsking } from './dht-asking.ts';
import { Holdings } from './holdings.ts';
import { Ledger } from './ledger.ts';
import { LIMITS } from './limits.ts';
import { MetainfoIntake } from './metainfo-intake.ts';
import { MetainfoLoad } from './metainfo-load.ts';
import type { AtRest } from './piece-shelf.ts';
import { SwarmNews } from './swarm-news.ts';
import { type TaskView, viewOf } from './task-view.ts';
import type { Beside, Remembered, StoreLike, TaskWorld } from './task-world.ts';
import { TrackerAsking } from './tracker-asking.ts';

export type { ClientStream, OriginSource, StoreLike, TaskView };
/** One torrent: its agent, its clients, its pieces and its downloader. */
export class Task {
  /** The name that it was begun under, and which it uses towards origins. */
  readonly infoHash: InfoHash;
  readonly #world: TaskWorld;
  readonly #scope: Scope;
  readonly #agent: AgentLoop;
  readonly #audience: Audience;
  readonly #intake: MetainfoIntake;
  readonly #load = new MetainfoLoad();
  readonly #holdings: Holdings;
  readonly #ledger: Ledger;
  readonly #downloader: Downloader;
  readonly #trackers: TrackerAsking;
  readonly #news: SwarmNews;
  readonly #dht: DhtAsking;
  readonly #remembered: Remembered;
  #expectUntilMs = 0;
  /** When a byte last came in or went out, or nobody lacked anything. */
  #progressMs: number;

  constructor(infoHash: InfoHash, remembered: Remembered, world: TaskWorld, parent: Scope) {
    this.infoHash = infoHash;
    this.#world = world;
    this.#remembered = remembered;
    this.#scope = new Scope((error) => world.log.error('task trouble', { why: errorText(error) }), parent);
    this.#progressMs = world.clock.nowMs();
    this.#agent = this.#newAgent();
    this.#ledger = new Ledger(world, () => this.#holdings.shelf?.have.bytes);
    const addSources = (sources: readonly OriginSource[]): void => this.addSources(sources);
    this.#news = new SwarmNews({ ...world, addSources });
    this.#audience = this.#newAudience();
    this.#holdings = this.#newHoldings();
    this.#downloader = this.#newDownloader();
    this.#trackers = this.#newTrackers();
    this.#dht = new DhtAsking(
      {
        clock: world.clock,
        lookUp: (found, signal) => world.lookUp(found, signal),
        found: (peers) => this.#news.fromStranger(peers, 'box-dht'),
      },
      this.#scope,
    );
    this.#intake = this.#newIntake();
    if (remembered.info) this.#intake.gotInfo(remembered.info, 'the index', remembered.layers);
    else if (remembered.beside)
      this.#load.begin({ read: () => world.metainfo(), loaded: (found) => this.#loaded(found) }, this.#scope);
    this.#agent.start(this.#scope);
    this.#scope.defer(() => this.#holdings.begun?.close(this.whole));
    this.#scope.defer(() => this.#audience.close());
    this.#scope.every(LIMITS.tickMs, () => this.#tick());
  }

  get clients(): number {
    return this.#audience.size;
  }

  /** Takes a client over, or says why not. */
  join(stream: ClientStream, handshake: Handshake, early: Buffer): 'overload' | 'no-metainfo' | undefined {
    return this.gone ? 'overload' : this.#audience.join(stream, handshake, early);
  }

  /** It has left, or was refused while it was being made. */
  get gone(): boolean {
    return this.#agent.state.kind === 'gone';
  }

  /** It has every piece, or the index says so and what proves it is still being read. */
  get whole(): boolean {
    return this.#load.running ? this.#remembered.whole : this.#holdings.whole;
  }

  /** Its metainfo is still being read from the disk. */
  get loading(): boolean {
    return this.#load.running;
  }

  get downloading(): boolean {
    return this.#agent.state.kind === 'down';
  }

  /** What it has not; undefined while its metainfo is unknown. */
  get leftBytes(): number | undefined {
    const { shelf } = this.#holdings;
    return shelf && shelf.meta.totalBytes - shelf.haveBytes;
  }

  /** Known not to be private (BEP 27), and by a name that BitTorrent knows: it may be spoken of beyond its own trackers. */
  get public(): boolean {
    return (
      this.#holdings.shelf !== undefined && !this.#holdings.shelf.meta.isPrivate && !this.#holdings.shelf.meta.byPieces
    );
  }

  get holdsSome(): boolean {
    return (this.#holdings.shelf?.have.count ?? 0) > 0;
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

  /** Gives up at least so many bytes of pieces, unless a connected client lacks them. Returns how many went. */
  async evict(bytes: number): Promise<number> {
    const { shelf, checked } = this.#holdings;
    if (this.gone || !shelf || !checked) return 0;
    return shelf.evict(bytes, (piece) => this.#wanted(piece) === 0);
  }

  /** A LAN client told this tracker that it wants the torrent: it will dial within seconds. */
  expect(tracker: string): void {
    this.#trackers.learn(tracker);
    this.#expectUntilMs = this.#world.clock.nowMs() + LIMITS.expectForMs;
    this.#downloader.lackChanged();
    this.#agent.tell({ kind: 'look' });
  }

  async close(): Promise<void> {
    this.#agent.run({ kind: 'close' });
    await this.#scope.close();
  }

  view(): TaskView {
    const { servedBytes, filledBytes } = this.#ledger;
    return viewOf({
      infoHash: this.#intake.meta?.infoHash ?? this.infoHash,
      state: this.#agent.state,
      facts: this.#facts(),
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

  // ---- the agent ----

  /** Who has come shows what it wants. */
  get #expectedUntilMs(): number {
    return this.#audience.size > 0 ? 0 : this.#expectUntilMs;
  }

  #facts(): AgentFacts {
    const complete = this.whole;
    const checking = this.#load.running || !this.#holdings.checked;
    return {
      nowMs: this.#world.clock.nowMs(),
      clients: this.#audience.size,
      lacking: complete || checking ? 0 : this.#audience.lacking,
      expectUntilMs: checking ? 0 : this.#expectedUntilMs,
      lastClientMs: this.#audience.lastMs,
      complete,
    };
  }

  #tick(): void {
    const nowMs = this.#world.clock.nowMs();
    const why = this.#useless(nowMs);
    if (why) {
      this.#leave(why);
      return;
    }
    if (this.#agent.state.kind === 'down') {
      const up = this.#downloader.status().origins.filter((o) => o.state === 'up').length;
      this.#trackers.downloading(up, nowMs - this.#agent.state.sinceMs);
      if (this.public) this.#dht.downloading(up, nowMs - this.#agent.state.sinceMs);
    }
    this.#audience.tick();
    this.#ledger.persist();
    this.#agent.tell({ kind: 'look' });
  }

  /**
   * Why the clients are better off without the box. The swarm may give to them, who give in return, what it does not give
   * to the box.
   */
  #useless(nowMs: number): string | undefined {
    const inVain = this.#audience.dropWaiting(nowMs - LIMITS.metainfoWithinMs);
    if (!this.#holdings.shelf) return inVain ? 'no-metainfo' : undefined;
    if (this.#facts().lacking === 0) this.#progressMs = nowMs;
    return nowMs - this.#progressMs >= LIMITS.stalledMs ? 'stalled' : undefined;
  }

  #leave(refusal: string | undefined): void {
    this.#agent.run({ kind: 'leave' });
    this.#audience.letAllGo(refusal ?? 'the task rests');
    this.#scope.run(() => this.#downloader.close());
    this.#world.gone(refusal);
  }

  /** What lies beside the pieces was read, or cannot be: then it is learned as for the first time. */
  #loaded(found: Beside | undefined): void {
    if (this.gone) return;
    if (found) this.#intake.gotInfo(found.info, 'the disk', found.layers);
    if (!this.#intake.meta) this.#world.log.warn('metainfo not read from the disk');
    this.#audience.admit();
    this.#agent.tell({ kind: 'look' });
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
    if (result === 'full') this.#agent.tell({ kind: 'cannot-write', why: 'disk-full' });
    if (result === 'failed') this.#agent.tell({ kind: 'cannot-write', why: 'disk-failed' });
    return result;
  }

  /** How many clients want the piece; an expected client wants the beginning. */
  #wanted(piece: number): number {
    const lack = this.#audience.lackOf(piece);
    if (lack > 0 && this.#audience.isSample(piece)) return lack + 1;
    if (lack > 0 || this.#expectedUntilMs <= this.#world.clock.nowMs()) return lack;
    return piece * (this.#holdings.shelf?.meta.pieceLength ?? 0) < LIMITS.expectBytes ? 1 : 0;
  }

  #count(served: number, filled: number): void {
    this.#progressMs = this.#world.clock.nowMs();
    this.#ledger.count(served, filled);
  }

  // ---- the parts and what each asks ----

  #newAgent(): AgentLoop {
    const { askSlot, withdraw, releaseSlot, log } = this.#world;
    const granted = (): void => this.#agent.tell({ kind: 'slot-granted' });
    return new AgentLoop(
      {
        facts: () => this.#facts(),
        releaseSlot,
        log,
        effects: {
          'ask-slot': () => askSlot(granted),
          withdraw: () => withdraw(granted),
          'release-slot': releaseSlot,
          'start-download': () => this.#downloader.start(),
          'stop-download': () => {
            this.#downloader.pause();
            this.#trackers.rest();
            this.#dht.rest();
          },
          persist: () => this.#ledger.persist(),
          exit: () => this.#leave(undefined),
        },
      },
      this.#progressMs,
    );
  }

  #newAudience(): Audience {
    const { clock, log, budget } = this.#world;
    return new Audience({
      clock,
      log,
      budget,
      shelf: () => this.#holdings.shelf,
      loading: () => this.#load.running,
      offerMetadata: (infoBytes) => this.#intake.gotInfo(infoBytes, 'a client'),
      lacksLayers: () => this.#intake.lacksLayers,
      offerLayers: (layers) => this.#intake.gotLayers(layers, 'a client'),
      swarm: () => (this.public ? this.#downloader.swarm() : undefined),
      dhtNode: (endpoint) => this.#world.dhtNode(endpoint),
      told: (client, endpoints) => this.#world.told(client, endpoints),
      offerPeers: (client, endpoints) => this.#news.fromClient(client, endpoints),
      served: (bytes) => this.#count(bytes, 0),
      shunned: () => this.#leave('unsupported'),
      changed: () => {
        this.#downloader.lackChanged();
        this.#agent.tell({ kind: 'look' });
      },
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
        this.#audience.announce(piece);
        if (this.whole) this.#agent.tell({ kind: 'look' });
      },
      lost: (piece) => {
        this.#ledger.haveChanged();
        this.#audience.lost(piece);
        this.#downloader.drop(piece);
        this.#agent.tell({ kind: 'look' });
      },
      lostAll: () => {
        const count = this.#holdings.shelf?.meta.pieceCount ?? 0;
        for (let piece = 0; piece < count; piece++) this.#downloader.drop(piece);
        this.#audience.letGo('disk-failed');
        this.#agent.tell({ kind: 'look' });
      },
      cannotKeep: (why) => {
        this.#world.cannotKeep(why);
        // What they lack will not come from here: they pass when they dial again.
        this.#audience.letGoLacking(why);
      },
      contradicted: () => this.#leave('unsupported'),
      forgets: () => this.#ledger.forget(),
      checking: () => this.#agent.tell({ kind: 'look' }),
    });
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
      found: (endpoints) => this.#news.fromStranger(endpoints, 'pex'),
      lack: (piece) => this.#wanted(piece),
      received: (bytes) => this.#count(0, bytes),
      get begun() {
        return begun();
      },
    });
  }

  #newTrackers(): TrackerAsking {
    const { clock, log, peerId, keepTrackers } = this.#world;
    const world = {
      infoHash: this.infoHash,
      peerId,
      clock,
      log,
      found: (peers: readonly Endpoint[]) => this.#news.fromTracker(peers),
      leftBytes: () => this.leftBytes ?? 1,
      downloadedBytes: () => this.#ledger.filledBytes,
      keep: keepTrackers,
    };
    return new TrackerAsking(world, this.#remembered.trackers, this.#scope);
  }

  #newIntake(): MetainfoIntake {
    return new MetainfoIntake({
      infoHash: this.infoHash,
      identified: (meta) => this.#world.identified(meta),
      refusal: (meta) => this.#world.refusal(meta),
      usable: (meta, from) => this.#usable(meta, from),
      better: (meta) => this.#better(meta),
      keep: (meta) => {
        if (!meta.byPieces) this.#world.keepInfo(meta);
      },
      leave: (why) => this.#leave(why),
      log: this.#world.log,
    });
  }
}
