import { createHash } from 'node:crypto';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { infoHashOf } from '#base/units.ts';
import type { BDict, BValue } from './bencode.ts';
import { asBytes, asDict, asInt, asList, asText, decode, decodePrefix } from './bencode.ts';
import { WIRE_LIMITS } from './limits.ts';
import { nameText } from './name-text.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** What a torrent is (BEP 3, BEP 52): its identity, its shape and the hash of every piece. */
export type Metainfo = {
  version: 'v1' | 'v2' | 'hybrid';
  /** SHA-1 of `infoBytes`. */
  infoHash: InfoHash;
  infoBytes: Buffer;
  /** For people's eyes: one path element, never empty, never `..`. */
  name: string;
  /** BEP 27. */
  isPrivate: boolean;
  pieceLength: number;
  pieceCount: number;
  totalBytes: number;
  /** 20 bytes for each piece. */
  pieceHashes: Uint8Array;
  /** In torrent order, padding files included. Elements are safe path elements; none of it is ever opened here. */
  files: readonly { path: readonly string[]; lengthBytes: number }[];
  trackers: readonly string[];
};

/** Real programs write dictionaries in any order, and libtorrent takes them. */
const LENIENT = { keys: 'any-order', weight: WIRE_LIMITS.metainfoWeight } as const;

/** Reads a .torrent file. Bytes after the outer dictionary are tolerated, as in libtorrent. */
export function parseMetainfo(torrentFile: Uint8Array): Parsed<Metainfo> {
  if (torrentFile.length > WIRE_LIMITS.torrentFileBytes) return bad('the metainfo file is too large');
  const read = decodePrefix(torrentFile, LENIENT);
  if (read.kind === 'bad') return read;
  const top = asDict(read.value.value);
  const info = asDict(top?.get('info'));
  const span = read.value.spans.get('info');
  if (!top || !info || !span) return bad('the metainfo has no info dictionary');
  return metainfoOf(info, Buffer.from(torrentFile.subarray(span.start, span.end)), trackersOf(top));
}

/** Whether these bytes are what the info-hash names: by SHA-1, or by the head of SHA-256 as v2 swarms use it (BEP 52). */
export const isNamedBy = (infoBytes: Uint8Array, expected: InfoHash): boolean =>
  hashOf(infoBytes) === expected ||
  createHash('sha256').update(infoBytes).digest('hex').slice(0, expected.length) === expected;

/** Reads an info dictionary that came from a peer (BEP 9): it must hash to `expected` before a byte of it counts. */
export function parseInfo(infoBytes: Uint8Array, expected: InfoHash): Parsed<Metainfo> {
  if (infoBytes.length > WIRE_LIMITS.metadataBytes) return bad('the info dictionary is too large');
  if (hashOf(infoBytes) !== expected) return bad('the info dictionary does not have the expected info-hash');
  const read = decode(infoBytes, LENIENT);
  if (read.kind === 'bad') return read;
  const info = asDict(read.value);
  if (!info) return bad('the info dictionary is no dictionary');
  return metainfoOf(info, Buffer.from(infoBytes), []);
}

/** Bytes of a piece: `pieceLength`, or what is left for the last. */
export function pieceSize(shape: { pieceLength: number; totalBytes: number }, piece: PieceIndex): number {
  const size = Math.min(shape.pieceLength, shape.totalBytes - piece * shape.pieceLength);
  if (!Number.isInteger(piece) || piece < 0 || size <= 0) throw new RangeError(`bug: there is no piece ${piece}`);
  return size;
}

const hashOf = (bytes: Uint8Array): InfoHash => infoHashOf(createHash('sha1').update(bytes).digest());

function metainfoOf(info: BDict, infoBytes: Buffer, trackers: readonly string[]): Parsed<Metainfo> {
  const isV2 = asInt(info.get('meta version')) === 2;
  const hashes = asBytes(info.get('pieces'));
  if (isV2 && !hashes) return bad('BitTorrent v2 without v1 hashes is not supported yet');
  const version = isV2 ? 'hybrid' : 'v1';

  const name = safeElement(nameOf(info.get('name.utf-8')) ?? nameOf(info.get('name')) ?? '');
  if (name === undefined) return bad('the torrent has no name');
  const pieceLength = asInt(info.get('piece length'));
  if (pieceLength === undefined || pieceLength <= 0) return bad('the torrent has no piece length');
  if (pieceLength > WIRE_LIMITS.pieceBytes) return bad(`pieces of ${pieceLength} bytes are too large`);

  const files = filesOf(info, name);
  if (files.kind === 'bad') return files;
  let totalBytes = 0;
  for (const file of files.value) totalBytes += file.lengthBytes;
  if (totalBytes === 0) return bad('the torrent holds no bytes');
  if (!Number.isSafeInteger(totalBytes)) return bad('the torrent is larger than 2^53 bytes');

  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (pieceCount > WIRE_LIMITS.pieces) return bad(`${pieceCount} pieces are too many`);
  if (hashes?.length !== pieceCount * 20) return bad('the number of piece hashes does not fit the size');

  const isPrivate = asInt(info.get('private')) === 1;
  const pieceHashes = Uint8Array.from(hashes);
  const infoHash = hashOf(infoBytes);
  const shape = { pieceLength, pieceCount, totalBytes, pieceHashes, files: files.value };
  return ok({ version, infoHash, infoBytes, name, isPrivate, trackers, ...shape });
}

type File = Metainfo['files'][number];

function filesOf(info: BDict, name: string): Parsed<File[]> {
  const list = asList(info.get('files'));
  if (!list) {
    const lengthBytes = asInt(info.get('length'));
    if (lengthBytes === undefined || lengthBytes < 0) return bad('the torrent has no length');
    return ok([{ path: [name], lengthBytes }]);
  }
  if (list.length > WIRE_LIMITS.files) return bad('the torrent has too many files');
  const files: File[] = [];
  for (const entry of list) {
    const file = fileOf(entry, name);
    if (file.kind === 'bad') return file;
    files.push(file.value);
  }
  return ok(files);
}

function fileOf(entry: BValue, name: string): Parsed<File> {
  const dict = asDict(entry);
  if (!dict) return bad('a file is no dictionary');
  // BEP 47: a symbolic link takes no bytes, whatever length it states.
  const isLink = asText(dict.get('attr'))?.includes('l') === true && dict.has('symlink path');
  const lengthBytes = isLink ? 0 : asInt(dict.get('length'));
  if (lengthBytes === undefined || lengthBytes < 0) return bad('a file has no length');
  const path = asList(dict.get('path.utf-8')) ?? asList(dict.get('path'));
  if (!path?.every(asBytes) || path.length > WIRE_LIMITS.pathElements) return bad('a file has no usable path');
  const parts = path.map((part) => safeElement(nameOf(part) ?? '')).filter((part) => part !== undefined);
  return ok({ path: parts.length > 0 ? [name, ...parts] : [name, '_'], lengthBytes });
}

function nameOf(value: BValue | undefined): string | undefined {
  const bytes = asBytes(value);
  return bytes && nameText(bytes);
}

/**
 * A path element that means nothing to a file system: `.`, `..` and empty ones vanish, separators and control
 * characters are replaced. Torrents with such paths exist and are shared, so they are cleaned, not refused.
 */
function safeElement(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes out
  const clean = text.slice(0, WIRE_LIMITS.nameChars).replace(/[/\\\x00-\x1f\x7f]/g, '_');
  return clean === '' || clean === '.' || clean === '..' ? undefined : clean;
}

/** `announce` and `announce-list` (BEP 12), in order, without repeats. */
function trackersOf(top: BDict): string[] {
  const found = new Set<string>();
  const add = (value: BValue | undefined): void => {
    const url = asText(value);
    if (url && url.length <= WIRE_LIMITS.trackerChars && found.size < WIRE_LIMITS.trackers) found.add(url);
  };
  for (const tier of asList(top.get('announce-list')) ?? []) for (const url of asList(tier) ?? []) add(url);
  add(top.get('announce'));
  return [...found];
}
