import { createHmac, randomBytes } from 'node:crypto';
import type { InfoHash } from '#base/units.ts';

const DAY_MS = 24 * 3_600_000;
/** As many bytes as a number holds without loss; of a hundred thousand torrents, two share a number once in fifty thousand boxes. */
const TORRENT_BYTES = 6;
/** Only the clients of one torrent must differ. */
const CLIENT_BYTES = 4;

/**
 * Names that tell nothing. A torrent's is a hash under a key of the box, which is kept apart from the trace. A client's is a hash under a key that is
 * never written, and is forgotten with the day (UTC): after that nobody can tell whose it was, this box included. It binds the torrent, too: what else
 * the client fetched is not told.
 */
export class Pseudonyms {
  readonly #torrentKey: Buffer;
  #clientKey = randomBytes(32);
  #day: number | undefined;

  constructor(torrentKey: Buffer) {
    this.#torrentKey = torrentKey;
  }

  torrent(infoHash: InfoHash): number {
    return digest(this.#torrentKey, infoHash).readUIntBE(0, TORRENT_BYTES);
  }

  client(ip: string, torrent: number, nowMs: number): string {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#day) this.#clientKey = randomBytes(32);
    this.#day = day;
    return digest(this.#clientKey, `${torrent} ${ip}`).toString('hex', 0, CLIENT_BYTES);
  }
}

const digest = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
