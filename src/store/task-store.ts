import type { Bitfield } from '#base/bitfield.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';

/** What the store must know of a torrent. `pieceHashes`: 20 bytes (SHA-1, BEP 3) for each piece. */
export type TaskShape = {
  infoHash: InfoHash;
  pieceLength: number;
  pieceCount: number;
  totalBytes: number;
  pieceHashes: Uint8Array;
};

/** A whole piece in one un-pooled ArrayBuffer of its own; what else the buffer holds is its maker's affair. */
export type PieceBuffer = {
  readonly index: PieceIndex;
  /** The whole ArrayBuffer. */
  readonly buffer: Buffer;
  /** Views of the payload alone, in order. */
  payloadParts(): Buffer[];
};

export type PieceMaker<P extends PieceBuffer> = {
  allocate(index: PieceIndex, lengthBytes: number): P;
  /** The same piece again, around a buffer that came back from another thread. */
  adopt(index: PieceIndex, lengthBytes: number, buffer: ArrayBuffer): P;
};

export type Failed = { kind: 'failed'; error: Error };
export type Accepted = { kind: 'durable' } | { kind: 'hash-mismatch' } | { kind: 'full' } | Failed;
export type ReadResult<P> = { kind: 'ok'; piece: P } | { kind: 'corrupt' } | Failed;
export type Written = { kind: 'ok' } | { kind: 'full' } | Failed;

/** The pieces of one torrent. No method rejects because of the disk: trouble is in the answer. */
export interface TaskStore<P extends PieceBuffer> {
  /**
   * Takes the piece over: its buffer is gone for the caller, whatever the answer. After 'durable' the bytes have the
   * right hash, survive a power cut, and the piece is in the memory cache (unless it alone is larger than that).
   */
  accept(piece: P): Promise<Accepted>;
  /** The piece if it is in memory. Never touches a disk. */
  cached(index: PieceIndex): P | undefined;
  /**
   * From memory, else from disk through a hash worker. 'corrupt': the bytes at rest are not (or no longer) the piece;
   * they were given to nobody and the caller should want the piece again. Reads of one piece share one disk access.
   */
  read(index: PieceIndex): Promise<ReadResult<P>>;
  /**
   * After an unclean stop: hashes what lies on the disk for every piece not in `known` and reports those that verify,
   * durable by then. Rejects only with the signal's reason.
   */
  recheck(known: Bitfield, onFound: (index: PieceIndex) => void, signal: AbortSignal): Promise<void>;
  /** Keeps the info dictionary beside the pieces, so that an index can be rebuilt from the disk alone. */
  writeMetainfo(infoBytes: Buffer): Promise<Written>;
  /** Waits for what is under way, then deletes everything. Later calls answer 'failed'. */
  remove(): Promise<Written>;
}
