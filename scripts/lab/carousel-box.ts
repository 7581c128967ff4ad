/**
 * The box's serving path over loopback with a torrent that is all had, in front of a disk made of a clock: the product's own audience, carousel, piece shelf and
 * memory cache. What is made up is the time that a read takes.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import { plainIp } from '#base/endpoint.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { Recogniser } from '#entry/recogniser.ts';
import { PieceCache, type TaskPieces } from '#store/piece-cache.ts';
import type { DiskCost } from '#store/piece-cache-cost.ts';
import type { ReadResult, TaskStore } from '#store/task-store.ts';
import { Audience } from '#task/audience.ts';
import { PieceShelf } from '#task/piece-shelf.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Metainfo, parseMetainfo, pieceSize } from '#wire/metainfo.ts';
import { SkeyTable } from '#wire/mse.ts';
import type { SlowDisk } from './slow-disk.ts';

export function metainfoOf(path: string): Metainfo {
  const parsed = parseMetainfo(readFileSync(path));
  if (parsed.kind === 'bad') throw new Error(`${path}: ${parsed.why}`);
  return parsed.value;
}

const refused = async () => ({ kind: 'failed', error: new Error('this store is only read') }) as const;

/** Everything is had; a piece that is not in memory comes after the disk's time. */
class SlowStore implements TaskStore<FramedPiece> {
  readonly memory: TaskPieces<FramedPiece>;
  readonly #meta: Metainfo;
  readonly #content: Buffer;
  readonly #disk: SlowDisk;
  readonly #reading = new Map<PieceIndex, Promise<ReadResult<FramedPiece>>>();
  readonly segmentPieces = 1;
  readBytes = 0;

  constructor(meta: Metainfo, content: Buffer, disk: SlowDisk, cost: DiskCost, cacheBytes: number) {
    this.#meta = meta;
    this.#content = content;
    this.#disk = disk;
    this.memory = new PieceCache<FramedPiece>(cacheBytes).task(cost);
  }

  cached(index: PieceIndex): FramedPiece | undefined {
    return this.memory.get(index);
  }

  async read(index: PieceIndex): Promise<ReadResult<FramedPiece>> {
    const inMemory = this.cached(index);
    if (inMemory) return { kind: 'ok', piece: inMemory };
    const reading = this.#reading.get(index) ?? this.#read(index).finally(() => this.#reading.delete(index));
    this.#reading.set(index, reading);
    return reading;
  }

  /** What is forgotten is left to the garbage collector. */
  done(): void {}

  async #read(index: PieceIndex): Promise<ReadResult<FramedPiece>> {
    const lengthBytes = pieceSize(this.#meta, index);
    const from = index * this.#meta.pieceLength;
    await this.#disk.read(from, lengthBytes);
    this.readBytes += lengthBytes;
    const piece = FramedPiece.allocate(index, lengthBytes);
    for (let begin = 0; begin < lengthBytes; begin += BLOCK_BYTES) {
      const end = Math.min(begin + BLOCK_BYTES, lengthBytes);
      piece.putBlock(begin, this.#content.subarray(from + begin, from + end));
    }
    this.memory.put(piece);
    return { kind: 'ok', piece };
  }

  readonly empty = false;
  accept = refused;
  writeMetainfo = refused;
  remove = refused;
  verify = refused;
  segments = async () => [];
  drop = async () => false;
  borrow = async () => false;
  recheck = async () => {};
  describe(): void {}
  onDisk(): void {}
}

export type BoxOptions = {
  readonly torrentPath: string;
  readonly dir: string;
  readonly disk: SlowDisk;
  /** What the task believes of its disk: without an arm there is no carousel. */
  readonly seekMs: number;
  readonly cacheBytes: number;
};

export class CarouselBox implements AsyncDisposable {
  readonly meta: Metainfo;
  readonly audience: Audience;
  readonly #store: SlowStore;
  readonly #servers: net.Server[] = [];
  /** The names of those that left with every byte. */
  readonly #fed: string[] = [];
  readonly #ticking: NodeJS.Timeout;
  servedBytes = 0;
  port = 0;
  announceUrl = '';
  /** Connections taken, and why each ended. */
  taken = 0;
  readonly left: string[] = [];

  constructor(o: BoxOptions) {
    const meta = metainfoOf(o.torrentPath);
    this.meta = meta;
    const content = Buffer.concat(meta.files.map((f) => readFileSync(join(o.dir, ...f.path))));
    const cost = { seekMs: o.seekMs, readMs: (bytes: number) => o.seekMs + bytes / 180_000 };
    this.#store = new SlowStore(meta, content, o.disk, cost, o.cacheBytes);
    const all = Buffer.alloc(Math.ceil(meta.pieceCount / 8), 0xff);
    const spare = all.length * 8 - meta.pieceCount;
    all[all.length - 1] = (0xff << spare) & 0xff;
    const fault = (): void => {
      throw new Error('the torrent in memory is broken');
    };
    const shelf = new PieceShelf(meta, all, this.#store, {
      gained: () => {},
      lost: fault,
      cannotKeep: fault,
      contradicted: fault,
      forgets: () => true,
      disk: fault,
      keptBeside: () => {},
      log: silentLog,
    });
    this.audience = new Audience({
      clock: realClock,
      log: { ...silentLog, info: (event: string, fields?: object) => this.#logged(event, fields) } as typeof silentLog,
      shelf: () => shelf,
      loading: () => false,
      offerMetadata: () => {},
      lacksLayers: () => undefined,
      offerLayers: () => {},
      swarm: () => undefined,
      dhtNode: () => {},
      told: () => {},
      offerPeers: () => {},
      served: (bytes) => {
        this.servedBytes += bytes;
      },
      shunned: () => {},
      changed: () => {},
      neighbour: () => {
        throw new Error('bug: nothing is lacked here');
      },
      failed: (error) => {
        throw error;
      },
    });
    this.audience.metainfoKnown(meta.pieceCount);
    this.#ticking = setInterval(() => this.audience.tick(), 1_000);
  }

  get readBytes(): number {
    return this.#store.readBytes;
  }

  /** The names of those that have all of the torrent, or left with it; one that has two connections is there twice. */
  finished(): string[] {
    const here = this.audience.all().filter((client) => client.pieces()?.full);
    return [...here.map((client) => client.clientName), ...this.#fed];
  }

  /** For people's eyes: how many pieces each client has, `s` when it is told step by step, `-` when it is not interested. */
  standing(): string {
    const each = this.audience.all().map((c) => {
      const marks = `${c.telling.steered ? 's' : ''}${c.interested ? '' : '-'}`;
      return `${c.clientName.slice(0, 6)}:${c.pieces()?.count ?? 0}${marks}`;
    });
    return `${each.join(' ')} read ${Math.round(this.readBytes / 1e6)} MB, served ${Math.round(this.servedBytes / 1e6)} MB`;
  }

  async listen(ip: string): Promise<void> {
    const peers = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    const tracker = http.createServer((_request, response) => {
      const peer = Buffer.from([...ip.split('.').map(Number), this.port >> 8, this.port & 255]);
      response.end(Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]));
    });
    for (const server of [peers, tracker]) {
      this.#servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, ip, resolve));
    }
    this.port = (peers.address() as AddressInfo).port;
    this.announceUrl = `http://${ip}:${(tracker.address() as AddressInfo).port}/announce`;
  }

  #accept(socket: Socket): void {
    const keys = new SkeyTable();
    keys.add(this.meta.infoHash);
    const recogniser = new Recogniser(() => keys);
    const onData = (bytes: Buffer): void => {
      const step = recogniser.push(bytes);
      if (step.kind === 'more' || step.kind === 'peer') for (const part of step.send) socket.write(part);
      if (step.kind === 'more') return;
      socket.off('data', onData);
      if (step.kind !== 'peer') return void socket.destroy();
      this.taken++;
      const remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
      const stream = new FlowStream(socket, remote, step.ciphers, { upBytes: 0, downBytes: 0 });
      this.audience.join(stream, step.handshake, step.early);
    };
    socket.on('error', () => {}).on('data', onData);
  }

  #logged(event: string, fields?: object): void {
    if (event !== 'client left') return;
    const { name, servedBytes, why } = fields as { name: string; servedBytes: number; why: string };
    if (servedBytes >= this.meta.totalBytes) this.#fed.push(name);
    else this.left.push(`${why} after ${servedBytes}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    this.audience.letGo('the run is over');
    this.audience.close();
    for (const server of this.#servers) {
      if (server instanceof http.Server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
