import type { PeerRecipe } from './peer.ts';

/** Any number of peers; how many of them it serves at once cannot be set. */
export const aria2: PeerRecipe = {
  version: ['aria2c', '--version'],
  prepare: async ({ content, port }) => [
    'aria2c',
    '--no-conf',
    `--dir=${content.dir}`,
    `--listen-port=${port}`,
    '--interface=127.0.0.1',
    '--disable-ipv6=true',
    '--check-integrity=true',
    '--seed-ratio=0.0',
    '--bt-max-peers=0',
    '--bt-max-open-files=1000',
    '--enable-dht=false',
    '--enable-dht6=false',
    '--bt-enable-lpd=false',
    '--enable-peer-exchange=false',
    '--enable-color=false',
    '--summary-interval=0',
    '--show-console-readout=false',
    content.torrentPath,
  ],
};
