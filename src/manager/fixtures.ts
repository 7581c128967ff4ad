import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { realClock } from '#base/clock.ts';
import { type Log, type LogLine, logTo, silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash, infoHashOf, type PieceIndex } from '#base/units.ts';
import { HandClock, TestStream } from '#client/fixtures.ts';
import { Index } from '#index/index.ts';
import { FakeStore } from '#store/fake-store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';
import { type PieceShape, shapeOf } from '#wire/piece-shape.ts';
import { keepMetainfo } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';
import { type Arriving, Manager, type ManagerConfig, type ManagerWorld } from './manager.ts';
import { Scrubber, type ScrubWorld } from './scrubber.ts';

/** Of a manager that serves everything public. */
export const openToAll = { seats: 4, seatRule: 'priced' as const, servePrivate: false, block: [], allow: undefined };

/** A manager's world in which nobody is there to be dialled, told or steered. Without a store and an index. */
export const nobodyThere = () => ({
  clock: realClock,
  peerId: newPeerId(),
  dial: () => Promise.reject(new Error('nobody listens')),
  know: () => {},
  steer: () => {},
  told: () => {},
  dhtNode: () => {},
  lookUp: async () => {},
  isBox: () => false,
});

export const DAY_MS = 24 * 3_600_000;
/** A piece of these torrents a second. */
export const SLOW_MBPS = BLOCK_BYTES / 1e6;

export function pieceOf({ meta, content }: ReturnType<typeof oneFileTorrent>, index: PieceIndex): FramedPiece {
  const from = index * meta.pieceLength;
  const piece = FramedPiece.allocate(index, pieceSize(meta, index));
  for (let at = 0; at < pieceSize(meta, index); at += BLOCK_BYTES)
    piece.putBlock(at, content.subarray(from + at, from + Math.min(at + BLOCK_BYTES, pieceSize(meta, index))));
  return piece;
}

/** Who is aborted already does not begin to sleep. */
class KeptClock extends HandClock {
  override sleep(ms: number, signal: AbortSignal): Promise<void> {
    return signal.aborted ? Promise.reject(signal.reason) : super.sleep(ms, signal);
  }
}

/** Disks that play and an index, on a clock turned by hand. */
export class StoreBench {
  readonly clock = new KeptClock();
  readonly index: Index;
  readonly disks = new Map<string, FakeStore<FramedPiece>>();
  readonly states = new Map<string, 'good' | 'failing' | 'gone'>();
  readonly homes = new Map<InfoHash, string>();
  readonly living = new Map<InfoHash, ReturnType<ScrubWorld['living']>>();
  readonly lines: LogLine[] = [];
  /** How often the metainfo of a torrent was asked for. */
  opened = 0;
  readonly #infos = new Map<InfoHash, Buffer>();
  #made = 0;

  constructor(t: TestContext, disks: readonly string[] = ['/a']) {
    const folder = mkdtempSync(join(tmpdir(), 'swarmbox-manager-'));
    this.index = Index.open(join(folder, 'index.db'), silentLog);
    for (const disk of disks) {
      this.disks.set(disk, new FakeStore(FramedPiece));
      this.states.set(disk, 'good');
    }
    t.after(async () => {
      await this.close();
      this.index.close();
      rmSync(folder, { recursive: true });
    });
  }

  disk(path = '/a'): FakeStore<FramedPiece> {
    const disk = this.disks.get(path);
    if (!disk) throw new Error(`bug: no disk ${path}`);
    return disk;
  }

  /** All its pieces lie on the disk; those in `had` are noted. */
  async put(pieces: number, daysAgo: number, path = '/a', had?: readonly PieceIndex[]): Promise<Metainfo> {
    const torrent = oneFileTorrent((pieces - 1) * BLOCK_BYTES + ++this.#made, BLOCK_BYTES);
    const { meta } = torrent;
    const have = new Bitfield(pieces);
    for (let index = 0; index < pieces; index++) {
      await this.disk(path).task(shapeOf(meta)).accept(pieceOf(torrent, index));
      if (had?.includes(index) ?? true) have.set(index);
    }
    this.index.putTask({ infoHash: meta.infoHash, addedAtMs: Math.round(this.clock.nowMs() - daysAgo * DAY_MS) });
    keepMetainfo(this.index, meta, true);
    this.index.setHave(meta.infoHash, have.bytes);
    this.homes.set(meta.infoHash, path);
    this.#infos.set(meta.infoHash, meta.infoBytes);
    return meta;
  }

  /** What lies beside its pieces cannot be read. */
  forgetInfo(infoHash: InfoHash): void {
    this.#infos.delete(infoHash);
  }

  async metainfo(infoHash: InfoHash): Promise<{ info: Buffer | undefined; layers: undefined }> {
    this.opened++;
    return { info: this.#infos.get(infoHash), layers: undefined };
  }

  pass(ms: number): Promise<void> {
    return this.clock.pass(this.clock.nowMs() + ms);
  }

  has({ infoHash, pieceCount }: Metainfo, piece: PieceIndex): boolean | undefined {
    const have = this.index.task(infoHash)?.have;
    return have && Bitfield.from(have, pieceCount)?.has(piece);
  }

  /** Events of the log, with what tells one from the other. */
  said(): unknown[] {
    return this.lines.map(({ event, fields: { infoHash, piece, disk } }) => [event, infoHash, piece, disk]);
  }

  /** What stands on the disks ends with the test. */
  protected async close(): Promise<void> {}

  /** What scrubbing and evicting ask of the store alike. */
  protected get store() {
    return {
      task: (shape: PieceShape) => this.disk(this.homes.get(shape.infoHash)).task(shape),
      metainfo: (infoHash: InfoHash) => this.metainfo(infoHash),
      home: (infoHash: InfoHash) => this.homes.get(infoHash),
      disks: () => [...this.states].map(([path, state]) => ({ path, state })),
    };
  }

  protected get log(): Log {
    return logTo((line) => this.lines.push(line));
  }
}

export class ScrubBench extends StoreBench {
  scrubber: Scrubber;

  constructor(t: TestContext, disks: readonly string[] = ['/a'], MBps = SLOW_MBPS) {
    super(t, disks);
    this.scrubber = this.#newScrubber(MBps);
  }

  /** To the next look for something to do, which finds it. */
  look(): Promise<void> {
    return this.pass(LIMITS.scrubLookMs);
  }

  /** The process is another. Of one that was killed the index keeps what it knew. */
  async restart(how: 'killed' | 'stopped'): Promise<void> {
    const known = this.index.scrubs.due(this.clock.nowMs());
    await this.scrubber.close();
    if (how === 'killed') for (const { infoHash, next } of known) this.index.scrubs.reached(infoHash, next);
    this.scrubber = this.#newScrubber(SLOW_MBPS);
  }

  verified(path = '/a'): [InfoHash, PieceIndex][] {
    return this.disk(path).verified.map(({ infoHash, index }) => [infoHash, index]);
  }

  protected override close(): Promise<void> {
    return this.scrubber.close();
  }

  #newScrubber(MBps: number): Scrubber {
    const { clock, index, store } = this;
    return new Scrubber(MBps, { clock, index, store, living: (infoHash) => this.living.get(infoHash) }, this.log);
  }
}

/** The info dictionary of a torrent of one piece. */
export const infoOf = (isPrivate: boolean): Buffer =>
  encode({
    length: BLOCK_BYTES,
    name: 'file',
    'piece length': BLOCK_BYTES,
    pieces: Buffer.alloc(20),
    ...(isPrivate && { private: 1 }),
  });
export const hashOf = (info: Buffer): InfoHash => infoHashOf(createHash('sha1').update(info).digest());

export const BOX_IP = '192.168.1.2';
type Found = { infoHash: InfoHash; info: Buffer | undefined; layers?: Buffer };

/** A manager with one download at once, whose disk and line are set by hand; `found`: what lies on the disk. */
export function managerIn(
  t: TestContext,
  config: Partial<ManagerConfig> = {},
  found: readonly Found[] = [],
  over: Partial<ManagerWorld> = {},
) {
  const disk = { freeBytes: Number.MAX_SAFE_INTEGER };
  const line = {
    isFreeFor: () => true,
    isSpent: false,
    wait: () => {},
    leave: () => {},
    block: () => {},
    mayFetchAhead: true,
    untaken: () => {},
    prefilled: () => {},
  };
  const dir = mkdtempSync(join(tmpdir(), 'manager-'));
  const index = Index.open(join(dir, 'index.db'), silentLog);
  const store = new FakeStore(FramedPiece);
  const known: InfoHash[] = [];
  const dialled: number[] = [];
  const manager = new Manager(
    { ...openToAll, downloads: 1, ...config },
    {
      clock: realClock,
      store: {
        task: (shape) => store.task(shape),
        async *onDisk() {
          for (const task of found) yield { layers: undefined, ...task };
        },
        metainfo: async (infoHash) => ({
          info: found.find((task) => task.infoHash === infoHash)?.info,
          layers: undefined,
        }),
        freeBytes: async () => disk.freeBytes,
      },
      index,
      uplink: line,
      peerId: newPeerId(),
      dial: async ({ endpoint }) => {
        dialled.push(endpoint.port);
        throw new Error('nobody listens');
      },
      know: (infoHash) => void known.push(infoHash),
      steer: () => {},
      told: () => {},
      dhtNode: () => {},
      lookUp: async () => {},
      isBox: ({ ip }) => ip === BOX_IP,
      ...over,
    },
    silentLog,
  );
  t.after(async () => {
    await manager.close();
    index.close();
    rmSync(dir, { recursive: true });
  });
  return { manager, index, known, dialled, disk, line };
}

export async function until(what: string, isTrue: () => boolean, withinS = 5): Promise<void> {
  for (let i = 0; i < withinS * 100; i++) {
    if (isTrue()) return;
    await sleep(10);
  }
  assert.fail(`not within ${withinS} s: ${what}`);
}

/** It looks at the disk every other second. */
export async function looked(t: TestContext): Promise<void> {
  t.mock.timers.tick(LIMITS.roomEveryMs);
  await sleep(10);
}

/** A client that dialled a peer for the torrent. */
export const arriving = (infoHash: InfoHash): Arriving => ({
  client: { ip: '192.168.1.5', port: 40_000 },
  endpoint: { ip: '203.0.113.1', port: 6881 },
  handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
  early: Buffer.alloc(0),
  stream: new TestStream(),
});
