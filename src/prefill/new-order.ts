import { readDropped, readLink, type Wanted } from './dropped-file.ts';
import { LIMITS } from './limits.ts';

/** What a person sent to be ordered: a link, or a .torrent file in base64. */
export type Sent = { readonly link?: string; readonly torrent?: string };

export type Understood =
  | { readonly kind: 'ok'; readonly wanted: Wanted }
  | { readonly kind: 'bad'; readonly code: 'not-a-link' | 'not-a-torrent' | 'too-large'; readonly why: string };

/** Whatever was sent, this returns. */
export function understand({ link, torrent }: Sent): Understood {
  if (link !== undefined && torrent !== undefined)
    return { kind: 'bad', code: 'not-a-link', why: 'send a link or a torrent file, not both' };
  if (torrent !== undefined) return fromTorrent(torrent);
  if (link === undefined) return { kind: 'bad', code: 'not-a-link', why: 'send a link or a torrent file' };
  if (link.length > LIMITS.oneLinkChars) return { kind: 'bad', code: 'not-a-link', why: 'the link is too long' };
  const read = readLink(link.trim());
  return read.kind === 'ok' ? { kind: 'ok', wanted: read.value } : { kind: 'bad', code: 'not-a-link', why: read.why };
}

function fromTorrent(base64: string): Understood {
  // Four characters for three bytes.
  if (base64.length > (LIMITS.torrentBytes * 4) / 3 + 4)
    return { kind: 'bad', code: 'too-large', why: `it is larger than ${LIMITS.torrentBytes >> 20} MiB` };
  const { wanted, bad } = readDropped('torrent', Buffer.from(base64, 'base64'));
  const [first] = wanted;
  return first
    ? { kind: 'ok', wanted: first }
    : { kind: 'bad', code: 'not-a-torrent', why: bad[0] ?? 'it is no torrent file' };
}
