import { fileURLToPath } from 'node:url';
import { type ClientRecipe, readJsonLine } from './client.ts';

const DRIVER = fileURLToPath(new URL('./libtorrent-driver.py', import.meta.url));

/** libtorrent-rasterbar by Debian's own Python: the package is built for that one. */
export const libtorrent: ClientRecipe = {
  kind: 'libtorrent',
  argv: (o) => [
    '/usr/bin/python3',
    DRIVER,
    JSON.stringify({
      source: o.source,
      dir: o.dir,
      encrypt: o.encrypt,
      seed: o.seed,
      ways: o.ways ?? {},
      only: o.only,
      mostBytesPerS: o.mostBytesPerS,
      film: o.film,
    }),
  ],
  read: readJsonLine,
};
