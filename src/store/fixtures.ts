import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCK_BYTES, type InfoHash, infoHashOf, parseInfoHash } from '#base/units.ts';
import type { PieceBuffer, PieceMaker, TaskShape } from './task-store.ts';

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
  const hashes = Array.from({ length: pieceCount }, (_, i) => createHash('sha1').update(payload(i)).digest());
  return {
    shape: { infoHash, pieceLength, pieceCount, totalBytes: content.length, pieceHashes: Buffer.concat(hashes) },
    payload,
    piece: (index) => pieceWith(index, payload(index)),
  };
}

export function pieceWith(index: number, payload: Buffer): GappedPiece {
  const piece = gappedMaker.allocate(index, payload.length);
  let at = 0;
  for (const part of piece.payloadParts()) at += payload.copy(part, 0, at);
  return piece;
}

/** Random bytes, the last piece a short one that ends inside a block. */
export const randomSample = (pieces: number, pieceLength = 4 * BLOCK_BYTES): Sample =>
  sampleOf(randomBytes((pieces - 1) * pieceLength + Math.floor(pieceLength / 3) + 1), pieceLength);

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
