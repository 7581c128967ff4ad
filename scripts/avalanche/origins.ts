/** Origin peers of many torrents in one process: each at a port of its own. argv: their options as JSON. Says `ready`. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { argv } from 'node:process';
import type { Endpoint } from '#base/endpoint.ts';
import { BLOCK_BYTES, KIB } from '#base/units.ts';
import { FakeSeed } from '#downloader/fake-seed.ts';
import { oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';

/** Torrent `n` is to be had at `endpoints[n]`. */
export type OriginsOptions = { readonly endpoints: readonly Endpoint[] };

const TORRENT_BYTES = 1_024 * KIB;
const PIECE_BYTES = 128 * KIB;
/** The first has as many pieces as one of a gigabyte has. */
const LARGE_PIECES = 4_096;

/** No two are of one length, so no two are the same. */
export const torrentNumber = (n: number): Torrent =>
  n === 0
    ? oneFileTorrent(LARGE_PIECES * BLOCK_BYTES, BLOCK_BYTES)
    : oneFileTorrent(TORRENT_BYTES + n * BLOCK_BYTES, PIECE_BYTES);

if (import.meta.main) {
  const { endpoints } = JSON.parse(argv[2] ?? '') as OriginsOptions;
  for (const [n, { ip, port }] of endpoints.entries()) {
    const torrent = torrentNumber(n);
    const server = createServer((socket) => void new FakeSeed(socket, torrent, { metadata: true }));
    server.listen({ host: ip, port, backlog: 4_096 });
    await once(server, 'listening');
  }
  console.log('ready');
}
