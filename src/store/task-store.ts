import type { Bitfield } from '#base/bitfield.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { TaskMemory } from './piece-cache-task.ts';

/**
 * One test that a piece must pass. 'sha1', 'sha256': of all its bytes (BEP 3; what a fleet signs). 'merkle': the root over SHA-256 of its 16 KiB
 * blocks (BEP 52), of which there are `leaves`, a power of two; those that the piece is too short for are 32 zero bytes.
 * Only the first `dataBytes` of the piece are the file's: what follows pads a hybrid's v1 piece and is in no leaf.
 */
export type PieceCheck =
  | { readonly kind: 'sha1'; readonly digest: Uint8Array }
  | { readonly kind: 'sha256'; readonly digest: Uint8Array }
  | { readonly kind: 'merkle'; readonly root: Uint8Array; readonly leaves: number; readonly dataBytes: number };

/** What the store must know of a torrent. */
export type TaskShape = {
  readonly infoHash: InfoHash;
  /** Bytes from the beginning of one piece to the next. A piece may be shorter: the last, or the last of its file (BEP 52). */
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Of all pieces together. */
  readonly totalBytes: number;
  sizeOf(piece: PieceIndex): number;
  /** All must hold. Never empty, at most one of a kind. */
  checksOf(piece: PieceIndex): readonly PieceCheck[];
};

/** A whole piece in one un-pooled ArrayBuffer of its own; what else the buffer holds is its maker's affair. */
export type PieceBuffer = {
  readonly index: PieceIndex;
  /** The whole ArrayBuffer. */
  readonly buffer: Buffer;
  /** Views of the payload alone, in order, one for each block of 16 KiB. */
  payloadParts(): Buffer[];
};

export type PieceMaker<P extends PieceBuffer> = {
  allocate(index: PieceIndex, lengthBytes: number): P;
  /** The same piece again, around a buffer that came back from another thread. */
  adopt(index: PieceIndex, lengthBytes: number, buffer: ArrayBuffer): P;
  /** Nobody uses the piece any more, or has a view of it: its memory may become another's. */
  discard(piece: P): void;
};

/** A file inside a torrent, named by the root of its hash tree (BEP 52: 32 bytes): it begins with a piece of its own. */
export type SharedFile = { readonly root: Uint8Array; readonly firstPiece: PieceIndex; readonly lengthBytes: number };
/** A torrent that holds all of such a file, and where. */
export type Lender = {
  readonly infoHash: InfoHash;
  readonly firstPiece: PieceIndex;
  readonly pieceLength: number;
};

export type Failed = { kind: 'failed'; error: Error };
/** 'contradiction': some of the piece's checks hold and some do not. No bytes ever pass all of them. */
export type Accepted =
  | { kind: 'durable' }
  | { kind: 'hash-mismatch' }
  | { kind: 'contradiction' }
  | { kind: 'full' }
  | Failed;
export type ReadResult<P> = { kind: 'ok'; piece: P } | { kind: 'corrupt' } | Failed;
/** 'busy': others use the disk, and nothing was read. 'away': no disk that is in order has the torrent. */
export type Verified = { kind: 'ok' } | { kind: 'corrupt' } | { kind: 'busy' } | { kind: 'away' } | Failed;
export type Written = { kind: 'ok' } | { kind: 'full' } | Failed;

/** Pieces that lie together. */
export type Segment = { readonly number: number; readonly pieces: readonly PieceIndex[] };

/** The pieces of one torrent. No method rejects because of the disk: trouble is in the answer. */
export interface TaskStore<P extends PieceBuffer> {
  /** No disk that is here has anything of the torrent, whatever an index remembers. */
  readonly empty: boolean;
  /**
   * 'gone': the torrent's disk, and every piece with it; what comes from now on goes to another one. 'back': it is there again, and no other has
   * taken its place; `recheck` tells which pieces there are.
   */
  onDisk(cb: (what: 'gone' | 'back') => void): void;
  /**
   * Takes the piece over: its buffer is gone for the caller, whatever the answer. After 'durable' the bytes have the
   * right hash, survive a power cut, and the piece is in the memory cache (unless it alone is larger than that).
   */
  accept(piece: P): Promise<Accepted>;
  readonly memory: TaskMemory;
  /** The piece if it is in memory, for use until `done`. Never touches a disk. */
  cached(index: PieceIndex): P | undefined;
  /**
   * From memory, else from disk through a hash worker. 'corrupt': the bytes at rest are not (or no longer) the piece;
   * they were given to nobody and the caller should want the piece again. Reads of one piece share one disk access. A piece is for use until `done`.
   */
  read(index: PieceIndex): Promise<ReadResult<P>>;
  /**
   * Once for a piece that `cached` or `read` gave, when nobody uses it any more, nor a view of it: when all are done its memory becomes another
   * piece's. Who never says so keeps it for good.
   */
  done(piece: P): void;
  /**
   * Reads the piece at rest and hashes it, past the memory and without filling it, while the disk has nothing else to do: no
   * read or write under way or waiting. For pieces that nobody asks for.
   */
  verify(index: PieceIndex): Promise<Verified>;
  /**
   * After an unclean stop: hashes what lies on the disk for every piece not in `known` and reports those that verify,
   * durable by then. Rejects only with the signal's reason.
   */
  recheck(known: Bitfield, onFound: (index: PieceIndex) => void, signal: AbortSignal): Promise<void>;
  /**
   * More has become known by which pieces are verified (a hybrid's layers): what is read from now on must pass that, too, and
   * what is in memory is forgotten. A shape that checks no more than the one before changes nothing.
   */
  describe(shape: TaskShape): void;
  /** Keeps the info dictionary, and the piece layers of BEP 52, beside the pieces: an index can be rebuilt from the disk alone. */
  writeMetainfo(infoBytes: Buffer, layers?: Buffer): Promise<Written>;
  /**
   * A file that another torrent holds is not written a second time: from now on its pieces lie where the other's do, and
   * stay there when the other is removed. For a file of which this torrent has no piece yet. Nothing is believed: `recheck`
   * tells which pieces there are. False: nothing has changed.
   */
  borrow(file: SharedFile, from: Lender): Promise<boolean>;
  /** Pieces of each segment but the last. */
  readonly segmentPieces: number;
  /** The runs of pieces that can be dropped, each for itself: those that lie in one file of the torrent's own. Empty when the disk is away. */
  segments(): Promise<readonly Segment[]>;
  /**
   * The segment's pieces go from the disk and from memory. Just before, when nobody writes there any more, `forget` is called: only when it says true does the file go,
   * and it must see to it that nobody says again, not even after a power cut, that there are such pieces. What is being read then is still given. False: it has not gone.
   */
  drop(segment: Segment, forget: () => boolean): Promise<boolean>;
  /** Waits for what is under way, then deletes everything. Later calls answer 'failed'. */
  remove(): Promise<Written>;
}
