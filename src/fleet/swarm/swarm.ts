import { connect, type Socket } from 'node:net';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey, parseEndpoint, plainIp } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { readShared } from '#base/shared-read.ts';
import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { isPiece, type Seed } from '../seed.ts';
import { Filling, type Giver, type Whole } from './filling.ts';
import { awaitHandshake } from './hello.ts';
import { SWARM_LIMITS } from './limits.ts';
import { LINK_CLOSED, Link, type LinkWorld } from './link.ts';
import { Placement } from './placement.ts';
import { RateCap } from './rate-cap.ts';
import { Uplink } from './uplink.ts';

/** Where the pieces of one distribution lie. */
export type PieceHome = {
  has(piece: PieceIndex): boolean;
  readonly count: number;
  /** A piece that `has` says is here; undefined when it cannot be read (any more). It is lent: `release` when none of its bytes is looked at any more. */
  read(piece: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined>;
  /** What was lent is given back: its memory may become another's now. */
  release(piece: FramedPiece): void;
  /** Keeps a verified piece, which is for reading alone from now on. 'full', 'failed': it is not kept. */
  keep(piece: FramedPiece): Promise<'ok' | 'full' | 'failed'>;
};

export type SwarmWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** The node's own address, where it has several. */
  readonly localAddress?: string | undefined;
  gave?(bytes: number): void;
  /** One piece more is here, verified and kept. */
  gained(piece: PieceIndex): void;
  cannotKeep(why: 'full' | 'failed'): void;
  /** A neighbour gave a piece that was not what it should be, and is left. */
  lied?(ip: string): void;
};

export type SwarmCounts = {
  readonly gaveBytes: number;
  readonly receivedBytes: number;
  readonly links: number;
  readonly badPieces: number;
  /** See Filling. */
  readonly lateBytes: number;
};

const OVER = 'the swarm is over';
const ORDINARY: ReadonlySet<string> = new Set([OVER, LINK_CLOSED]);

/**
 * One distribution's swarm, as one node takes part in it: it gives to its neighbours what it has and asks them for what it lacks, over plain BitTorrent (BEP 3),
 * and verifies every piece by the signed seed before anybody sees it. A giver (`places`) has all of it and tells each neighbour of its own pieces first.
 */
export class Swarm {
  readonly seed: Seed;
  readonly #home: PieceHome;
  readonly #world: SwarmWorld;
  readonly #filling: Filling;
  readonly #placement: Placement | undefined;
  readonly #links = new Set<Link>();
  /** Who waits for something, whose turn is next first. */
  readonly #turn = new Set<Link>();
  readonly #uplink = new Uplink<Link>();
  readonly #cap = new RateCap();
  #capTimer: NodeJS.Timeout | undefined;
  /** Neighbours that lied, by address. */
  readonly #banned = new Set<string>();
  /** Whom it dials: the plan's neighbours, for as long as the swarm lives. */
  readonly #dialled = new Map<string, { link: Link | undefined; tries: number; dueMs: number }>();
  readonly #peerId = newPeerId();
  readonly #count = { gaveBytes: 0, receivedBytes: 0, badPieces: 0 };

  constructor(seed: Seed, home: PieceHome, world: SwarmWorld, { places = false, random = Math.random } = {}) {
    this.seed = seed;
    this.#home = home;
    this.#world = world;
    const { pieceCount, pieceLength } = seed.meta;
    this.#filling = new Filling(
      { pieceCount, sizeOf: (piece) => this.#sizeOf(piece) },
      (piece) => home.has(piece),
      random,
    );
    this.#placement = places ? new Placement({ pieceCount, pieceLength }, SWARM_LIMITS, random) : undefined;
    world.scope.every(SWARM_LIMITS.tickMs, () => this.#tick());
    world.scope.defer(() => this.close());
  }

  get whole(): boolean {
    return this.#home.count === this.seed.meta.pieceCount;
  }

  get counts(): SwarmCounts {
    return { ...this.#count, links: this.#links.size, lateBytes: this.#filling.lateBytes };
  }

  /** These are to be dialled, now and whenever they are gone. */
  dial(neighbours: readonly Endpoint[]): void {
    for (const endpoint of neighbours) {
      const key = endpointKey(endpoint);
      if (this.#dialled.has(key) || this.#dialled.size >= SWARM_LIMITS.links) continue;
      this.#dialled.set(key, { link: undefined, tries: 0, dueMs: 0 });
      this.#connect(endpoint);
    }
  }

  /** Somebody dialled: his handshake was read, and named this torrent. `early`: what came after it. */
  join(socket: Socket, early: Uint8Array): void {
    const ip = plainIp(socket.remoteAddress ?? '');
    if (this.#links.size >= SWARM_LIMITS.links || this.#banned.has(ip)) {
      socket.destroy();
      return;
    }
    socket.write(this.#handshake());
    this.#link(socket, ip, early);
  }

  /** Bytes a second that it gives, to all neighbours together, from now on; undefined: as many as it can. */
  limit(bytesPerS: number | undefined): void {
    this.#cap.set(bytesPerS, this.#world.clock.nowMs());
    this.#give();
  }

  close(): void {
    clearTimeout(this.#capTimer);
    for (const link of [...this.#links]) link.close(OVER);
  }

  #handshake(): Buffer {
    const { infoHash } = this.seed.meta;
    return encodeHandshake({ infoHash, peerId: this.#peerId, extended: false, fast: false, dht: false, v2: false });
  }

  #sizeOf(piece: PieceIndex): number {
    return pieceSize(this.seed.meta, piece);
  }

  #connect(endpoint: Endpoint): void {
    const { localAddress, clock } = this.#world;
    const known = this.#dialled.get(endpointKey(endpoint));
    if (!known || this.#world.scope.closed || this.#banned.has(endpoint.ip)) return;
    known.dueMs = Number.POSITIVE_INFINITY;
    const { ip: host, port } = endpoint;
    const socket = readShared((onread) =>
      connect({ host, port, noDelay: true, onread, ...(localAddress && { localAddress }) }),
    );
    socket.write(this.#handshake());
    awaitHandshake(socket, (handshake, early) => {
      const isRight = handshake?.infoHash === this.seed.meta.infoHash;
      if (handshake && isRight && !this.#world.scope.closed) {
        known.tries = 0;
        known.link = this.#link(socket, endpoint.ip, early);
        return;
      }
      socket.destroy();
      known.dueMs = clock.nowMs() + Math.min(SWARM_LIMITS.redialMostMs, SWARM_LIMITS.redialMs * 2 ** known.tries++);
    });
  }

  #link(socket: Socket, ip: string, early: Uint8Array): Link {
    const link = new Link(socket, ip, this.#linkWorld());
    this.#links.add(link);
    if (this.#placement) this.#placement.joined(link, this.#world.clock.nowMs());
    else for (let piece = 0; piece < this.seed.meta.pieceCount; piece++) if (this.#home.has(piece)) link.tell(piece);
    if (early.length > 0) link.heard(early);
    return link;
  }

  #linkWorld(): LinkWorld {
    const { clock } = this.#world;
    const nowMs = (): number => clock.nowMs();
    return {
      pieceCount: this.seed.meta.pieceCount,
      nowMs,
      sizeOf: (piece) => this.#sizeOf(piece),
      piece: (index) => (this.#home.has(index) ? this.#home.read(index) : undefined),
      release: (piece) => this.#home.release(piece),
      seen: (link, piece) => {
        this.#filling.seen(piece);
        const isOurs = this.#uplink.arrived(link, piece, nowMs());
        this.#placement?.gained(link, piece, nowMs());
        this.#filling.fill(link, nowMs());
        if (isOurs) this.#give();
      },
      ready: (link) => this.#filling.fill(link, nowMs()),
      target: (link, piece, begin, length) => this.#filling.target(piece, begin, length, link),
      came: (link, piece, begin) => this.#came(link, piece, begin),
      asked: (link) => {
        this.#turn.add(link);
        this.#give();
      },
      leaves: (link, piece, bytes) => {
        this.#uplink.gave(link, piece, bytes, nowMs());
        this.#cap.left(bytes);
      },
      gave: (link, piece, bytes) => {
        this.#placement?.gave(link, piece);
        this.#count.gaveBytes += bytes;
        this.#world.gave?.(bytes);
      },
      received: (bytes) => {
        this.#count.receivedBytes += bytes;
      },
      closed: (link, why) => this.#closed(link, why),
    };
  }

  #came(link: Link, index: PieceIndex, begin: number): void {
    const whole = this.#filling.came(index, begin, link);
    if (!whole) return;
    if (!isPiece(this.seed, index, whole.piece.payloadParts())) {
      this.#count.badPieces++;
      const liar = this.#filling.bad(whole);
      this.#world.log.warn('bad piece', {
        piece: index,
        from: [...whole.from].map((giver) => (giver as Link).ip).join(' '),
      });
      if (liar) this.#ban(liar);
      return;
    }
    void this.#keep(whole);
  }

  async #keep({ piece, from }: Whole): Promise<void> {
    const { index } = piece;
    const kept = await this.#home.keep(piece).catch((error: unknown) => {
      this.#world.log.error('piece not kept', { piece: index, why: errorText(error) });
      return 'failed' as const;
    });
    if (this.#world.scope.closed) return;
    if (kept !== 'ok') {
      this.#filling.lost(index);
      this.#world.cannotKeep(kept);
      return;
    }
    // Who gave it hears of it too: a giver that places counts on it.
    for (const link of this.#links) link.tell(index, from.has(link));
    this.#world.gained(index);
  }

  #ban(liar: Giver): void {
    const { ip } = liar as Link;
    if (!this.#banned.has(ip)) this.#world.lied?.(ip);
    this.#banned.add(ip);
    for (const oldest of this.#banned) if (this.#banned.size > SWARM_LIMITS.banned) this.#banned.delete(oldest);
    for (const link of [...this.#links]) if (link.ip === ip) link.close('it gave a wrong piece');
  }

  #closed(link: Link, why: string): void {
    if (!this.#links.delete(link)) return;
    this.#filling.gone(link);
    this.#placement?.left(link);
    this.#uplink.left(link);
    this.#turn.delete(link);
    if (!ORDINARY.has(why)) this.#world.log.warn('neighbour left', { ip: link.ip, why });
    for (const known of this.#dialled.values())
      if (known.link === link) {
        known.link = undefined;
        known.dueMs = this.#world.clock.nowMs() + SWARM_LIMITS.redialMs;
      }
    for (const other of this.#links) this.#filling.fill(other, this.#world.clock.nowMs());
    this.#give();
  }

  /** To each in turn what it has asked for, as long as there is room. */
  #give(): void {
    for (const link of this.#turn) {
      const nowMs = this.#world.clock.nowMs();
      const [allowed, room] = [this.#cap.room(nowMs), this.#uplink.room];
      if (allowed <= 0) this.#giveLater(this.#cap.waitMs(nowMs));
      if (allowed <= 0 || room <= 0) return;
      // Whoever got something comes last; who waits for his socket or for the disk says so when he can go on.
      this.#turn.delete(link);
      if (link.give(Math.min(allowed, Math.max(SWARM_LIMITS.leastRun, room)))) this.#turn.add(link);
    }
  }

  #giveLater(ms: number): void {
    this.#capTimer ??= setTimeout(() => {
      this.#capTimer = undefined;
      this.#give();
    }, ms);
  }

  #tick(): void {
    const nowMs = this.#world.clock.nowMs();
    this.#placement?.tick(nowMs);
    if (this.#uplink.tick(nowMs)) this.#give();
    this.#filling.tick(nowMs);
    for (const link of [...this.#links]) link.tick(nowMs);
    for (const [key, { link, dueMs }] of this.#dialled) {
      // Who has all of it is dialled by those who lack some.
      const endpoint = link || nowMs < dueMs || this.whole ? undefined : parseEndpoint(key);
      if (endpoint) this.#connect(endpoint);
    }
  }
}
