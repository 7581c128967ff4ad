import type { Schema } from '#base/schema-check.ts';

/**
 * Every setting of the daemon as JSON Schema. `description` completes "it must be ..." for a person; the page checks with the same rules.
 */

const text = (format: string, description: string, more: Schema = {}): Schema => ({
  type: 'string',
  format,
  description,
  ...more,
});
const flag: Schema = { type: 'boolean', description: 'true or false' };
const whole = (minimum: number, maximum: number): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  description: `a whole number from ${minimum} to ${maximum}`,
});
const port: Schema = { type: 'integer', minimum: 1, maximum: 65_535, description: 'a port, 1 to 65535' };
const list = (items: Schema, maxItems: number, of: string, more: Schema = {}): Schema => ({
  type: 'array',
  items,
  maxItems,
  description: `a list of at most ${maxItems} ${of}`,
  ...more,
});
/** Of these fields and no others. */
const group = (properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  description: `an object with ${Object.keys(properties).join(', ')}`,
});

const device = text('interface', 'an interface name');
const folder = text('absolute-path', 'an absolute path');
/** The least still serves a block in a second and a half. */
const mbps: Schema = {
  type: 'number',
  minimum: 0.1,
  maximum: 100_000,
  description: 'a number of Mbit/s from 0.1 to 100000',
};
const share: Schema = { type: 'number', minimum: 0, maximum: 1, description: 'a share from 0 to 1' };
const time = text('time-of-day', 'a time of the day, "00:00" to "24:00"');
const hash = text('info-hash', 'an info-hash of 40 or 64 hex digits');
const keys = list(
  text('public-key', 'an Ed25519 public key as one line, or the path of its PEM file'),
  16,
  'public keys',
);
const hashes = list(hash, 100_000, 'info-hashes of 40 or 64 hex digits');
/** More would make starting slow; nobody writes that many by hand. */
const networks = list(
  text('network', 'an address or network, such as "192.0.2.7" or "10.0.0.0/8"'),
  1_000,
  'addresses or networks, such as "192.0.2.7", "10.0.0.0/8" or "2001:db8::/32"',
);
const HOURS_MAX = 24;
const windows = list(
  group({ from: time, to: time }, ['from', 'to']),
  HOURS_MAX,
  'such as {"from": "02:00", "to": "07:00"}',
);
const hourLimits = list(
  group({ from: time, to: time, mbps }, ['from', 'to', 'mbps']),
  HOURS_MAX,
  'such as {"from": "08:00", "to": "24:00", "mbps": 20}',
);

/** The names of `SeatRuleName`. */
export const SEAT_RULES = ['priced', 'plain', 'lease', 'lease-vacate', 'ranked'] as const;

const admin: Schema = {
  anyOf: [
    group({ host: text('host', 'an address, or a name', { maxLength: 253 }), port }, ['host', 'port']),
    group({ path: folder }, ['path']),
  ],
  description: 'an object with host and port, or with path',
};

export const SETTING_SCHEMAS = {
  lan: device,
  wan: device,
  bridge: device,
  /** Each takes two listening sockets and a raw one. */
  vlans: list(
    { type: 'integer', minimum: 1, maximum: 4094, description: 'a VLAN id, 1 to 4094' },
    64,
    'different VLAN ids, 1 to 4094',
    { uniqueItems: true },
  ),
  dataDir: folder,
  disks: list(folder, 64, 'different absolute paths', { uniqueItems: true }),
  volatileDir: folder,
  admin,
  names: list(text('host-name', 'a host name, such as "cache.cafe.example"'), 16, 'different host names', {
    uniqueItems: true,
  }),
  listenPort: port,
  logGroup: whole(0, 65_535),
  cacheMiB: whole(0, 1 << 20),
  floorMiB: whole(0, 1 << 30),
  /** At the least a piece of 64 MiB takes eleven minutes. */
  scrubMBps: {
    anyOf: [
      { type: 'number', const: 0 },
      { type: 'number', minimum: 0.1, maximum: 10_000 },
    ],
    description: 'a number of MB/s from 0.1 to 10000, or 0',
  },
  seats: whole(0, 10_000),
  seatRule: {
    type: 'string',
    enum: SEAT_RULES,
    description: `one of ${SEAT_RULES.map((name) => `"${name}"`).join(', ')}`,
  },
  /** Half of the flows that the kernel's set of diverted ones holds. */
  clients: whole(1, 30_000),
  limits: group({ clientMbps: mbps, taskMbps: mbps, boxMbps: mbps }, []),
  servePrivate: flag,
  block: hashes,
  allow: hashes,
  evict: flag,
  spareFlash: flag,
  pin: hashes,
  localPeer: group({ enabled: flag, port }, ['enabled', 'port']),
  dht: group(
    {
      enabled: flag,
      bootstrap: list(text('host-port', '"host:port" or "[address]:port"'), 32, '"host:port" or "[address]:port"'),
    },
    ['enabled', 'bootstrap'],
  ),
  fetchOnAnnounce: flag,
  uplink: group(
    {
      mbps,
      hours: hourLimits,
      dayGB: { type: 'number', minimum: 0.001, maximum: 1e6, description: 'a number of GB from 0.001 to 1000000' },
      yield: flag,
      wasteShare: share,
    },
    ['hours', 'yield', 'wasteShare'],
  ),
  prefill: group({ hours: windows, dayShare: share }, ['hours', 'dayShare']),
  trace: flag,
  optOut: networks,
  neverSteer: networks,
  syslog: group(
    {
      enabled: flag,
      host: text('host', 'an address, or a name', { maxLength: 253 }),
      port,
      protocol: { type: 'string', enum: ['udp', 'tcp'], description: '"udp" or "tcp"' },
    },
    ['enabled', 'host', 'port', 'protocol'],
  ),
  fleet: group(
    {
      enabled: flag,
      name: text('fleet-name', 'a name of small letters, digits and "-"'),
      site: text('fleet-name', 'a name of small letters, digits and "-"'),
      brokerHost: text('host', 'an address, or a name', { maxLength: 253 }),
      brokerPort: port,
      vhost: { type: 'string', minLength: 1, maxLength: 255, description: 'the name of a virtual host' },
      passwordFile: folder,
      caFile: folder,
      certFile: folder,
      keyFile: folder,
      ip: text('address', 'an address'),
      port,
      keys,
      firmwareKeys: keys,
      inHours: flag,
    },
    ['enabled', 'brokerPort', 'vhost', 'port', 'keys', 'firmwareKeys', 'inHours'],
  ),
  clientHistory: group({ enabled: flag, keepDays: whole(1, 365) }, ['enabled', 'keepDays']),
} as const satisfies Readonly<Record<string, Schema>>;

export type SettingName = keyof typeof SETTING_SCHEMAS;

export const SETTINGS_SCHEMA: Schema = {
  type: 'object',
  properties: SETTING_SCHEMAS,
  required: ['lan', 'wan', 'dataDir'],
  additionalProperties: false,
};
