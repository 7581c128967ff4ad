import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCK_BYTES, type InfoHash, infoHashOf, parseInfoHash } from '#base/units.ts';
import type { PieceBuffer, PieceCheck, PieceMaker, TaskShape } from './task-store.ts';

/** Bytes between the blocks that belong to nobody's hash: what a piece message puts there. */
const HEADER = 13;

/** A piece with gaps before its blocks, as a framed piece has them. */
export class GappedPiece implements PieceBuffer {
  readonly index: number;
  readonly buffer: Buffer;
  readonly #lengthBytes: number;

  constructor(index: number, lengthBytes: number, buffer: ArrayBuffer) {
    this.index = index;
    this.#lengthBytes = lengthBytes;
    this.buffer = Buffer.from(buffer);
  }

  payloadParts(): Buffer[] {
    const parts: Buffer[] = [];
    for (let begin = 0, at = HEADER; begin < this.#lengthBytes; begin += BLOCK_BYTES, at += BLOCK_BYTES + HEADER)
      parts.push(this.buffer.subarray(at, at + Math.min(BLOCK_BYTES, this.#lengthBytes - begin)));
    return parts;
  }
}

export const gappedMaker: PieceMaker<GappedPiece> = {
  allocate: (index, lengthBytes) =>
    new GappedPiece(index, lengthBytes, new ArrayBuffer(lengthBytes + HEADER * Math.ceil(lengthBytes / BLOCK_BYTES))),
  adopt: (index, lengthBytes, buffer) => new GappedPiece(index, lengthBytes, buffer),
  discard: ({ buffer }) => void (buffer.buffer as ArrayBuffer).transfer(0),
};

/** A torrent of made-up content. */
export type Sample = { shape: TaskShape; payload(index: number): Buffer; piece(index: number): GappedPiece };

export function sampleOf(
  content: Buffer,
  pieceLength: number,
  infoHash: InfoHash = infoHashOf(randomBytes(20)),
): Sample {
  const pieceCount = Math.ceil(content.length / pieceLength);
  const payload = (index: number) => content.subarray(index * pieceLength, (index + 1) * pieceLength);
  return sampleWith(
    infoHash,
    pieceLength,
    Array.from({ length: pieceCount }, (_, i) => ({ bytes: payload(i) })),
  );
}

/** `root`: of the file's part of the piece, its first `covered` bytes, with `leaves` leaves. */
type MadePiece = { bytes: Buffer; root?: Buffer; leaves?: number; covered?: number };

function sampleWith(infoHash: InfoHash, pieceLength: number, pieces: MadePiece[], withSha1 = true): Sample {
  const checks = pieces.map(({ bytes, root, leaves = 0, covered = bytes.length }): PieceCheck[] => [
    ...(withSha1 ? [{ kind: 'sha1', digest: createHash('sha1').update(bytes).digest() } as const] : []),
    ...(root ? [{ kind: 'merkle', root, leaves, dataBytes: covered } as const] : []),
  ]);
  const payload = (index: number): Buffer => pieces[index]?.bytes ?? Buffer.alloc(0);
  return {
    shape: {
      infoHash,
      pieceLength,
      pieceCount: pieces.length,
      totalBytes: pieces.reduce((sum, { bytes }) => sum + bytes.length, 0),
      sizeOf: (index) => payload(index).length,
      checksOf: (index) => checks[index] ?? [],
    },
    payload,
    piece: (index) => pieceWith(index, payload(index)),
  };
}

/** BEP 52 word for word: the tree is filled up with zero leaves and hashed level by level. */
export function naiveRoot(data: Buffer, leaves: number): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const blocks = Math.ceil(data.length / BLOCK_BYTES);
  let level = Array.from({ length: leaves }, (_, i) =>
    i < blocks ? sha256(data.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)) : Buffer.alloc(32),
  );
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      sha256(level[2 * i] as Buffer, level[2 * i + 1] as Buffer),
    );
  return level[0] as Buffer;
}

/** The pieces of a v2 torrent of these files; `padded`: as the v1 side of a hybrid has them, all but the last filled up. */
function alignedPieces(files: readonly Buffer[], pieceLength: number, padded: boolean): MadePiece[] {
  const pieces = files.flatMap((file) =>
    Array.from({ length: Math.ceil(file.length / pieceLength) }, (_, i): MadePiece => {
      const bytes = file.subarray(i * pieceLength, (i + 1) * pieceLength);
      const blocks = file.length > pieceLength ? pieceLength / BLOCK_BYTES : Math.ceil(bytes.length / BLOCK_BYTES);
      const leaves = 2 ** Math.ceil(Math.log2(blocks));
      return { bytes, leaves, root: naiveRoot(bytes, leaves), covered: bytes.length };
    }),
  );
  if (!padded) return pieces;
  return pieces.map((piece, i) =>
    i === pieces.length - 1
      ? piece
      : { ...piece, bytes: Buffer.concat([piece.bytes, Buffer.alloc(pieceLength - piece.bytes.length)]) },
  );
}

export const v2SampleOf = (files: readonly Buffer[], pieceLength: number): Sample =>
  sampleWith(infoHashOf(randomBytes(20)), pieceLength, alignedPieces(files, pieceLength, false), false);

/** A hybrid whose layers are known. */
export const hybridSampleOf = (files: readonly Buffer[], pieceLength: number): Sample =>
  sampleWith(infoHashOf(randomBytes(20)), pieceLength, alignedPieces(files, pieceLength, true));

/** Three files that end inside a block: one of most pieces, one shorter than a piece, one that takes the last two. */
const randomFiles = (pieces: number, pieceLength: number): Buffer[] =>
  [(pieces - 4) * pieceLength + Math.floor(pieceLength / 3), Math.floor(pieceLength / 2) - 7, pieceLength + 1].map(
    (n) => randomBytes(n),
  );

export function pieceWith(index: number, payload: Buffer): GappedPiece {
  const piece = gappedMaker.allocate(index, payload.length);
  let at = 0;
  for (const part of piece.payloadParts()) at += payload.copy(part, 0, at);
  return piece;
}

/** Random bytes, the last piece a short one that ends inside a block. */
export const randomSample = (pieces: number, pieceLength = 4 * BLOCK_BYTES): Sample =>
  sampleOf(randomBytes((pieces - 1) * pieceLength + Math.floor(pieceLength / 3) + 1), pieceLength);

/** What the two sides of a store are tried with: each kind of torrent (BEP 3, BEP 52). */
export const RANDOM_SAMPLES = {
  v1: randomSample,
  v2: (pieces: number, pieceLength = 4 * BLOCK_BYTES) => v2SampleOf(randomFiles(pieces, pieceLength), pieceLength),
  hybrid: (pieces: number, pieceLength = 4 * BLOCK_BYTES) =>
    hybridSampleOf(randomFiles(pieces, pieceLength), pieceLength),
} as const;

export const payloadOf = (piece: PieceBuffer): Buffer => Buffer.concat(piece.payloadParts());

export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'swarmbox-store-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A memory disk of its own (root only), unmounted when disposed of. */
export function smallDisk(bytes: number): { path: string } & Disposable {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'swarmbox-test', folder.path]);
  return {
    path: folder.path,
    [Symbol.dispose]: () => {
      execFileSync('umount', [folder.path]);
      folder[Symbol.dispose]();
    },
  };
}

/** Bytes that look random and are the same in every process. */
export function seededBytes(length: number, seed: number): Buffer {
  const key = createHash('md5').update(String(seed)).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** The torrent that a process about to be killed and the one that looks at its remains agree on. */
export const killSample = (seed: number): Sample =>
  sampleOf(seededBytes(80 * 65_536 - 1000, seed), 65_536, parseInfoHash('0123456789'.repeat(4)));

/** Where the one says which pieces are durable. */
export const SAID_FILE = 'said';
