/** Real clients that fetch one torrent from the box alone: no DHT, no local discovery, no peer exchange, no uTP. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind } from './settings.ts';

export type Fetch = {
  /** Names the tracker that names the box. */
  readonly torrentPath: string;
  /** The client's own folder; the files go there. */
  readonly home: string;
  readonly box: { readonly ip: string; readonly port: number };
};

const LEECH = fileURLToPath(new URL('leech.py', import.meta.url));

function argvOf(kind: Kind, { torrentPath, home, box }: Fetch): string[] {
  switch (kind) {
    case 'aria2':
      return ['/usr/bin/aria2c', '--no-conf', '-q', '--enable-dht=false', '--enable-dht6=false']
        .concat(['--bt-enable-lpd=false', '--enable-peer-exchange=false', '--seed-time=10', '--file-allocation=none'])
        .concat(['--listen-port=21000-21999', '-d', home, torrentPath]);
    case 'transmission':
      return [
        '/usr/bin/transmission-daemon',
        '-f',
        '-g',
        join(home, 'config'),
        '-w',
        home,
        '-c',
        join(home, 'watch'),
      ].concat(['--no-incomplete-dir', '-et', '-O', '-Y', '-M', '-P', '0', '-p', '0', '--no-utp', '--log-error']);
    default:
      // Debian's own python3 has libtorrent; another one on PATH may not.
      return ['/usr/bin/python3', LEECH, torrentPath, home, box.ip, `${box.port}`, kind === 'libtorrent' ? '0' : '1'];
  }
}

/** Makes the client's folder. Returns how it is started. */
export async function prepare(kind: Kind, fetch: Fetch): Promise<string[]> {
  await mkdir(join(fetch.home, 'watch'), { recursive: true });
  if (kind === 'transmission') await copyFile(fetch.torrentPath, join(fetch.home, 'watch', 'a.torrent'));
  return argvOf(kind, fetch);
}
