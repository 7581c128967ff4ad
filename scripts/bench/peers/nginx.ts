import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRecipe } from './peer.ts';

/** The bound of a file server that knows nothing of BitTorrent: one worker, sendfile(2), no log. */
export const nginx: PeerRecipe = {
  version: ['nginx', '-v'],
  prepare: async ({ content, port, home }) => {
    const temp = join(home, 'temp');
    await mkdir(temp, { recursive: true });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (of) => `${of}_temp_path ${temp}/${of};`,
    );
    const settings = `
daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nodelay on; tcp_nopush on;
  keepalive_requests 1000000000; keepalive_timeout 600s; client_header_timeout 600s; send_timeout 600s;
  open_file_cache max=100 inactive=600s;
  ${temporary.join(' ')}
  server { listen 127.0.0.1:${port} backlog=4096; root "${content.dir}"; }
}
`;
    const path = join(home, 'nginx.conf');
    await writeFile(path, settings);
    return ['nginx', '-e', `${home}/error.log`, '-c', path];
  },
};
