import { silentLog } from '#base/log.ts';
import { type AdminOptions, AdminServer } from './admin-server.ts';
import type { BoxSnapshot, ClientView, DiskView, PortRole, TaskView } from './contract.ts';
import type { Right } from './contract-common.ts';
import type { ListenAt } from './http-listener.ts';
import type { Doors } from './route.ts';
import { boxLive } from './routes/live-routes.ts';

/** A torrent's name as an ill-meaning stranger would choose it: markup, control characters, right-to-left tricks. */
export const EVIL_NAME =
  '<img src=x onerror="document.title=\'pwned\'"><script>document.title="pwned"</script>\u0007\u001b[31m\u202Egpj.exe\u0000 \u0645\u0631\u062D\u0628\u0627';

export const LONG_NAME = `[示例字幕组] 一部名字非常长的公开纪录片 第01-48集 全集 ${'超长名称'.repeat(12)} [1080p][简繁内封]`;

const HASH = '0123456789abcdef0123456789abcdef01234567';

export const fakeClient = (over: Partial<ClientView> = {}): ClientView => ({
  endpoint: '192.168.7.21:51413',
  name: 'Transmission 4.0.6',
  rateBytesPerS: 9_400_000,
  servedBytes: 912_000_000,
  interested: true,
  haveShare: 0.61,
  ...over,
});

export const fakeTask = (over: Partial<TaskView> = {}): TaskView => ({
  infoHash: HASH,
  name: 'debian-13.1.0-amd64-DVD-1.iso',
  state: 'down',
  why: 'filling-on-demand',
  totalBytes: 3_992_977_408,
  haveBytes: 2_435_000_000,
  pieces: 581,
  pieceCount: 952,
  clients: [fakeClient()],
  origins: [{ endpoint: '203.0.113.9:6881', state: 'up', rateBytesPerS: 1_150_000, pieces: 952 }],
  servedBytes: 7_310_000_000,
  filledBytes: 2_435_000_000,
  fillRateBytesPerS: 1_150_000,
  serveRateBytesPerS: 9_400_000,
  ...over,
});

/** A box with nothing to show yet. */
export const emptyBox = (over: Partial<BoxSnapshot> = {}): BoxSnapshot => ({
  version: '0.1.0',
  startedAtMs: Date.now() - 5000,
  nowMs: Date.now(),
  wan: { rxBytesPerS: 0, txBytesPerS: 0 },
  lan: { rxBytesPerS: 0, txBytesPerS: 0 },
  totals: { servedBytes: 0, filledBytes: 0, passedBytes: 0, savedBytes: 0 },
  tasks: [],
  steering: { state: 'armed', endpoints: 0, flows: 0, recent: [] },
  health: {
    loadPercent: 4,
    cores: 4,
    memory: { totalBytes: 8_000_000_000, availableBytes: 6_100_000_000, processBytes: 140_000_000 },
    disk: { path: '/var/lib/swarmbox', totalBytes: 2_000_000_000_000, freeBytes: 1_400_000_000_000 },
    ports: [],
    loopDelay: { p99Ms: 1, maxMs: 4 },
    uptimeS: 5,
  },
  disks: [],
  warnings: [],
  ...over,
});

const disk = (path: string, over: Partial<DiskView> = {}): DiskView => ({
  path,
  id: path,
  kind: 'hdd',
  state: 'good',
  freeBytes: 1_400_000_000_000,
  usableBytes: 1_900_000_000_000,
  writeMBps: 140,
  costMs: 12,
  errors: 0,
  torrents: 214,
  ...over,
});

const port = (name: string, role: PortRole, rx: number, tx: number) => ({
  name,
  role,
  link: 'up' as const,
  speedMbps: 1000,
  rxBytesPerS: rx,
  txBytesPerS: tx,
  errors: 0,
  dropped: 0,
});

/** A box on a busy evening. */
export const busyBox = (over: Partial<BoxSnapshot> = {}): BoxSnapshot => {
  const now = Date.now();
  const base = emptyBox();
  return {
    ...base,
    startedAtMs: now - 3 * 86_400_000 - 4 * 3_600_000,
    wan: { rxBytesPerS: 1_210_000, txBytesPerS: 64_000 },
    lan: { rxBytesPerS: 310_000, txBytesPerS: 27_600_000 },
    totals: {
      servedBytes: 1_912_000_000_000,
      filledBytes: 221_000_000_000,
      passedBytes: 86_000_000_000,
      savedBytes: 1_691_000_000_000,
    },
    prefill: {
      held: 'window-shut',
      waiting: 2,
      orders: [
        {
          infoHash: 'd'.repeat(40),
          name: EVIL_NAME,
          why: 'window-shut',
          orderedAtMs: now,
          totalBytes: 41e9,
          haveBytes: 9e9,
        },
        { infoHash: 'e'.repeat(40), name: '', why: 'no-progress', orderedAtMs: now },
        { infoHash: 'f'.repeat(40), name: LONG_NAME, why: 'whole', orderedAtMs: now, endedAtMs: now, totalBytes: 7e9 },
      ],
    },
    today: { servedBytes: 96e9, filledBytes: 11e9, passedBytes: 4e9, savedBytes: 85e9 },
    tasks: [
      fakeTask({
        clients: [
          fakeClient(),
          fakeClient({ endpoint: '192.168.7.34:6881', name: '迅雷 12.4', rateBytesPerS: 8_800_000, haveShare: 0.22 }),
          fakeClient({
            endpoint: '[fd00::31]:49152',
            name: '<b>qBittorrent</b> 5.1',
            rateBytesPerS: 0,
            haveShare: 0.6,
          }),
        ],
        origins: [
          { endpoint: '203.0.113.9:6881', state: 'up', rateBytesPerS: 1_150_000, pieces: 952 },
          { endpoint: '198.51.100.77:51413', state: 'dialling', rateBytesPerS: 0, pieces: 0 },
          { endpoint: '198.51.100.3:6889', state: 'banned', rateBytesPerS: 0, pieces: 80 },
        ],
      }),
      fakeTask({
        infoHash: 'a'.repeat(40),
        name: LONG_NAME,
        state: 'complete',
        why: 'whole',
        haveBytes: 3_992_977_408,
        pieces: 952,
        origins: [],
        fillRateBytesPerS: 0,
        servedBytes: 39_900_000_000,
      }),
      fakeTask({
        infoHash: 'b'.repeat(40),
        name: EVIL_NAME,
        state: 'limited',
        why: 'no-slot',
        clients: [],
        origins: [],
        haveBytes: 120_000_000,
        pieces: 30,
        fillRateBytesPerS: 0,
        serveRateBytesPerS: 0,
      }),
      fakeTask({
        infoHash: 'c'.repeat(40),
        name: '',
        state: 'sleep',
        why: 'no-metainfo',
        totalBytes: 0,
        haveBytes: 0,
        pieces: 0,
        pieceCount: 0,
        clients: [],
        origins: [],
        fillRateBytesPerS: 0,
        serveRateBytesPerS: 0,
        servedBytes: 0,
        filledBytes: 0,
      }),
    ],
    steering: {
      state: 'armed',
      endpoints: 214,
      flows: 17,
      recent: [
        {
          atMs: now - 2000,
          client: '192.168.7.34',
          endpoint: '203.0.113.9:6881',
          infoHash: HASH,
          verdict: 'steered',
          why: 'mse-handshake',
        },
        {
          atMs: now - 9000,
          client: '192.168.7.34',
          endpoint: '203.0.113.9:6881',
          infoHash: HASH,
          verdict: 'learned',
          why: 'http-tracker',
        },
        {
          atMs: now - 31_000,
          client: '192.168.7.21',
          endpoint: '198.51.100.20:443',
          verdict: 'spliced',
          why: 'not-bittorrent',
        },
        { atMs: now - 64_000, client: '192.168.7.40', endpoint: '[2001:db8::7]:51413', verdict: 'refused', why: 'utp' },
        { atMs: now - 95_000, client: '192.168.7.40', endpoint: '192.0.2.5:6881', verdict: 'passed', why: 'private' },
      ],
    },
    health: {
      ...base.health,
      loadPercent: 21.4,
      ports: [port('lan0', 'lan', 310_000, 27_600_000), { ...port('wan0', 'wan', 1_210_000, 64_000), errors: 12 }],
    },
    disks: [
      disk('/srv/cache1', {
        health: {
          verdict: 'passed',
          devices: [
            { name: 'sda', model: 'WDC WD40EFRX-68N32N0', serial: 'WD-WCC7K0', verdict: 'passed', temperatureC: 34 },
          ],
        },
      }),
      disk('/srv/cache2', {
        kind: 'ssd',
        health: {
          verdict: 'failing',
          worn: 'says-failing',
          devices: [{ name: 'nvme0n1', model: 'Samsung SSD 970', verdict: 'failing', worn: 'says-failing' }],
        },
      }),
      disk('/srv/cache3', { state: 'gone', freeBytes: 0 }),
      disk('/srv/cache4', { health: { verdict: 'unknown', why: 'no-smartctl', devices: [] } }),
    ],
    ...over,
  };
};

/** Whoever comes may do `right`, without signing in. */
export const doorsFor = (right: Right | undefined): Doors => ({
  asker: ({ address, via }) => ({ kind: 'guest', name: '', ...(right && { right }), address, via }),
  csrfHolds: () => false,
  mayStay: () => true,
  audit: () => {},
});

/** A server at a loopback port, or where `listen` says, that lets everybody look. */
export async function startAdmin({
  listen = { host: '127.0.0.1', port: 0 },
  world,
  names = [],
  ...over
}: Partial<Omit<AdminOptions, 'names'>> & {
  listen?: ListenAt;
  world?: Partial<Parameters<typeof boxLive>[0]>;
  names?: readonly string[];
} = {}) {
  const admin = new AdminServer({
    webRoot: '/nowhere',
    version: '0.1.0',
    live: boxLive(
      {
        snapshot: emptyBox,
        history: () => [],
        health: () => ({ ok: true, version: '0.1.0', steering: 'armed' }),
        explain: async () => [],
        whatIf: async () => ({ kind: 'off' }),
        trace: () => undefined,
        ...world,
      },
      silentLog,
    ),
    doors: doorsFor('look'),
    routes: [],
    names: () => names,
    log: silentLog,
    ...over,
  });
  const listener = await admin.listen(listen);
  const port = listener.port ?? 0;
  return { admin, port, url: `http://127.0.0.1:${port}`, close: () => admin.close() };
}
