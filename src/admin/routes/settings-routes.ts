import type { Backups } from '#settings/backups.ts';
import type { Outcome } from '#settings/outcome.ts';
import { DEFAULTS, filled } from '#settings/setting-defaults.ts';
import { INFOS } from '#settings/setting-infos.ts';
import { SETTINGS_SCHEMA } from '#settings/setting-schemas.ts';
import type { SettingsKeeper } from '#settings/settings-keeper.ts';
import type { FieldProblem } from '../contract-common.ts';
import type { SettingsChanged, SettingsView, Values } from '../contract-settings.ts';
import { type Ask, type Asker, type Refused, type Route, refuse, route, Sent } from '../route.ts';

export type SettingsWorld = {
  readonly keeper: Pick<
    SettingsKeeper,
    'given' | 'revision' | 'unconfirmed' | 'history' | 'diff' | 'check' | 'change' | 'restore' | 'confirm' | 'takeBack'
  >;
  readonly backups: Pick<Backups, 'make' | 'restore'>;
  /** What the file says and the daemon does not do until it is started anew. */
  waitingForRestart(): readonly string[];
  /** Forgets what was set and done, and perhaps what is cached; the daemon ends once this is answered. Undefined: it will; else why it cannot be. */
  reset(cache: 'keep' | 'wipe', who: string): Promise<ResetTrouble | undefined>;
  nowMs(): number;
};

/** A disk that is not here cannot be wiped: `conflict`, and its path in the fields. */
type ResetTrouble = {
  readonly why: 'disk-full' | 'failed' | 'conflict';
  readonly text: string;
  readonly fields?: readonly FieldProblem[];
};

/** Three lists of 100,000 info-hashes; and all of a backup, with the quotes of JSON inside JSON. */
const CHANGE_BYTES = 24 << 20;
const BACKUP_BYTES = 40 << 20;
/** A reset is no slip of the mouse. */
const RESET_WORD = 'reset';

const whoIs = ({ kind, name }: Asker): string => (name === '' ? kind : name);

export const settingsRoutes = (world: SettingsWorld): Route[] => {
  const { keeper, backups } = world;
  const answerTo = (outcome: Outcome, ask: Pick<Ask<'PATCH /api/settings'>, 'note'>): SettingsChanged | Refused => {
    if (outcome.kind === 'refused')
      return refuse(outcome.why, outcome.text, outcome.fields ? { fields: outcome.fields } : {});
    ask.note({ revision: outcome.revision });
    return changed(world, outcome);
  };
  return [
    route('GET /api/settings', 'look', () => viewOf(world)),
    route('POST /api/settings/check', 'administer', ({ body }) => ({ fields: keeper.check(body) }), {
      bodyBytes: CHANGE_BYTES,
    }),
    route(
      'PATCH /api/settings',
      'administer',
      async (ask) => {
        ask.note({ settings: Object.keys(ask.body.values).slice(0, 40).join(' ').slice(0, 400) });
        return answerTo(await keeper.change(ask.body, whoIs(ask.asker)), ask);
      },
      { audit: 'settings-changed', bodyBytes: CHANGE_BYTES },
    ),
    route(
      'POST /api/settings/confirm',
      'administer',
      async (ask) => answerTo(await keeper.confirm(ask.body.token), ask),
      { audit: 'settings-confirmed' },
    ),
    route(
      'POST /api/settings/revert',
      'administer',
      async (ask) => answerTo(await keeper.takeBack(whoIs(ask.asker)), ask),
      { audit: 'settings-reverted' },
    ),
    route('GET /api/settings/history', 'look', () => ({ rows: keeper.history() })),
    route('GET /api/settings/diff', 'look', ({ query: { from, to } }) => {
      const rows = keeper.diff(from, to);
      return rows ? { rows } : refuse('not-found', 'One of these revisions is not known any more.');
    }),
    route(
      'POST /api/settings/restore',
      'administer',
      async (ask) => {
        ask.note({ to: ask.body.revision });
        return answerTo(await keeper.restore(ask.body.revision, whoIs(ask.asker)), ask);
      },
      { audit: 'settings-restored' },
    ),
    ...backupRoutes(world, backups),
  ];
};

const backupRoutes = (world: SettingsWorld, backups: SettingsWorld['backups']): Route[] => [
  route(
    'POST /api/backup',
    'administer',
    async (ask) => {
      const { passphrase } = ask.body;
      ask.note({ secrets: passphrase !== undefined });
      const day = new Date(world.nowMs()).toISOString().slice(0, 10);
      const name = `attachment; filename="swarmbox-${day}.backup"`;
      return new Sent('application/octet-stream', await backups.make(passphrase), { 'content-disposition': name });
    },
    { audit: 'backup-made' },
  ),
  route(
    'POST /api/backup/restore',
    'administer',
    async (ask) => {
      const { backup, passphrase } = ask.body;
      const restored = await backups.restore(backup, passphrase, whoIs(ask.asker));
      if (restored.kind === 'refused')
        return refuse(restored.why, restored.text, restored.fields ? { fields: restored.fields } : {});
      const { accountsRestored, ordersRestored } = restored;
      ask.note({ revision: restored.revision, accountsRestored, ordersRestored });
      return { ...changed(world, restored), accountsRestored, ordersRestored };
    },
    { audit: 'backup-restored', bodyBytes: BACKUP_BYTES },
  ),
  route(
    'POST /api/factory-reset',
    'administer',
    async (ask) => {
      const { cache, typed } = ask.body;
      ask.note({ cache });
      if (typed !== RESET_WORD)
        return refuse('typed-wrong', `Type the word "${RESET_WORD}" to confirm.`, {
          fields: [{ path: 'typed', code: 'not-one-of', detail: { wanted: RESET_WORD } }],
        });
      const trouble = await world.reset(cache, whoIs(ask.asker));
      if (!trouble) return {};
      return refuse(trouble.why, trouble.text, trouble.fields ? { fields: trouble.fields } : {});
    },
    { audit: 'factory-reset' },
  ),
];

function changed(world: SettingsWorld, { revision, unconfirmed }: Outcome & { kind: 'done' }): SettingsChanged {
  return { revision, waitingForRestart: world.waitingForRestart(), ...(unconfirmed && { unconfirmed }) };
}

/** The token in it is no secret: confirming needs the right to administer. */
function viewOf(world: SettingsWorld): SettingsView {
  const { given, revision, unconfirmed } = world.keeper;
  return {
    revision,
    values: filled(given) as Values,
    defaults: DEFAULTS as unknown as Values,
    schema: SETTINGS_SCHEMA,
    infos: INFOS,
    waitingForRestart: world.waitingForRestart(),
    ...(unconfirmed && { unconfirmed }),
  };
}
