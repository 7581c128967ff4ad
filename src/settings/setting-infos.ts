import type { SettingName } from './setting-schemas.ts';

/** See SettingInfo of the admin contract, which is this. */
export type Info = {
  readonly path: string;
  readonly group: 'line' | 'torrents' | 'memory' | 'clients' | 'swarm' | 'fleet' | 'ports' | 'page' | 'privacy';
  readonly unit?: 'Mbit/s' | 'MB/s' | 'MiB' | 'GB' | 'share' | 'days' | 'torrents' | 'clients';
  readonly applies: 'at-once' | 'at-restart' | 'file-only';
  readonly needsConfirmation: boolean;
};
type Row = readonly [group: Info['group'], applies: Info['applies'], more?: Pick<Info, 'unit'> | 'confirm'];

/** The whole settings of the first level. What an operator could lose the page, or the wire, by is `confirm`. */
const ROWS: Readonly<Record<SettingName, Row>> = {
  uplink: ['line', 'at-once'],
  limits: ['line', 'at-once'],
  prefill: ['line', 'at-once'],
  fetchOnAnnounce: ['line', 'at-once'],
  seats: ['torrents', 'at-once', { unit: 'torrents' }],
  seatRule: ['torrents', 'at-once'],
  pin: ['torrents', 'at-once'],
  block: ['torrents', 'at-once'],
  allow: ['torrents', 'at-once'],
  servePrivate: ['torrents', 'at-once'],
  cacheMiB: ['memory', 'at-once', { unit: 'MiB' }],
  floorMiB: ['memory', 'at-restart', { unit: 'MiB' }],
  disks: ['memory', 'at-once'],
  volatileDir: ['memory', 'at-restart'],
  scrubMBps: ['memory', 'at-once', { unit: 'MB/s' }],
  evict: ['memory', 'at-once'],
  spareFlash: ['memory', 'at-once'],
  clients: ['clients', 'at-once', { unit: 'clients' }],
  optOut: ['privacy', 'at-restart'],
  neverSteer: ['clients', 'at-restart'],
  localPeer: ['swarm', 'at-restart'],
  dht: ['swarm', 'at-restart'],
  fleet: ['fleet', 'at-restart'],
  lan: ['ports', 'at-restart', 'confirm'],
  wan: ['ports', 'at-restart', 'confirm'],
  bridge: ['ports', 'at-restart', 'confirm'],
  vlans: ['ports', 'at-restart', 'confirm'],
  listenPort: ['ports', 'at-restart'],
  logGroup: ['ports', 'at-restart'],
  // What it names holds the pieces and the accounts: a box that is told another one from afar has lost both.
  dataDir: ['ports', 'file-only'],
  admin: ['page', 'at-once', 'confirm'],
  names: ['page', 'at-once', 'confirm'],
  syslog: ['page', 'at-once'],
  trace: ['privacy', 'at-restart'],
  clientHistory: ['privacy', 'at-once'],
};

/** Units of fields inside a setting. */
const INNER: readonly [path: string, unit: NonNullable<Info['unit']>][] = [
  ['uplink.mbps', 'Mbit/s'],
  ['uplink.hours.mbps', 'Mbit/s'],
  ['uplink.dayGB', 'GB'],
  ['uplink.wasteShare', 'share'],
  ['prefill.dayShare', 'share'],
  ['limits.clientMbps', 'Mbit/s'],
  ['limits.taskMbps', 'Mbit/s'],
  ['limits.boxMbps', 'Mbit/s'],
  ['clientHistory.keepDays', 'days'],
];

const infoOf = (path: string, [group, applies, more]: Row): Info => ({
  path,
  group,
  ...(typeof more === 'object' && more),
  applies,
  needsConfirmation: more === 'confirm',
});

export const INFOS: readonly Info[] = [
  ...Object.entries(ROWS).map(([path, row]) => infoOf(path, row)),
  ...INNER.map(([path, unit]) => {
    const [group, applies] = ROWS[path.split('.')[0] as SettingName];
    return infoOf(path, [group, applies, { unit }]);
  }),
];

const named = (is: (info: Info) => boolean): ReadonlySet<string> =>
  new Set(INFOS.filter((info) => is(info) && Object.hasOwn(ROWS, info.path)).map(({ path }) => path));

/** A running daemon takes these as they are changed. */
export const AT_ONCE = named(({ applies }) => applies === 'at-once');
/** Changed by whoever edits the file, and by nobody else. */
export const FILE_ONLY = named(({ applies }) => applies === 'file-only');
/** A change of these takes itself back unless it is confirmed. */
export const TO_CONFIRM = named(({ needsConfirmation }) => needsConfirmation);
