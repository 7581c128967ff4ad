/** The same torrent with other trackers: its info dictionary, and so its info-hash, stay byte for byte. */
import { readFile, writeFile } from 'node:fs/promises';

const text = (value: string): string => `${Buffer.byteLength(value)}:${value}`;

/** Where the bencoded value that begins at `at` ends (BEP 3). */
function endOf(bytes: Buffer, at: number): number {
  const kind = String.fromCharCode(bytes[at] ?? 0);
  if (kind === 'i') return bytes.indexOf('e', at) + 1;
  if (kind === 'l' || kind === 'd') {
    let next = at + 1;
    while (bytes[next] !== 0x65) next = endOf(bytes, next);
    return next + 1;
  }
  const colon = bytes.indexOf(':', at);
  return colon + 1 + Number(bytes.toString('latin1', at, colon));
}

/** Every key of a torrent file with its raw value. */
function entries(torrent: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 1; torrent[at] !== 0x65; ) {
    const valueAt = endOf(torrent, at);
    const key = torrent.toString('latin1', torrent.indexOf(':', at) + 1, valueAt);
    at = endOf(torrent, valueAt);
    found.set(key, torrent.subarray(valueAt, at));
  }
  return found;
}

/** Writes a torrent file with one tier (BEP 12) for each of `trackers`; none at all is fine. */
export async function writeVariant(from: string, to: string, trackers: readonly string[]): Promise<void> {
  const all = entries(await readFile(from));
  all.delete('announce');
  all.delete('announce-list');
  const [first] = trackers;
  if (first) {
    all.set('announce', Buffer.from(text(first)));
    all.set('announce-list', Buffer.from(`l${trackers.map((t) => `l${text(t)}e`).join('')}e`));
  }
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = sorted.flatMap(([key, value]) => [Buffer.from(text(key)), value]);
  await writeFile(to, Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')]));
}

export const magnetWith = (magnet: string, trackers: readonly string[]): string =>
  `${magnet.split('&tr=')[0]}${trackers.map((t) => `&tr=${encodeURIComponent(t)}`).join('')}`;
