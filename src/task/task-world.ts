import type { Duplex } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { BoxBudget } from '#client/rate-limits.ts';
import type { OriginSource } from '#downloader/origin-pool.ts';
import type { UplinkShare } from '#downloader/uplink.ts';
import type { BegunLog } from '#store/begun-log.ts';
import type { Lender, SharedFile, TaskShape, TaskStore } from '#store/task-store.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Metainfo } from '#wire/metainfo.ts';

/** The part of the store that tasks and their manager use. */
export type StoreLike = {
  task(shape: TaskShape): TaskStore<FramedPiece>;
  onDisk(): AsyncIterable<{ infoHash: InfoHash; info: Buffer | undefined; layers: Buffer | undefined }>;
  /** What lies beside the pieces, as it was written. Never rejects. */
  metainfo(infoHash: InfoHash): Promise<{ info: Buffer | undefined; layers: Buffer | undefined }>;
  begunLog?(infoHash: InfoHash): BegunLog | undefined;
  /** Bytes that may still be written. */
  freeBytes(): Promise<number>;
};

/** What lies beside a torrent's pieces, as it was written: not compared with any hash. */
export type Beside = { readonly info: Buffer; readonly layers: Buffer | undefined };

/** Who told the box of a torrent's peers: a code that the page knows. */
export type FoundBy = 'box-tracker' | 'box-dht' | 'pex' | 'lsd';

/** What clients ask for, told as it happens: several thousand times a second. `ip`: a client's address. */
export type TorrentDemand = {
  asked(ip: string, piece: PieceIndex, begin: number): void;
  served(ip: string, bytes: number): void;
  /** A piece has come in from outside. */
  fetched(bytes: number): void;
};

/** Where the box counts what all tasks give and fetch, as it happens: several thousand times a second. */
export type TrafficCount = {
  /** `fresh` of the bytes were fetched for it (see FirstServings); `client`: its address. */
  served(bytes: number, fresh: number, client: string, infoHash: InfoHash): void;
  filled(bytes: number): void;
};

/** What a task asks of its manager. */
export type TaskWorld = {
  readonly clock: Clock;
  readonly peerId: Buffer;
  /** Where the rates to clients are limited. */
  readonly budget?: BoxBudget | undefined;
  /** Where fetching shares the line. */
  readonly uplink?: UplinkShare | undefined;
  store(shape: TaskShape): TaskStore<FramedPiece>;
  /** Asked for once, when the torrent is known. Undefined: unfinished pieces end with the process. */
  begun(): BegunLog | undefined;
  dial(to: OriginSource): Promise<Duplex>;
  /** Where the demand for the torrent is noted. Asked for once, when it is known; undefined: it is not noted. */
  demand?: ((meta: Metainfo) => TorrentDemand) | undefined;
  /** Where traffic is counted, beside what is kept of each task. */
  readonly traffic?: TrafficCount | undefined;
  /** Calls `granted` once when a download slot is free, now or later. */
  askSlot(granted: () => void): void;
  withdraw(granted: () => void): void;
  releaseSlot(): void;
  /** What its clients want has changed: whether it should have a seat may have, too. */
  bid(): void;
  /** Disks are so full that what is fetched ahead takes the place of what is wanted as much. */
  isSqueezed?: (() => boolean) | undefined;
  /** Bytes of begun and unverified pieces that it may hold. */
  begunBytes(): number;
  /**
   * All names of the torrent are known, before anything else of it is used. False: another task is the torrent's already, or
   * the index knows it by its other name; this task is to go, and its clients find the other when they dial again.
   */
  identified(meta: Metainfo): boolean;
  /** Torrents that hold the file whole. */
  lenders(file: SharedFile): readonly Lender[];
  /** The info dictionary and, once known, the piece layers. */
  keepInfo(meta: Metainfo): void;
  /** All of it lies beside the pieces now, durable. */
  keptBeside(meta: Metainfo): void;
  /** Reads what lies there. Never rejects; undefined when it cannot be read. */
  metainfo(): Promise<Beside | undefined>;
  keepHave(have: Uint8Array): void;
  /** `have` without pieces whose bytes are about to go; durable when this is true. */
  forgetPieces(have: Uint8Array): boolean;
  keepTraffic(servedBytes: number, filledBytes: number): void;
  keepTrackers(trackers: readonly string[]): void;
  /** The box itself found these in the torrent's swarm. */
  found(endpoints: readonly Endpoint[], by: FoundBy): void;
  /** A client was told of these by the box, or told the box of them: it dials them, perhaps encrypted. */
  told(client: string, endpoints: readonly Endpoint[]): void;
  /** A client runs a DHT node here: a place to begin a search. */
  dhtNode(endpoint: Endpoint): void;
  /** Looks the torrent up in the DHT. Never to be called for one that may be private (BEP 27). */
  lookUp(found: (peers: readonly Endpoint[]) => void, signal: AbortSignal): Promise<void>;
  /** The endpoint is the box's own. */
  isBox(endpoint: Endpoint): boolean;
  /** Of a torrent whose maker signed that beside: SHA-256 of every piece, 32 bytes each. A piece must pass it, too, before it is had. */
  pieceSha256?(infoHash: InfoHash): Uint8Array | undefined;
  /** The torrent is one that the box does not serve (BEP 27, a block list): why not, or undefined. */
  refusal(meta: Metainfo): string | undefined;
  /** The disk takes no more pieces. */
  cannotKeep(why: 'disk-full' | 'disk-failed'): void;
  /** The agent threw, and is of no use any more: it is to be closed. */
  failed(error: unknown): void;
  /** The task has left memory. `why` tells a refusal from rest. */
  gone(why: string | undefined): void;
  readonly log: Log;
};

/** What the index kept of a task. */
export type Remembered = {
  readonly info: Buffer | undefined;
  readonly layers: Buffer | undefined;
  /** The index has no info dictionary because it lies beside the pieces. */
  readonly beside: boolean;
  readonly have: Uint8Array | undefined;
  /** `have` is every piece. */
  readonly whole: boolean;
  readonly trackers: readonly string[];
  /** The last stop was unclean: pieces may lie on the disk that the index does not know. */
  readonly doubtful: boolean;
};
