import { createHash, hash } from 'node:crypto';
import type { PieceIndex } from '#base/units.ts';
import { asBytes, asDict, decodePrefix, encode } from '#wire/bencode.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { bad, ok, type Parsed } from '#wire/parsed.ts';
import { LIMITS } from './limits.ts';
import type { Manifest } from './manifest.ts';

/**
 * The seed file of a distribution: a torrent (BEP 3) that every client reads, private (BEP 27) since its peers are named by the fleet alone. Beside the
 * info dictionary it has the SHA-256 of every piece, by which nodes of the fleet verify: SHA-1 is for the others.
 */
export type Seed = {
  readonly meta: Metainfo;
  /** 32 bytes for each piece. */
  readonly pieceSha256: Buffer;
};

/** Not a name that any BEP uses. */
const PIECE_SHA256 = 'x_swarmbox_pieces_sha256';

/** A file, as the seed lists it. `path`: from the folder that is published on. */
export type SeedFile = { readonly path: readonly string[]; readonly lengthBytes: number };

/** Bytes of a piece: a power of two, so that there are about as many pieces as are wanted. */
export function pieceLengthFor(sizeBytes: number): number {
  let length: number = LIMITS.leastPieceBytes;
  while (length < LIMITS.usualPieceBytes && sizeBytes / length > LIMITS.fewPieces) length *= 2;
  while (length < LIMITS.mostPieceBytes && sizeBytes / length > LIMITS.piecesWanted) length *= 2;
  return length;
}

/** Takes the files' bytes in order, end to end, and gives the seed over them. */
export class SeedMaker {
  readonly #name: string;
  readonly #files: readonly SeedFile[];
  readonly #pieceLength: number;
  readonly #sha1: Buffer[] = [];
  readonly #sha256: Buffer[] = [];
  #sums = newSums();
  #filled = 0;
  #total = 0;

  /** `name`: the folder that the paths begin in; of one file alone, whose path is empty, the file's own name. */
  constructor(name: string, files: readonly SeedFile[], pieceLength: number) {
    this.#name = name;
    this.#files = files;
    this.#pieceLength = pieceLength;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#pieceLength - this.#filled);
      this.#sums.sha1.update(part);
      this.#sums.sha256.update(part);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pieceLength) this.#endPiece();
    }
    this.#total += bytes.length;
  }

  /** Throws when the bytes were not as many as the files said: they changed while they were read. */
  finish(): Buffer {
    if (this.#filled > 0) this.#endPiece();
    const said = this.#files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
    if (said !== this.#total)
      throw new Error(`the files changed while they were read: ${said} bytes became ${this.#total}`);
    const [only] = this.#files;
    const isOne = this.#files.length === 1 && only?.path.length === 0;
    const info = {
      ...(isOne
        ? { length: said, name: this.#name }
        : { files: this.#files.map(({ path, lengthBytes }) => ({ length: lengthBytes, path })), name: this.#name }),
      'piece length': this.#pieceLength,
      pieces: Buffer.concat(this.#sha1),
      private: 1,
    };
    return encode({ info, [PIECE_SHA256]: Buffer.concat(this.#sha256) });
  }

  #endPiece(): void {
    this.#sha1.push(this.#sums.sha1.digest());
    this.#sha256.push(this.#sums.sha256.digest());
    this.#sums = newSums();
    this.#filled = 0;
  }
}

const newSums = () => ({ sha1: createHash('sha1'), sha256: createHash('sha256') });

/** The seed that a manifest names: nothing of it is read before its hash is right. */
export function openSeed(bytes: Uint8Array, manifest: Manifest): Parsed<Seed> {
  if (bytes.length !== manifest.seedBytes) return bad(`the seed has ${bytes.length} bytes, not ${manifest.seedBytes}`);
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.seedSha256)
    return bad('the seed is not the one that was signed');
  const read = readSeed(bytes);
  if (read.kind === 'bad') return read;
  const { meta } = read.value;
  const fits =
    meta.infoHash === manifest.infoHash &&
    meta.totalBytes === manifest.sizeBytes &&
    meta.pieceLength === manifest.pieceLength &&
    meta.files.length === manifest.fileCount;
  return fits ? read : bad('the seed is not what its manifest says');
}

export function readSeed(bytes: Uint8Array): Parsed<Seed> {
  const meta = parseMetainfo(bytes);
  if (meta.kind === 'bad') return meta;
  const top = decodePrefix(bytes, { weight: WIRE_LIMITS.metainfoWeight });
  const sums = top.kind === 'ok' ? asBytes(asDict(top.value.value)?.get(PIECE_SHA256)) : undefined;
  if (sums?.length !== meta.value.pieceCount * 32) return bad('the seed has not one SHA-256 for each piece');
  return ok({ meta: meta.value, pieceSha256: Buffer.from(sums) });
}

/** Whether these are the bytes of the piece. `parts`: end to end. */
export function isPiece({ pieceSha256 }: Seed, piece: PieceIndex, parts: readonly Uint8Array[]): boolean {
  return sha256Of(parts).equals(pieceSha256.subarray(piece * 32, piece * 32 + 32));
}

function sha256Of(parts: readonly Uint8Array[]): Buffer {
  const [one] = parts;
  // A piece of a small file is one part, and its hash little work beside a hash's making.
  if (one && parts.length === 1) return hash('sha256', one, 'buffer');
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/** Whether these are the bytes of all pieces, and no more. */
export function isAll(seed: Seed, bytes: Buffer): boolean {
  const { pieceLength, pieceCount, totalBytes } = seed.meta;
  if (bytes.length !== totalBytes) return false;
  for (let piece = 0; piece < pieceCount; piece++)
    if (!isPiece(seed, piece, [bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength)])) return false;
  return true;
}
