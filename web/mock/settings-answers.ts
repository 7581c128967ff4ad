import type { RouteName } from '#admin/contract-api.ts';
import type { HistoryRow, SettingsChanged, SettingsView, Values } from '#admin/contract-settings.ts';
import { type Answers, MockRefusal } from './answers.ts';

const HOUR_MS = 3_600_000;
const defaults: Values = {
  limits: { clientMbps: 0, torrentMbps: 0 },
  memoryCacheMiB: 1024,
  dayGB: 80,
  prefillHours: [{ from: '01:00', until: '08:00' }],
  servePrivate: false,
  keepClientDays: 0,
  wan: 'wan0',
};
let view: SettingsView = {
  revision: 12,
  values: { ...defaults, dayGB: 120 },
  defaults,
  schema: {
    type: 'object',
    properties: {
      limits: {
        type: 'object',
        properties: { clientMbps: { type: 'number', minimum: 0 }, torrentMbps: { type: 'number', minimum: 0 } },
      },
      memoryCacheMiB: { type: 'integer', minimum: 64, maximum: 65536 },
      dayGB: { type: 'number', minimum: 0 },
      prefillHours: {
        type: 'array',
        maxItems: 8,
        items: {
          type: 'object',
          properties: { from: { type: 'string', pattern: '^[0-9]{2}:[0-9]{2}$' }, until: { type: 'string' } },
          required: ['from', 'until'],
        },
      },
      servePrivate: { type: 'boolean' },
      keepClientDays: { type: 'integer', minimum: 0, maximum: 365 },
      wan: { type: 'string', maxLength: 15 },
    },
  },
  infos: [
    { path: 'limits.clientMbps', group: 'line', unit: 'Mbit/s', applies: 'at-once', needsConfirmation: false },
    { path: 'limits.torrentMbps', group: 'line', unit: 'Mbit/s', applies: 'at-once', needsConfirmation: false },
    { path: 'memoryCacheMiB', group: 'memory', unit: 'MiB', applies: 'at-restart', needsConfirmation: false },
    { path: 'dayGB', group: 'line', unit: 'GB', applies: 'at-once', needsConfirmation: false },
    { path: 'prefillHours', group: 'torrents', applies: 'at-once', needsConfirmation: false },
    { path: 'servePrivate', group: 'torrents', applies: 'at-once', needsConfirmation: false },
    { path: 'keepClientDays', group: 'privacy', unit: 'days', applies: 'at-once', needsConfirmation: false },
    { path: 'wan', group: 'ports', applies: 'file-only', needsConfirmation: true },
  ],
  waitingForRestart: [],
};
const rows: HistoryRow[] = [
  {
    revision: 12,
    atMs: Date.now() - HOUR_MS,
    who: 'chen',
    note: 'exam week',
    kind: 'change',
    changed: [{ path: 'dayGB', before: 80, after: 120 }],
  },
  { revision: 11, atMs: Date.now() - 90 * HOUR_MS, who: '', note: '', kind: 'start', changed: [] },
];

function changed(values: Values, kind: HistoryRow['kind'], note = ''): SettingsChanged {
  const before = view.values;
  view = { ...view, revision: view.revision + 1, values: { ...before, ...values } };
  if ('memoryCacheMiB' in values) view = { ...view, waitingForRestart: ['memoryCacheMiB'] };
  rows.unshift({
    revision: view.revision,
    atMs: Date.now(),
    who: 'chen',
    note,
    kind,
    changed: Object.entries(values).map(([path, after]) => ({ path, before: before[path] ?? null, after })),
  });
  return { revision: view.revision, waitingForRestart: view.waitingForRestart };
}

type Names = Extract<RouteName, `${string} /api/${'settings' | 'backup' | 'factory-reset'}${'' | `/${string}`}`>;
export const settingsAnswers: Answers<Names> = {
  'GET /api/settings': () => view,
  'POST /api/settings/check': ({ body }) => ({
    fields: Number(body.values.dayGB) < 0 ? [{ path: 'dayGB', code: 'too-small', detail: { minimum: 0 } }] : [],
  }),
  'PATCH /api/settings': ({ body }) => {
    if (body.revision !== view.revision) throw new MockRefusal(409, { why: 'stale', text: 'changed meanwhile' });
    return changed(body.values as Values, 'change', body.note);
  },
  'POST /api/settings/confirm': () => ({ revision: view.revision, waitingForRestart: [] }),
  'POST /api/settings/revert': () => ({ revision: view.revision, waitingForRestart: [] }),
  'GET /api/settings/history': () => ({ rows }),
  'GET /api/settings/diff': () => ({ rows: rows[0]?.changed ?? [] }),
  'POST /api/settings/restore': () => changed(defaults, 'restore'),
  'POST /api/backup': () => 'a backup',
  'POST /api/backup/restore': ({ body }) => {
    if (body.backup !== 'a backup') throw new MockRefusal(400, { why: 'not-a-backup', text: 'not a backup' });
    return { ...changed(defaults, 'backup'), accountsRestored: false, ordersRestored: 3 };
  },
  'POST /api/factory-reset': ({ body }) => {
    if (body.typed !== 'reset') throw new MockRefusal(400, { why: 'typed-wrong', text: 'type reset' });
    return {};
  },
};
