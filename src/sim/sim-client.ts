import { Bitfield } from '#base/bitfield.ts';
import { type Endpoint, endpointKey, type LanEndpoint } from '#base/endpoint.ts';
import type { Random } from '#base/seeded-random.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { misbehave } from './client-habits.ts';
import type { ClientPlan } from './scenario.ts';
import { type Block, blockCount, type PeerHost, SimPeer } from './sim-peer.ts';
import type { SimSocket } from './sim-socket.ts';

const TICK_MS = 1_000;
const REDIAL_MS = 2_000;
const REDIAL_MAX_MS = 60_000;

export type ClientWorld = {
  readonly random: Random;
  nowMs(): number;
  every(ms: number, tick: () => void): { stop(): void };
  after(ms: number, run: () => void): void;
  dial(from: LanEndpoint, to: Endpoint, connected: (socket: SimSocket | Error) => void): void;
  /** The box answers at the other end. */
  isBox(socket: SimSocket): boolean;
  /** The box's store has, or had, the piece verified. */
  wasKept(piece: PieceIndex): boolean;
  violated(what: string): void;
  note(text: string): void;
};

type Begun = { readonly bytes: Buffer; readonly got: Set<number>; readonly asked: Set<number>; readonly peer: SimPeer };

/** A client on the LAN that wants a torrent, or behaves as if. It believes its own hash checks alone, as real ones do. */
export class SimClient {
  readonly plan: ClientPlan;
  readonly have: Bitfield;
  /** When it had all that it wants. */
  doneAtMs: number | undefined;
  readonly fromBox = { bytes: 0 };
  readonly #world: ClientWorld;
  readonly #torrent: Torrent;
  readonly #sources: readonly Endpoint[];
  readonly #starts: readonly number[];
  readonly #wanted: readonly PieceIndex[];
  readonly #peers = new Set<SimPeer>();
  readonly #dialling = new Set<string>();
  readonly #begun = new Map<PieceIndex, Begun>();
  readonly #banned = new Set<string>();
  readonly #redial = new Map<string, { atMs: number; failures: number }>();
  readonly #ticking: { stop(): void };
  #ports = 40_000;
  #away = false;
  #left = false;

  constructor(plan: ClientPlan, torrent: Torrent, sources: readonly Endpoint[], world: ClientWorld) {
    this.plan = plan;
    this.#torrent = torrent;
    this.#sources = sources;
    this.#world = world;
    const { meta } = torrent;
    this.have = new Bitfield(meta.pieceCount);
    this.#starts = startsOf(torrent);
    this.#wanted = plan.wants === 'nothing' ? [] : wantedOf(torrent, plan.wants === 'one file');
    this.#ticking = world.every(TICK_MS, () => this.#tick());
    this.#tick();
  }

  get name(): string {
    return this.plan.ip;
  }

  get isPrivate(): boolean {
    return this.#torrent.meta.isPrivate;
  }

  get wantedPieces(): readonly PieceIndex[] {
    return this.#wanted;
  }

  leave(): void {
    this.#left = true;
    this.#ticking.stop();
    this.#hangUp();
  }

  #tick(): void {
    if (this.#left) return;
    for (const peer of [...this.#peers]) peer.tick();
    if (this.doneAtMs === undefined) this.#misbehave();
    if (!this.#away) this.#dialMore();
  }

  #misbehave(): void {
    misbehave(this.plan.habit, {
      random: this.#world.random,
      peers: [...this.#peers],
      meta: this.#torrent.meta,
      after: (ms, run) => this.#world.after(ms, run),
      goAway: (ms) => {
        this.#hangUp();
        this.#away = true;
        this.#world.after(ms, () => {
          this.#away = false;
        });
      },
    });
  }

  #dialMore(): void {
    const { connections } = this.plan;
    for (const endpoint of this.#sources) {
      if (this.#peers.size + this.#dialling.size >= connections) return;
      const key = endpointKey(endpoint);
      const isThere = [...this.#peers].some((peer) => endpointKey(peer.endpoint) === key);
      if (isThere || this.#dialling.has(key) || this.#banned.has(key)) continue;
      if ((this.#redial.get(key)?.atMs ?? 0) > this.#world.nowMs()) continue;
      this.#dial(endpoint, key);
    }
  }

  #dial(endpoint: Endpoint, key: string): void {
    this.#dialling.add(key);
    let isOver = false;
    const over = (): boolean => {
      const was = isOver;
      isOver = true;
      this.#dialling.delete(key);
      return was;
    };
    // As a kernel gives up on who never answers.
    this.#world.after(20_000, () => {
      if (!over()) this.#failed(key);
    });
    this.#world.dial({ ip: this.plan.ip, port: ++this.#ports }, endpoint, (socket) => {
      if (over() || this.#left || this.#away) {
        if (!(socket instanceof Error)) socket.destroy();
      } else if (socket instanceof Error) this.#failed(key);
      else this.#peers.add(new SimPeer(socket, endpoint, this.#peerId(), this.#host()));
    });
  }

  #failed(key: string): void {
    const failures = (this.#redial.get(key)?.failures ?? 0) + 1;
    const waitMs = Math.min(REDIAL_MAX_MS, REDIAL_MS * 2 ** (failures - 1));
    this.#redial.set(key, { failures, atMs: this.#world.nowMs() + waitMs });
  }

  #peerId(): Buffer {
    return Buffer.concat([Buffer.from('-SM0001-'), this.#world.random.bytes(12)]);
  }

  #host(): PeerHost {
    return {
      plan: this.plan,
      meta: this.#torrent.meta,
      name: (this.plan.byLastName && this.#torrent.meta.ids.at(-1)) || this.#torrent.meta.infoHash,
      have: this.have,
      nowMs: () => this.#world.nowMs(),
      wantsOf: (theirs) => this.#wanted.some((piece) => theirs.has(piece) && !this.have.has(piece)),
      next: (peer) => this.#next(peer),
      block: (peer, block, data) => this.#block(peer, block, data),
      released: (peer, { piece, begin }) => {
        const begun = this.#begun.get(piece);
        if (begun?.peer !== peer) return;
        begun.asked.delete(begin / BLOCK_BYTES);
        if (peer.refuses(piece)) this.#begun.delete(piece);
      },
      told: (peer, pieces) => {
        if (!this.#world.isBox(peer.socket)) return;
        for (const piece of pieces)
          if (!this.#world.wasKept(piece)) this.#world.violated(`${this.name} was told of piece ${piece}, never kept`);
      },
      closed: (peer, why) => this.#closed(peer, why),
    };
  }

  #closed(peer: SimPeer, why: string): void {
    this.#peers.delete(peer);
    for (const [piece, begun] of this.#begun) if (begun.peer === peer) this.#begun.delete(piece);
    this.#failed(endpointKey(peer.endpoint));
    if (!this.#left) this.#world.note(`${this.name} lost ${endpointKey(peer.endpoint)}: ${why}`);
    for (const other of this.#peers) other.look();
  }

  #next(peer: SimPeer): Block | undefined {
    for (const [piece, begun] of this.#begun) {
      if (begun.peer !== peer || peer.refuses(piece)) continue;
      const block = this.#freeBlock(piece, begun);
      if (block) return block;
    }
    const free = this.#wanted.filter(
      (piece) => !this.have.has(piece) && !this.#begun.has(piece) && peer.theirs.has(piece) && !peer.refuses(piece),
    );
    const piece = this.plan.order === 'in order' ? free[0] : this.#world.random.pick(free);
    if (piece === undefined) return undefined;
    const bytes = Buffer.alloc(pieceSize(this.#torrent.meta, piece));
    const begun: Begun = { bytes, got: new Set(), asked: new Set(), peer };
    this.#begun.set(piece, begun);
    return this.#freeBlock(piece, begun);
  }

  #freeBlock(piece: PieceIndex, { bytes, got, asked }: Begun): Block | undefined {
    for (let i = 0; i < blockCount(bytes.length); i++) {
      if (got.has(i) || asked.has(i)) continue;
      asked.add(i);
      const begin = i * BLOCK_BYTES;
      return { piece, begin, length: Math.min(BLOCK_BYTES, bytes.length - begin) };
    }
    return undefined;
  }

  #block(peer: SimPeer, { piece, begin }: Block, data: Buffer): void {
    if (this.#world.isBox(peer.socket)) {
      this.fromBox.bytes += data.length;
      if (!this.#isTrue(piece, begin, data))
        this.#world.violated(`${this.name} got wrong bytes of piece ${piece} at ${begin}`);
    }
    const begun = this.#begun.get(piece);
    const length = Math.min(BLOCK_BYTES, (begun?.bytes.length ?? 0) - begin);
    if (begun?.peer !== peer || begin % BLOCK_BYTES > 0 || data.length !== length) return;
    data.copy(begun.bytes, begin);
    begun.got.add(begin / BLOCK_BYTES);
    if (begun.got.size === blockCount(begun.bytes.length)) this.#whole(peer, piece, begun.bytes);
  }

  #whole(peer: SimPeer, piece: PieceIndex, bytes: Buffer): void {
    this.#begun.delete(piece);
    if (!this.#isTrue(piece, 0, bytes)) {
      this.#banned.add(endpointKey(peer.endpoint));
      peer.close('it lies');
      return;
    }
    this.have.set(piece);
    for (const other of [...this.#peers]) other.gained(piece);
    if (this.doneAtMs !== undefined || !this.#wanted.every((each) => this.have.has(each))) return;
    this.doneAtMs = this.#world.nowMs();
    this.#world.note(`${this.name} is done`);
    this.#world.after(this.plan.staysMs, () => this.leave());
  }

  #isTrue(piece: PieceIndex, begin: number, data: Buffer): boolean {
    const at = (this.#starts[piece] ?? Number.NaN) + begin;
    return data.equals(this.#torrent.content.subarray(at, at + data.length));
  }

  #hangUp(): void {
    for (const peer of [...this.#peers]) peer.close('the client hangs up');
  }
}

function startsOf({ meta }: Torrent): number[] {
  const starts: number[] = [];
  for (let piece = 0, at = 0; piece < meta.pieceCount; piece++) {
    starts.push(at);
    at += pieceSize(meta, piece);
  }
  return starts;
}

/** All pieces, or those of the torrent's last file. */
function wantedOf({ meta }: Torrent, oneFile: boolean): PieceIndex[] {
  const { pieceCount, pieceLength, totalBytes, files } = meta;
  const last = files.at(-1);
  const from = oneFile && last ? Math.floor((totalBytes - last.lengthBytes) / pieceLength) : 0;
  return Array.from({ length: pieceCount - from }, (_, i) => from + i);
}
