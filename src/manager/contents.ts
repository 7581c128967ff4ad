import { createHash } from 'node:crypto';
import { Bitfield } from '#base/bitfield.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { StoreLike } from '#task/task.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { metainfoOnDisk } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';

export type ContentFile = {
  readonly path: string;
  readonly sizeBytes: number;
  /** From the beginning of the torrent's first piece. */
  readonly startByte: number;
};

/** What is in a torrent, as far as it is shown. */
export type Contents = {
  readonly name: string;
  readonly isPrivate: boolean;
  /** 64 hex digits; of a torrent that has such a name. */
  readonly infoHashV2?: string;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly totalBytes: number;
  readonly files: readonly ContentFile[];
  readonly filesOmitted: number;
};

export type ContentsWorld = { readonly index: Index; readonly store: Pick<StoreLike, 'metainfo'> };

/** Tells what is in torrents. A page asks for the same one every second, and reading it anew would cost more than all else of it. */
export class ContentsShelf {
  readonly #world: ContentsWorld;
  /** The one asked for longest ago first. */
  readonly #known = new Map<InfoHash, Contents>();

  constructor(world: ContentsWorld) {
    this.#world = world;
  }

  /** Undefined while its metainfo is unknown, or its disk away. */
  async of(infoHash: InfoHash): Promise<Contents | undefined> {
    const known = this.#known.get(infoHash);
    this.#known.delete(infoHash);
    const contents = known ?? (await this.#read(infoHash));
    if (contents) this.#known.set(infoHash, contents);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= LIMITS.contents) break;
      this.#known.delete(oldest);
    }
    return contents;
  }

  async #read(infoHash: InfoHash): Promise<Contents | undefined> {
    const { index, store } = this.#world;
    const { info, layers, infoHash: name = infoHash } = index.task(infoHash) ?? {};
    const meta = metainfoOnDisk({ infoHash: name, ...(info ? { info, layers } : await store.metainfo(name)) });
    return meta && contentsOf(meta);
  }
}

export function contentsOf(meta: Metainfo): Contents {
  const files: ContentFile[] = [];
  let [at, count] = [0, 0];
  for (const { path, lengthBytes, firstPiece } of meta.files) {
    // A v2 file begins with a piece of its own (BEP 52); in v1 each begins where the last one ended.
    const startByte = meta.version === 'v2' && firstPiece !== undefined ? firstPiece * meta.pieceLength : at;
    at = startByte + lengthBytes;
    if (path[0] === '.pad') continue;
    count++;
    if (files.length < LIMITS.contentFiles) files.push({ path: path.join('/'), sizeBytes: lengthBytes, startByte });
  }
  const hasV2 = meta.version !== 'v1' && !meta.byPieces;
  return {
    name: meta.name,
    isPrivate: meta.isPrivate,
    ...(hasV2 && { infoHashV2: createHash('sha256').update(meta.infoBytes).digest('hex') }),
    pieceBytes: meta.pieceLength,
    pieceCount: meta.pieceCount,
    totalBytes: meta.totalBytes,
    files,
    filesOmitted: count - files.length,
  };
}

/** Bytes of the file that lie in pieces that are had. */
export function haveOf(file: ContentFile, pieceBytes: number, have: Bitfield): number {
  const end = file.startByte + file.sizeBytes;
  let bytes = 0;
  for (let piece = Math.floor(file.startByte / pieceBytes); piece * pieceBytes < end; piece++)
    if (have.has(piece))
      bytes += Math.min(end, (piece + 1) * pieceBytes) - Math.max(file.startByte, piece * pieceBytes);
  return bytes;
}

/** The pieces that the index knows of; none where it knows nothing. */
export const haveBits = (have: Uint8Array | undefined, pieceCount: number): Bitfield =>
  (have && Bitfield.from(have, pieceCount)) ?? new Bitfield(pieceCount);
