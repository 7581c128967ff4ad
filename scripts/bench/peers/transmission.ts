import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRecipe } from './peer.ts';

/** Its watch folder adds the torrent, whose files it finds and checks. Many peers and upload slots. */
export const transmission: PeerRecipe = {
  version: ['transmission-daemon', '--version'],
  prepare: async ({ content, port, home }) => {
    const watch = join(home, 'watch');
    await mkdir(watch, { recursive: true });
    await copyFile(content.torrentPath, join(watch, 'content.torrent'));
    const settings = {
      'download-dir': content.dir,
      'watch-dir': watch,
      'watch-dir-enabled': true,
      'peer-port': port,
      'bind-address-ipv4': '127.0.0.1',
      'peer-limit-global': 4_000,
      'peer-limit-per-torrent': 4_000,
      'upload-slots-per-torrent': 4_000,
      'cache-size-mb': 64,
      encryption: 1,
      'utp-enabled': false,
      'dht-enabled': false,
      'lpd-enabled': false,
      'pex-enabled': false,
      'port-forwarding-enabled': false,
      'rpc-enabled': false,
    };
    await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
    return ['transmission-daemon', '-f', '-g', home];
  },
};
