import type { SteerVerdict, SteerWhy } from '#admin/contract.ts';

const verdict: Record<SteerVerdict, string> = {
  steered: 'Served',
  passed: 'Passed',
  spliced: 'Handed through',
  learned: 'Learned',
  refused: 'Refused',
};
const steerWhy: Record<SteerWhy, string> = {
  'http-tracker': 'a tracker named this peer',
  'udp-tracker': 'a UDP tracker named this peer',
  dht: 'the DHT named this peer',
  lsd: 'announced on the LAN',
  pex: 'a client named this peer',
  'local-peer': 'it found the box as a neighbour and dialled it',
  'box-tracker': 'the box found it by its tracker',
  'box-dht': 'the box found it by the DHT',
  'before-restart': 'known since before the last restart',
  'plain-handshake': 'BitTorrent handshake',
  'mse-handshake': 'encrypted BitTorrent handshake',
  'qvod-handshake': 'Qvod handshake',
  qvod: 'Qvod, in a form that the box leaves alone',
  'ms-do': 'Windows Update between PCs (Delivery Optimization): never touched',
  'not-bittorrent': 'not BitTorrent: left alone from now on',
  'unknown-torrent': 'a torrent the box does not know',
  unsupported: 'a kind of torrent the box cannot serve',
  'no-metainfo': 'nobody told what the torrent consists of',
  private: 'a private torrent is never touched',
  blocked: 'the configuration says not to serve it',
  utp: 'uTP: the client falls back to TCP, which the box can serve',
  overload: 'the box is busy, so it stayed out of the way',
  'first-client': 'the flash is full: kept when a second client wants it',
  'asked-less': 'the disks are full of what is asked for more: kept when more clients want it',
  'disk-full': 'no room on the disk',
  'disk-failed': 'the disk reported an error',
  'day-used-up': "the day's bytes are used up",
  stalled: 'nothing came from outside: its clients go on with the swarm',
  'task-failed': 'the box made a mistake with this torrent: it is tried again after a while',
  malformed: 'not understood: left alone',
  'origin-unreachable': 'the peer outside did not answer',
  'opted-out': 'this client is not looked at: the configuration says so',
  'never-steered': 'this address is never steered: the configuration says so',
  'not-learned': 'nobody named it as a peer',
  'no-flow-yet': 'known as a peer; nobody has dialled it yet',
};

export const en = { verdict, steerWhy };
export type FlowReasons = typeof en;
