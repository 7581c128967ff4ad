import type { Socket } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { Seed } from '../seed.ts';
import type { Bundle } from './installer.ts';

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
  /** Of all that came from neighbours since then, also twice, wrong or too late; as far as that is counted. */
  readonly receivedBytes: number;
  /** Of what was asked of a second neighbour because the first was late. */
  readonly lateBytes: number;
  /** Neighbours that are linked. */
  readonly links: number;
  /** A neighbour took a byte of late, or may take one any time. */
  readonly isUsed: boolean;
  /** What lacks is not fetched just now, by rules of whoever has the place: it is no sign of trouble that nothing comes. */
  readonly waits: boolean;
  /** Keeps `count` verified pieces that follow one another, whose bytes nobody changes any more. One that is had stays as it is. 'full', 'failed': not all of them are kept. */
  keepRun(first: PieceIndex, count: number, bytes: Buffer): Promise<'ok' | 'full' | 'failed'>;
  /** All pieces are had: they are on the disk for good and where they belong when it resolves. Rejects when that cannot be. */
  place(): Promise<void>;
  /** It is whole and in its place, and everybody may know. */
  placed(): Promise<void>;
  /** What it may give, to all neighbours together; undefined: as much as goes. Who gives by rules of its own does not heed it. */
  limit(bytesPerS: number | undefined): void;
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
  /** A neighbour gave bytes that are not what was signed. */
  lied(ip: string): void;
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
  /**
   * Takes a distribution that is here whole, all of it verified, at once: on the disk for good and where it belongs, when it resolves. False: it is to be opened, and kept piece by piece.
   * Rejects when it cannot be kept.
   */
  put?(seed: Seed, bytes: Buffer): Promise<boolean>;
  /** Bytes that may still be kept, those of what is open not among them. */
  freeBytes(): number | Promise<number>;
  /** A bundle that is here whole; undefined when something of it is not what was signed any more. */
  bundle(seed: Seed, log: Log): Promise<Bundle | undefined>;
  /** Bytes that it was given stay with it: they are not their giver's again when they are kept. */
  readonly takesBytes: boolean;
  /** Who dials gets and does not give: of two neighbours each dials the other. */
  readonly dialsBothWays: boolean;
};
