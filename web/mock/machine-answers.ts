import type { RouteName } from '#admin/contract-api.ts';
import type { DiskCandidate, DrainView, NetworkView, TimeView, UpdateView } from '#admin/contract-machine.ts';
import { type Answers, MockRefusal } from './answers.ts';

const port = (name: string, role: 'lan' | 'wan' | 'management' | 'none', link: 'up' | 'down') => ({
  name,
  mac: '02:00:00:00:00:0a',
  driver: 'igc',
  link,
  ...(link === 'up' && { speedMbps: 2500 }),
  role,
  addresses: role === 'lan' ? ['192.168.7.2/24'] : [],
  canBlink: role !== 'management',
  rxBytes: 812e9,
  txBytes: 3.1e12,
});
const candidate = (device: string, over: Partial<DiskCandidate>): DiskCandidate => ({
  device,
  sizeBytes: 4e12,
  model: 'WDC WD40EFRX',
  serial: 'WD-WCC7K0',
  transport: 'sata',
  rotates: true,
  holds: [],
  can: 'format',
  hasPieces: false,
  ...over,
});
const disks = [
  candidate('/dev/sdb', { why: 'no-file-system' }),
  candidate('/dev/sdc1', {
    fileSystem: 'ext4',
    can: 'adopt',
    hasPieces: true,
    mountedAt: '/mnt/old',
    freeBytes: 1e12,
    holds: ['swarmbox'],
  }),
  candidate('/dev/sda1', { can: 'no', why: 'system', fileSystem: 'ext4', mountedAt: '/' }),
];
let drains: DrainView[] = [];
let network: NetworkView = {
  canChange: true,
  settings: { kind: 'dhcp' },
  addresses: ['192.168.7.2/24', 'fe80::2/64'],
  hostName: 'swarmbox',
};
let time: TimeView = {
  zone: 'Asia/Shanghai',
  zones: ['Asia/Shanghai', 'Asia/Urumqi', 'Europe/Berlin', 'UTC'],
  nowMs: Date.now(),
  canChange: true,
  isSynchronised: true,
};
let update: UpdateView = {
  canUpdate: true,
  version: '0.1.0',
  slots: [
    { name: 'A', version: '0.1.0', state: 'running' },
    { name: 'B', version: '0.0.9', state: 'good' },
  ],
  needsReboot: false,
};
const received = (): UpdateView => {
  update = {
    ...update,
    bundle: { version: '0.2.0', sizeBytes: 212e6, notes: 'Serves faster.\nMends a leak.', isOlder: false },
  };
  return update;
};

type Names = Extract<
  RouteName,
  `${string} /api/${'ports' | 'disks' | 'network' | 'time' | 'restart' | 'update'}${'' | `/${string}`}`
>;
export const machineAnswers: Answers<Names> = {
  'GET /api/ports': () => ({
    ports: [
      port('lan0', 'lan', 'up'),
      port('wan0', 'wan', 'up'),
      port('mgmt0', 'management', 'up'),
      port('eth3', 'none', 'down'),
    ],
    bridge: 'br0',
  }),
  'POST /api/ports/{name}/blink': () => ({}),
  'GET /api/disks/candidates': () => ({ disks }),
  'POST /api/disks': ({ body }) => {
    if (body.format && body.typed !== body.device)
      throw new MockRefusal(400, { why: 'typed-wrong', text: 'type the device' });
    return { path: body.path ?? '/srv/cache5', piecesFound: false };
  },
  'POST /api/disks/drain': ({ body }) => {
    const drain: DrainView = { path: body.path, movedBytes: 4e10, leftBytes: 9e11, state: 'draining' };
    drains = [...drains.filter((d) => d.path !== body.path), drain];
    return drain;
  },
  'POST /api/disks/undrain': ({ body }) => {
    drains = drains.filter((d) => d.path !== body.path);
    return {};
  },
  'GET /api/disks/drains': () => ({ drains }),
  'POST /api/disks/remove': () => ({}),
  'GET /api/network': () => network,
  'PUT /api/network': ({ body }) => {
    network = {
      ...network,
      settings: body.address,
      unconfirmed: { token: 'n1', untilMs: Date.now() + 120_000, addresses: ['https://192.168.7.9/'] },
    };
    return network;
  },
  'POST /api/network/confirm': () => {
    const { unconfirmed: _, ...rest } = network;
    network = rest;
    return network;
  },
  'POST /api/network/revert': () => {
    const { unconfirmed: _, ...rest } = network;
    network = { ...rest, settings: { kind: 'dhcp' } };
    return network;
  },
  'GET /api/time': () => ({ ...time, nowMs: Date.now() }),
  'PUT /api/time': ({ body }) => {
    time = { ...time, zone: body.zone };
    return time;
  },
  'GET /api/restart': () => ({ daemon: true, machine: true }),
  'POST /api/restart': () => ({}),
  'GET /api/update': () => update,
  'POST /api/update/bundle': received,
  'POST /api/update/url': received,
  'POST /api/update/install': () => {
    update = { ...update, progress: { step: 'installed', share: 1 }, needsReboot: true };
    return update;
  },
  'POST /api/update/discard': () => {
    const { bundle: _, ...rest } = update;
    update = rest;
    return update;
  },
  'POST /api/update/roll-back': () => {
    update = { ...update, needsReboot: true };
    return update;
  },
};
