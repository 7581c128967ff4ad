/** What holds where the file says nothing. `lan`, `wan` and `dataDir` have none; `volatileDir` and `allow` may be absent. */
export const DEFAULTS = {
  bridge: 'br0',
  vlans: [],
  disks: [],
  admin: { host: '127.0.0.1', port: 8080 },
  names: [],
  listenPort: 7000,
  logGroup: 17,
  cacheMiB: 256,
  floorMiB: 512,
  scrubMBps: 4,
  seats: 32,
  seatRule: 'priced',
  clients: 4_000,
  limits: {},
  servePrivate: false,
  block: [],
  evict: true,
  spareFlash: true,
  pin: [],
  localPeer: { enabled: true, port: 6881 },
  // Those that Transmission and libtorrent begin with.
  dht: { enabled: true, bootstrap: ['dht.transmissionbt.com:6881', 'dht.libtorrent.org:25401'] },
  fetchOnAnnounce: true,
  uplink: { hours: [], yield: true, wasteShare: 0.1 },
  // The hours in which a cafe is emptiest, and a campus asleep.
  prefill: { hours: [{ from: '02:00', to: '07:00' }], dayShare: 0.5 },
  trace: true,
  optOut: [],
  neverSteer: [],
  syslog: { enabled: false, host: '127.0.0.1', port: 514, protocol: 'udp' },
  // AMQP over TLS; and beside the port as a neighbour, which the router's side cannot reach.
  fleet: {
    enabled: false,
    brokerPort: 5671,
    vhost: 'fleet',
    port: 6882,
    keys: [],
    firmwareKeys: [],
    inHours: true,
  },
  clientHistory: { enabled: false, keepDays: 30 },
} as const;

/** Settings of several fields: those that are not given keep their defaults. */
const GROUPS = ['localPeer', 'dht', 'uplink', 'prefill', 'syslog', 'fleet', 'clientHistory'] as const;

/** Settings as they hold: what the file gives, and defaults for the rest. */
export function filled(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all: Record<string, unknown> = { ...DEFAULTS, ...given };
  for (const key of GROUPS) {
    const own = given[key];
    if (typeof own === 'object' && own !== null && !Array.isArray(own)) all[key] = { ...DEFAULTS[key], ...own };
  }
  return all;
}
