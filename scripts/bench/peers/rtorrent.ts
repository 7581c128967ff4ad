import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRecipe } from './peer.ts';

/** Many slots, peers and sockets, and plenty of address space for what it maps. */
export const rtorrent: PeerRecipe = {
  version: ['rtorrent', '-h'],
  prepare: async ({ content, port, home }) => {
    const session = join(home, 'session');
    await mkdir(session, { recursive: true });
    const settings = [
      'system.daemon.set = true',
      `session.path.set = ${session}`,
      `directory.default.set = ${content.dir}`,
      'network.bind_address.set = 127.0.0.1',
      `network.port_range.set = ${port}-${port}`,
      'network.port_random.set = no',
      'network.max_open_sockets.set = 4000',
      'network.max_open_files.set = 1000',
      'throttle.max_uploads.set = 4000',
      'throttle.max_uploads.global.set = 4000',
      'throttle.max_peers.normal.set = 4000',
      'throttle.max_peers.seed.set = 4000',
      'pieces.memory.max.set = 4096M',
      'protocol.encryption.set = allow_incoming',
      'protocol.pex.set = no',
      'dht.mode.set = disable',
      'trackers.use_udp.set = no',
      `load.start = ${content.torrentPath}`,
      '',
    ];
    const path = join(home, 'rtorrent.rc');
    await writeFile(path, settings.join('\n'));
    return ['rtorrent', '-n', '-o', `import=${path}`];
  },
};
