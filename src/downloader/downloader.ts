import type { Duplex } from 'node:stream';
import type { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { bug, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Rate } from '#base/rate.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';
import type { PexPeer } from '#wire/pex.ts';
import { parseNamedInfo, parseSeed } from '#wire/qvod/seed.ts';
import type { OriginId } from './begun-piece.ts';
import { dialInTime } from './dial.ts';
import { type BegunBlocks, Filling } from './filling.ts';
import { LayerAsking } from './layer-asking.ts';
import { DOWNLOAD_LIMITS, type DownloadLimits } from './limits.ts';
import { MetadataFetch } from './metadata-fetch.ts';
import type { BlockSource, Giver, Neighbour } from './neighbour.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { OriginConnection, type OriginEnd, type OriginHost } from './origin-connection.ts';
import { type Origin, OriginPool, type OriginSource } from './origin-pool.ts';
import { type OriginStatus, statusOf, tellable } from './origin-views.ts';
import type { UplinkShare } from './uplink.ts';

/** What the downloader asks of its task. */
export type DownloadWorld = {
  readonly infoHash: InfoHash;
  readonly peerId: Buffer;
  readonly clock: Clock;
  /** A connected stream; rejects. It may be late: a stream that comes after its time is destroyed. */
  dial(to: OriginSource): Promise<Duplex>;
  /** Verifies and keeps a piece, which belongs to the callee from then on. */
  accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'>;
  /** The info dictionary, checked against the info-hash. */
  gotInfo(infoBytes: Buffer): void;
  /** The torrent of which only the piece layers (BEP 52) are missing. */
  lacksLayers(): Metainfo | undefined;
  /** All files' piece layers in order, end to end. */
  gotLayers(layers: Buffer): void;
  /** Connected clients that lack the piece, or from `URGENT_RANK` on how soon it is needed; 0 = nobody wants it now. */
  lack(piece: PieceIndex): number;
  /** May another piece be begun, when so many are on their way? To be asked again after `lackChanged`. */
  mayBegin(inFlight: number): boolean;
  /** Bytes of begun and unverified pieces that may be held: `begunBytes` of the limits, or less. */
  begunBytes(): number;
  /** What is had; undefined while the torrent's shape is unknown. */
  have?(): Bitfield | undefined;
  /** Something threw while an origin was heard: a bug, here or in the task. */
  failed(error: unknown): void;
  /** Bytes of blocks that came from outside, useful or not. */
  received(bytes: number, piece: PieceIndex): void;
  /** Bytes of blocks that came from LAN clients. */
  receivedNearby(bytes: number): void;
  /** An origin told of these peers (BEP 11): never for a torrent that may be private. */
  found(endpoints: readonly Endpoint[]): void;
  /** Undefined: begun pieces end with the process. */
  readonly begun?: BegunBlocks | undefined;
  /** No client is there that waits for what is fetched. */
  isAhead?(): boolean;
  /** Undefined: nothing is paced. */
  readonly uplink?: UplinkShare | undefined;
  readonly log: Log;
};

export type DownloadStatus = {
  readonly origins: readonly OriginStatus[];
  readonly rateBytesPerS: number;
  readonly piecesInFlight: number;
};

const TICK_MS = 1_000;

/** Fills one task from its origins: dials them, asks each for what the picker says, hands over whole pieces, and bans who lies. */
export class Downloader {
  readonly #world: DownloadWorld;
  readonly #limits: DownloadLimits;
  readonly #pool: OriginPool;
  readonly #live = new Map<OriginId, OriginConnection>();
  readonly #neighbours: Neighbourhood;
  /** Both. */
  readonly #sources = new Map<OriginId, BlockSource>();
  readonly #scope: Scope;
  readonly #metadata: MetadataFetch;
  readonly #layers: LayerAsking;
  readonly #rate = new Rate();
  #filling: Filling | undefined;
  /** Known not to be private (BEP 27). */
  #public = false;
  /** What lives while the download runs; undefined when paused. */
  #run: Scope | undefined;

  constructor(world: DownloadWorld, limits: DownloadLimits = DOWNLOAD_LIMITS, random: () => number = Math.random) {
    this.#world = world;
    this.#limits = limits;
    this.#pool = new OriginPool(limits, random);
    this.#metadata = new MetadataFetch(world.infoHash, (o, piece) => this.#live.get(o)?.requestMetadata(piece), limits);
    this.#layers = new LayerAsking(world, limits);
    this.#scope = this.#newScope();
    this.#neighbours = this.#newNeighbourhood();
  }

  addSources(sources: readonly OriginSource[]): void {
    for (const source of sources) this.#pool.add(source, this.#nowMs());
    this.#dialMore();
  }

  /** The torrent's shape is known, and what of it is had (copied). To be called once. */
  setShape(meta: Metainfo, have: Bitfield): void {
    if (this.#filling) bug('the shape is set already');
    this.#metadata.stop();
    this.#public = !meta.isPrivate;
    const { clock, log } = this.#world;
    this.#filling = new Filling(
      {
        clock,
        log,
        limits: this.#limits,
        scope: this.#scope,
        sources: this.#sources,
        nearby: () => this.#neighbours.prompt(),
        accept: (piece, from) => this.#world.accept(piece, from),
        lack: (piece) => this.#world.lack(piece),
        mayBegin: (inFlight) => this.#world.mayBegin(inFlight),
        begunBytes: () => this.#world.begunBytes(),
        endpoint: (id) => this.#pool.byId(id)?.source.endpoint ?? this.#neighbours.get(id)?.endpoint,
        ban: (id, piece) => this.#ban(id, `a bad piece ${piece}`),
        begun: this.#world.begun,
        uplink: this.#world.uplink,
        isAhead: () => this.#isAhead,
      },
      {
        pieceLength: meta.pieceLength,
        pieceCount: meta.pieceCount,
        sizeOf: (piece) => pieceSize(meta, piece),
      },
      have,
    );
    for (const origin of [...this.#live.values()]) this.#filling.admit(origin);
    this.#filling.fillAll();
  }

  /** A LAN client has pieces: from now on it can be asked for them. */
  neighbour(giver: Giver): Neighbour {
    const neighbour = this.#neighbours.add(giver);
    this.#sources.set(neighbour.id, neighbour);
    return neighbour;
  }

  start(): void {
    if (this.#run || this.#scope.closed) return;
    const run = this.#newScope(this.#scope);
    this.#run = run;
    run.run(async (signal) => {
      for (;;) {
        await this.#world.clock.sleep(TICK_MS, signal);
        this.#tick();
      }
    });
    this.#dialMore();
  }

  /** No new requests, connections closed. Begun pieces are kept up to a bound; a piece being verified is not lost. */
  pause(): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    for (const origin of [...this.#live.values()]) origin.close('paused');
    this.#neighbours.pause();
    void run.close();
    this.#filling?.pause();
  }

  /** Tells that `world.lack` changed: of one piece, or of any. */
  lackChanged(piece?: PieceIndex): void {
    this.#filling?.lackChanged(piece);
  }

  /** The piece is no longer had: wanted again. */
  drop(piece: PieceIndex): void {
    this.#filling?.drop(piece);
  }

  /** The piece is had: who places pieces by that hears of it. */
  tell(piece: PieceIndex): void {
    for (const [id, origin] of this.#live) if (this.#pool.byId(id)?.source.places) origin.tell(piece);
  }

  /** The piece was found on the disk: not to be fetched. */
  gained(piece: PieceIndex): void {
    this.#filling?.gained(piece);
  }

  async close(): Promise<void> {
    this.pause();
    await this.#scope.close();
  }

  /** Whom one may tell others of (BEP 11). */
  swarm(): PexPeer[] {
    return tellable(this.#pool.all(), this.#live);
  }

  get rateBytesPerS(): number {
    return this.#rate.bytesPerS(this.#nowMs());
  }

  status(): DownloadStatus {
    const origins = statusOf(this.#pool.all(), this.#live, this.#nowMs());
    return { origins, rateBytesPerS: this.rateBytesPerS, piecesInFlight: this.#filling?.piecesInFlight ?? 0 };
  }

  #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  #newScope(parent?: Scope): Scope {
    return new Scope((error) => this.#world.log.error('download-broken', { why: errorText(error) }), parent);
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    this.#metadata.tick(nowMs);
    for (const origin of [...this.#live.values()]) {
      origin.tick(nowMs);
      this.#layers.ask(origin, nowMs);
      const idleMs = nowMs - origin.lastUsefulMs;
      if (origin.choked && idleMs > this.#limits.rejectedMs) this.#filling?.left(origin.id);
      if (idleMs > this.#limits.uselessMs && this.#pool.crowded(nowMs)) origin.close('gave nothing while others wait');
    }
    this.#neighbours.tick();
    this.#filling?.fillAll();
    this.#dialMore();
  }

  #dialMore(): void {
    if (!this.#run) return;
    for (;;) {
      const nowMs = this.#nowMs();
      const origin = this.#pool.due(nowMs);
      if (!origin) return;
      this.#pool.on(origin, { kind: 'dial' }, nowMs);
      this.#run.run((signal) => this.#visit(origin, signal));
    }
  }

  /** One origin from its dial to its end; then perhaps, almost at once, again. */
  async #visit(origin: Origin, signal: AbortSignal): Promise<void> {
    let useful = false;
    try {
      for (;;) {
        const end = await this.#connect(origin, signal);
        useful = end.useful;
        if (end.answered || signal.aborted || origin.state.kind === 'banned' || origin.speech === 'qvod') break;
        // A peer that closes on a plain handshake, or never answers it, may want encryption: one try, at once.
        origin.speech = origin.speech === 'plain' ? 'mse' : 'plain';
        if (origin.speech === 'plain') break;
      }
    } catch {
      // Unreachable is an ordinary thing for a peer to be: its state says so, and no log line.
    } finally {
      this.#pool.on(origin, { kind: 'ended', useful }, this.#nowMs());
    }
    const { state } = origin;
    if (signal.aborted || state.kind !== 'waiting') return;
    const waitMs = state.untilMs - this.#nowMs();
    if (waitMs < TICK_MS) await this.#world.clock.sleep(Math.max(0, waitMs), signal);
    this.#dialMore();
  }

  async #connect(origin: Origin, signal: AbortSignal): Promise<OriginEnd & { useful: boolean }> {
    const { clock, infoHash, peerId } = this.#world;
    const { endpoint } = origin.source;
    const stream = await dialInTime(this.#world.dial(origin.source), clock, this.#limits.dialMs, signal);
    const connection = new OriginConnection({
      id: origin.id,
      endpoint,
      stream,
      speech: origin.speech,
      qvodHello: origin.source.qvodHello,
      infoHash,
      peerId,
      pex: this.#public,
      host: this.#host(origin),
      limits: this.#limits,
      nowMs: () => clock.nowMs(),
    });
    this.#live.set(origin.id, connection);
    this.#sources.set(origin.id, connection);
    // A pause closes what is live; this one may have come to life just after.
    if (signal.aborted) connection.close('paused');
    this.#filling?.admit(connection);
    const end = await connection.ended;
    this.#live.delete(origin.id);
    this.#sources.delete(origin.id);
    this.#metadata.leave(origin.id, this.#nowMs());
    this.#layers.leave(origin.id);
    this.#filling?.left(origin.id);
    return { ...end, useful: connection.useful };
  }

  get #isAhead(): boolean {
    return this.#world.isAhead?.() ?? false;
  }

  #host(origin: Origin): OriginHost {
    return {
      answered: (o) => {
        this.#pool.on(origin, { kind: 'answered' }, this.#nowMs());
        if (!this.#filling) o.requestMetafile();
        const have = origin.source.places ? this.#world.have?.() : undefined;
        for (let piece = 0; piece < (have?.size ?? 0); piece++) if (have?.has(piece)) o.tell(piece);
        this.#layers.ask(o, this.#nowMs());
      },
      ready: (o) => this.#filling?.fill(o),
      block: (o, request, data, tookMs) => {
        this.#world.uplink?.block(o.stream, data.length, tookMs, this.#isAhead);
        this.#world.received(data.length, request.piece);
        this.#rate.add(data.length, this.#nowMs());
        this.#filling?.block(o, request, data);
      },
      released: (o, request) => this.#filling?.released(o, request),
      peers: (_, endpoints) => this.#world.found(endpoints),
      metadataSize: (o, bytes) => this.#metadata.offer(o.id, bytes, this.#nowMs()),
      metadataRefused: (o) => this.#metadata.leave(o.id, this.#nowMs()),
      metadata: (o, piece, data) => {
        const step = this.#metadata.data(o.id, piece, data, this.#nowMs());
        if (step.kind === 'liar') this.#ban(o.id, 'metainfo that is not the torrent');
        else if (step.kind === 'done') this.#gotInfo(step.infoBytes);
      },
      hashes: (o, range, hashes) => {
        const heard = this.#layers.hashes(o, range, hashes, this.#nowMs());
        if (heard === 'liar') this.#ban(o.id, 'piece hashes that are not the torrent');
      },
      hashesRefused: (o, range) => this.#layers.refused(o.id, range, this.#nowMs()),
      metafile: (o, seed) => this.#gotMetafile(o.id, seed),
      failed: (error) => this.#world.failed(error),
    };
  }

  #gotInfo(infoBytes: Buffer): void {
    this.#world.gotInfo(infoBytes);
    for (const origin of this.#live.values()) this.#layers.ask(origin, this.#nowMs());
  }

  #gotMetafile(id: OriginId, seed: Buffer): void {
    if (this.#filling) return;
    const { infoHash } = this.#world;
    const read = parseSeed(seed);
    const infoBytes = read.kind === 'ok' ? read.value.meta.infoBytes : undefined;
    if (infoBytes && parseNamedInfo(infoBytes, infoHash).kind === 'ok') this.#world.gotInfo(infoBytes);
    else this.#ban(id, 'metainfo that is not the torrent');
  }

  #newNeighbourhood(): Neighbourhood {
    return new Neighbourhood(
      {
        newId: () => this.#pool.newId(),
        nowMs: () => this.#nowMs(),
        runs: () => this.#run !== undefined,
        ready: (n) => this.#filling?.fill(n),
        block: (n, request, data) => {
          this.#world.receivedNearby(data.length);
          this.#filling?.block(n, request, data);
        },
        released: (n, request) => this.#filling?.released(n, request),
        left: (id) => {
          this.#sources.delete(id);
          this.#filling?.left(id);
        },
      },
      this.#limits,
    );
  }

  #ban(id: OriginId, what: string): void {
    const neighbour = this.#neighbours.get(id);
    if (neighbour) {
      this.#world.log.warn('neighbour-banned', { client: endpointKey(neighbour.endpoint), why: `sent ${what}` });
      neighbour.end();
    }
    const origin = this.#pool.byId(id);
    if (!origin || origin.state.kind === 'banned') return;
    this.#world.log.warn('origin-banned', { origin: endpointKey(origin.source.endpoint), why: `sent ${what}` });
    this.#pool.on(origin, { kind: 'ban' }, this.#nowMs());
    this.#live.get(id)?.close(`sent ${what}`);
  }
}
