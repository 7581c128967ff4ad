import type { RouteName } from '#admin/contract-api.ts';
import type { Unconfirmed } from '#admin/contract-common.ts';
import type {
  HistoryRow,
  SettingDiff,
  SettingsChange,
  SettingsChanged,
  SettingsView,
  Values,
} from '#admin/contract-settings.ts';
import { DEFAULTS, filled } from '#settings/setting-defaults.ts';
import { AT_ONCE, INFOS, TO_CONFIRM } from '#settings/setting-infos.ts';
import { settingProblems } from '#settings/setting-rules.ts';
import { SETTINGS_SCHEMA } from '#settings/setting-schemas.ts';
import { type Answers, MockRefusal } from './answers.ts';

const HOUR_MS = 3_600_000;
/** Shorter than the box's 90 s: who works on the page does not want to wait. */
const CONFIRM_MS = 40_000;
const first: Values = {
  lan: 'lan0',
  wan: 'wan0',
  dataDir: '/var/lib/swarmbox',
  cacheMiB: 1024,
  uplink: { mbps: 40, hours: [{ from: '08:00', to: '24:00', mbps: 20 }], yield: true, wasteShare: 0.1 },
};

type Kept = HistoryRow & { given: Values };
const kept: Kept[] = [
  {
    revision: 12,
    atMs: Date.now() - HOUR_MS,
    who: 'chen',
    note: 'exam week',
    kind: 'change',
    changed: [{ path: 'cacheMiB', before: 256, after: 1024 }],
    given: first,
  },
  {
    revision: 11,
    atMs: Date.now() - 90 * HOUR_MS,
    who: '',
    note: '',
    kind: 'start',
    changed: [],
    given: { ...first, cacheMiB: 256 },
  },
];
let waitingForRestart: string[] = [];
let unconfirmed: { told: Unconfirmed; before: Values } | undefined;

const now = (): Kept => kept[0] as Kept;
const values = (given = now().given): Values => filled(given) as Values;

function view(): SettingsView {
  if (unconfirmed && Date.now() > unconfirmed.told.untilMs) takeBack();
  return {
    revision: now().revision,
    values: values(),
    defaults: DEFAULTS as unknown as Values,
    schema: SETTINGS_SCHEMA,
    infos: INFOS,
    waitingForRestart,
    ...(unconfirmed && { unconfirmed: unconfirmed.told }),
  };
}

/** Setting by setting, and within groups field by field. */
function differences(before: Values, after: Values, path = ''): SettingDiff[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): SettingDiff[] => {
    const [old, next] = [before[name], after[name]];
    if (JSON.stringify(old) === JSON.stringify(next)) return [];
    const isGroup = (v: unknown): v is Values => typeof v === 'object' && v !== null && !Array.isArray(v);
    if (isGroup(old) && isGroup(next)) return differences(old, next, `${path}${name}.`);
    return [
      { path: `${path}${name}`, ...(old !== undefined && { before: old }), ...(next !== undefined && { after: next }) },
    ];
  });
}

function changed(given: Values, kind: HistoryRow['kind'], note = ''): SettingsChanged {
  const before = now().given;
  const diff = differences(values(before), values(given));
  const row = { revision: now().revision + 1, atMs: Date.now(), who: 'chen', note, kind, changed: diff, given };
  kept.unshift(row);
  const names = diff.map(({ path }) => path.split('.')[0] as string);
  waitingForRestart = [...new Set([...waitingForRestart, ...names.filter((name) => !AT_ONCE.has(name))])];
  if (kind !== 'reverted' && names.some((name) => TO_CONFIRM.has(name)))
    unconfirmed = {
      told: { token: `s${row.revision}`, untilMs: Date.now() + CONFIRM_MS, addresses: ['192.168.7.9'] },
      before,
    };
  return { revision: row.revision, waitingForRestart, ...(unconfirmed && { unconfirmed: unconfirmed.told }) };
}

function takeBack(): SettingsChanged {
  const before = unconfirmed?.before ?? now().given;
  unconfirmed = undefined;
  return changed(before, 'reverted');
}

function wanted({ values: given }: SettingsChange): Values {
  const next: Record<string, unknown> = { ...now().given };
  for (const [name, value] of Object.entries(given))
    if (value === null) delete next[name];
    else next[name] = value;
  return next as Values;
}

const rowOf = (revision: number): Kept => {
  const row = kept.find((one) => one.revision === revision);
  if (!row) throw new MockRefusal(404, { why: 'not-found', text: 'no such revision' });
  return row;
};

type Names = Extract<RouteName, `${string} /api/${'settings' | 'backup' | 'factory-reset'}${'' | `/${string}`}`>;
export const settingsAnswers: Answers<Names> = {
  'GET /api/settings': view,
  'POST /api/settings/check': ({ body }) => ({ fields: settingProblems(wanted(body)) }),
  'PATCH /api/settings': ({ body }) => {
    if (body.revision !== now().revision) throw new MockRefusal(409, { why: 'stale', text: 'changed meanwhile' });
    const fields = settingProblems(wanted(body));
    if (fields.length > 0) throw new MockRefusal(422, { why: 'invalid', text: 'some values are wrong', fields });
    return changed(wanted(body), 'change', body.note);
  },
  'POST /api/settings/confirm': ({ body }) => {
    if (body.token !== unconfirmed?.told.token) throw new MockRefusal(409, { why: 'stale', text: 'nothing waits' });
    unconfirmed = undefined;
    return { revision: now().revision, waitingForRestart };
  },
  'POST /api/settings/revert': takeBack,
  'GET /api/settings/history': () => ({ rows: kept.map(({ given: _, ...row }) => row) }),
  'GET /api/settings/diff': ({ query }) => ({
    rows: differences(values(rowOf(query.from).given), values(rowOf(query.to).given)),
  }),
  'POST /api/settings/restore': ({ body }) => changed(rowOf(body.revision).given, 'restore'),
  'POST /api/backup': () => 'a backup',
  'POST /api/backup/restore': ({ body }) => {
    if (body.backup.trim() !== 'a backup') throw new MockRefusal(400, { why: 'not-a-backup', text: 'not a backup' });
    return { ...changed(first, 'backup'), accountsRestored: false, ordersRestored: 3 };
  },
  'POST /api/factory-reset': ({ body }) => {
    if (body.typed !== 'reset') throw new MockRefusal(400, { why: 'typed-wrong', text: 'type reset' });
    return {};
  },
};
