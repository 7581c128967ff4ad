import type { SettingInfo, SettingsView } from '#admin/contract-settings.ts';

const info = (path: string, o: Partial<SettingInfo> = {}): SettingInfo => ({
  path,
  group: 'line',
  applies: 'at-once',
  needsConfirmation: false,
  ...o,
});

const time = { type: 'string', pattern: '^([01]\\d|2[0-4]):[0-5]\\d$' };
const mbps = { type: 'number', minimum: 0.1, maximum: 100_000 };

/** One setting of each kind. */
export const exampleView: SettingsView = {
  revision: 7,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['lan', 'cacheMiB', 'evict', 'seatRule', 'optOut', 'vlans', 'uplink', 'admin'],
    properties: {
      lan: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,15}$' },
      cacheMiB: { type: 'integer', minimum: 0, maximum: 1_048_576 },
      evict: { type: 'boolean' },
      seatRule: { enum: ['priced', 'plain'] },
      optOut: { type: 'array', maxItems: 3, items: { type: 'string', format: 'network' } },
      vlans: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 4094 }, uniqueItems: true },
      allow: { type: 'array', items: { type: 'string' } },
      uplink: { $ref: '#/$defs/Uplink' },
      admin: {
        anyOf: [
          { type: 'object', properties: { host: { type: 'string' }, port: { type: 'integer' } } },
          { type: 'object', properties: { path: { type: 'string' } } },
        ],
      },
    },
    $defs: {
      Uplink: {
        type: 'object',
        additionalProperties: false,
        required: ['hours', 'wasteShare'],
        properties: {
          mbps,
          hours: {
            type: 'array',
            maxItems: 24,
            items: { type: 'object', required: ['from', 'to', 'mbps'], properties: { from: time, to: time, mbps } },
          },
          wasteShare: { type: 'number', minimum: 0, maximum: 1 },
        },
      },
    },
  },
  infos: [
    info('lan', { group: 'ports', applies: 'at-restart', needsConfirmation: true }),
    info('cacheMiB', { group: 'memory', unit: 'MiB', applies: 'at-restart' }),
    info('evict', { group: 'torrents' }),
    info('seatRule', { group: 'torrents' }),
    info('optOut', { group: 'privacy' }),
    info('vlans', { group: 'ports' }),
    info('allow', { group: 'torrents' }),
    info('uplink', { unit: 'Mbit/s' }),
    info('uplink.wasteShare', { unit: 'share' }),
    info('admin', { group: 'page', applies: 'file-only' }),
  ],
  defaults: {
    cacheMiB: 256,
    evict: true,
    seatRule: 'priced',
    optOut: [],
    vlans: [],
    uplink: { hours: [], wasteShare: 0.1 },
    admin: { host: '127.0.0.1', port: 8080 },
  },
  values: {
    lan: 'lan0',
    cacheMiB: 512,
    evict: true,
    seatRule: 'priced',
    optOut: ['10.0.0.7'],
    vlans: [12],
    uplink: { hours: [{ from: '08:00', to: '24:00', mbps: 20 }], wasteShare: 0.07 },
    admin: { host: '127.0.0.1', port: 8080 },
  },
  waitingForRestart: [],
};
