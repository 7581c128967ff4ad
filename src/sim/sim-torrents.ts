import { BLOCK_BYTES } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { madeTorrent, oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import { SHARED_BYTES, type TorrentPlan } from './scenario.ts';

/** A file that several torrents hold. */
const SHARED = oneFileTorrent(SHARED_BYTES, BLOCK_BYTES);

/** The torrent that a plan describes. */
export function torrentOf({ kind, bytes, pieceLength }: TorrentPlan): Torrent {
  const one = oneFileTorrent(bytes, pieceLength);
  if (kind === 'one file') return one;
  const cut = Math.floor(bytes / 2);
  const files = [
    { path: ['a'], bytes: one.content.subarray(0, cut) },
    { path: ['b'], bytes: one.content.subarray(cut) },
  ];
  if (kind === 'sharing') files[0] = { path: ['a'], bytes: SHARED.content };
  const version = kind === 'hybrid' || kind === 'sharing' ? 'hybrid' : 'v1';
  const made = madeTorrent(version, files, pieceLength);
  const meta = parseMetainfo(kind === 'private' ? encode({ info: { ...made.info, private: 1 } }) : made.torrentFile);
  if (meta.kind === 'bad') throw new Error(`bug: ${meta.why}`);
  return { meta: meta.value, content: made.stream };
}
