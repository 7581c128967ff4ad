import type { Socket } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { Seed } from '../seed.ts';

/** A neighbour that dialled. `early`: what came after its handshake. */
export type Caller = { readonly socket: Socket; readonly handshake: Handshake; readonly early: Buffer };

/**
 * One distribution's bytes as they lie here, and the neighbours that they come from and go to.
 * Invariant: a piece is had once its SHA-256 was verified and it is kept; it is lost again when it is found to be other bytes.
 */
export type Kept = {
  /** Pieces that are had. */
  readonly count: number;
  readonly whole: boolean;
  has(piece: PieceIndex): boolean;
  /** Bytes of pieces that came from neighbours since it was opened. */
  readonly swarmBytes: number;
  /** Bytes that came from neighbours, also twice or wrong; and those of them that came after another had given the same. */
  readonly receivedBytes: number;
  readonly lateBytes: number;
  /** Neighbours that are linked. */
  readonly links: number;
  /** A neighbour took a byte of late, or may take one any time. */
  readonly isUsed: boolean;
  /** What lacks is not fetched just now, by rules of whoever has the place: it is no sign of trouble that nothing comes. */
  readonly waits: boolean;
  /** Keeps a verified piece, which is another's from now on. One that is had stays as it is. 'full', 'failed': it is not kept. */
  keep(piece: FramedPiece): Promise<'ok' | 'full' | 'failed'>;
  /** `count` verified pieces that follow one another. When all of them are had nothing is written. */
  keepRun(first: PieceIndex, count: number, bytes: Buffer): Promise<'ok' | 'full' | 'failed'>;
  /** What may be given, to all neighbours together; undefined: as much as goes. Who has rules of its own for that keeps to those. */
  limit(bytesPerS: number | undefined): void;
  /** All pieces are had: they are on the disk for good and where they belong when it resolves. Rejects when that cannot be. */
  place(): Promise<void>;
  /** It is whole and in its place, and everybody may know. */
  placed(): Promise<void>;
  /** These are to be dialled for what lacks; more each time. */
  start(neighbours: readonly Endpoint[]): void;
  /** False: the caller cannot be served. */
  join(caller: Caller): boolean;
  /** Nobody is dialled or served any more; what is had stays. */
  stop(): Promise<void>;
  /** Once, for good. `discard`: what is had of it is not wanted any more. */
  close(discard: boolean): Promise<void>;
};

export type KeptWorld = {
  readonly log: Log;
  /** It lives no longer than this. */
  readonly scope: Scope;
  /** The book says that it was whole and in its place. */
  readonly wasWhole: boolean;
  /** Pieces came from neighbours, and are had. */
  gained(): void;
  /** What comes cannot be kept, or who has the place wants no part in it; and that will not pass by itself. */
  cannotKeep(why: 'full' | 'failed' | 'blocked'): void;
  /** A neighbour gave wrong pieces. */
  lied?(ip: string): void;
};

/** Why there can be no place, where the operating system does not say so: a code that the central knows. */
export class NoPlace extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Where distributions lie: files of a folder, or the box's own torrents. */
export type Keep = {
  /** What lies there from before is had, as far as it verifies. Rejects when there can be none. */
  open(seed: Seed, world: KeptWorld): Promise<Kept>;
  /** Where the file of a bundle lies, when all of it is here and was just found to be as it was signed. Without it, none can be installed from here. */
  bundle?(seed: Seed, log: Log): Promise<string | undefined>;
  /** Bytes that may still be kept, those of what is open not among them. */
  freeBytes(): number | Promise<number>;
  /** Who dials gets and does not give: of two neighbours each dials the other. */
  readonly dialsBothWays: boolean;
};
