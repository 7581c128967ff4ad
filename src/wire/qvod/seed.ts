import { createHash } from 'node:crypto';
import { type InfoHash, infoHashOf, KIB, MIB } from '#base/units.ts';
import { WIRE_LIMITS } from '../limits.ts';
import { type Metainfo, parseInfo, parseMetainfo } from '../metainfo.ts';
import { bad, ok, type Parsed } from '../parsed.ts';

/**
 * Qvod's seed file: a .torrent in all but its name, its key order and its text encoding. Stated (YFNet UpLoadTask.cpp and
 * utility.cpp), not verified: keys come unsorted (encoding, info, announce, adurl, ...), the creation date is a string and
 * names are GBK. The readers of this folder mind neither the order nor the unused keys.
 */

/** Stated: a seed whose announce contains this is named by its piece hashes; any other as in BitTorrent. */
const QVOD_TRACKER = 'http://track.qvod.com';

/** Stated: SHA-1 over the piece hashes. Nobody can forge the list, but it binds neither the piece length nor the name. */
export const qvodHashOf = (pieceHashes: Uint8Array): InfoHash =>
  infoHashOf(createHash('sha1').update(pieceHashes).digest());

/** Bytes of a piece in a file of `sizeBytes`. Stated (CalcPieceSize); a seed that says otherwise is believed. */
export function qvodPieceLength(sizeBytes: number): number {
  if (sizeBytes <= 2 * MIB) return 16 * KIB;
  const kib = 2 ** Math.floor(Math.log2(Math.sqrt(sizeBytes / 4096)));
  return Math.min(Math.max(kib, 16), 4096) * KIB;
}

/** `taskHash`: what links, handshakes and requests for this seed call it. */
export type QvodSeed = { readonly taskHash: InfoHash; readonly meta: Metainfo };

/** Reads a seed file as a METAFILERSP carries it. */
export function parseSeed(seed: Uint8Array): Parsed<QvodSeed> {
  if (seed.length > WIRE_LIMITS.qvodSeedBytes) return bad('the seed file is too large');
  const read = parseMetainfo(seed);
  if (read.kind === 'bad') return read;
  const { pieceHashes, infoHash, trackers } = read.value;
  if (!pieceHashes) return bad('the seed file has no piece hashes');
  const isQvod = trackers.some((url) => url.includes(QVOD_TRACKER));
  return ok({ taskHash: isQvod ? qvodHashOf(pieceHashes) : infoHash, meta: read.value });
}

/** Reads an info dictionary whose piece hashes must have the hash `expected`, under that name. */
export function parseQvodInfo(infoBytes: Uint8Array, expected: InfoHash): Parsed<Metainfo> {
  if (infoBytes.length > WIRE_LIMITS.qvodSeedBytes) return bad('the info dictionary is too large');
  const own = parseInfo(infoBytes, infoHashOf(createHash('sha1').update(infoBytes).digest()));
  if (own.kind === 'bad') return own;
  if (!own.value.pieceHashes || qvodHashOf(own.value.pieceHashes) !== expected)
    return bad('the piece hashes do not have the expected hash');
  return ok({ ...own.value, infoHash: expected, ids: [expected], byPieces: true });
}

/** The info dictionary that `expected` names, by BitTorrent's rule or by Qvod's. */
export function parseNamedInfo(infoBytes: Uint8Array, expected: InfoHash): Parsed<Metainfo> {
  const read = parseInfo(infoBytes, expected);
  if (read.kind === 'ok') return read;
  const qvod = parseQvodInfo(infoBytes, expected);
  return qvod.kind === 'ok' ? qvod : read;
}

/**
 * The seed file over an info dictionary, for who asked for it by this name, in the order in which Qvod writes it. Without its
 * advertisements.
 */
export function encodeSeed(meta: Pick<Metainfo, 'infoBytes' | 'pieceHashes'>, asked: InfoHash): Buffer {
  const byPieces = meta.pieceHashes !== undefined && qvodHashOf(meta.pieceHashes) === asked;
  const announce = byPieces ? `8:announce${QVOD_TRACKER.length}:${QVOD_TRACKER}` : '';
  return Buffer.concat([Buffer.from('d8:encoding3:GBK4:info'), meta.infoBytes, Buffer.from(`${announce}e`)]);
}
