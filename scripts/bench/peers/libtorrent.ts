import { fileURLToPath } from 'node:url';
import type { PeerRecipe } from './peer.ts';

/** Debian's own: its package is built for that one, and another python3 may be first on PATH. */
export const PYTHON = '/usr/bin/python3';
const SEED = fileURLToPath(new URL('libtorrent-seed.py', import.meta.url));

export const libtorrent: PeerRecipe = {
  version: [PYTHON, '-c', 'import libtorrent; print(libtorrent.__version__)'],
  prepare: async ({ content, port }) => [PYTHON, SEED, content.torrentPath, content.dir, String(port)],
};
