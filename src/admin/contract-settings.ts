/** What the daemon can be told. Types alone, shared with web/. */
import type { FieldProblem, Unconfirmed } from './contract-common.ts';

/** A setting's value, as the configuration file has it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Values = Readonly<Record<string, Value>>;

/** How a setting is shown and when it counts. `path`: names with dots between, as in FieldProblem. */
export type SettingInfo = {
  path: string;
  /** Which part of the page it stands on. */
  group: SettingGroup;
  /** Of the number, or of each number in a list. */
  unit?: SettingUnit;
  /** Counts at once, after the daemon was started anew, or is only read from the file (it cannot be changed here). */
  applies: 'at-once' | 'at-restart' | 'file-only';
  /** Somebody could lose the box by it: it takes itself back unless confirmed. */
  needsConfirmation: boolean;
};
export type SettingGroup =
  | 'line'
  | 'torrents'
  | 'memory'
  | 'clients'
  | 'swarm'
  | 'fleet'
  | 'ports'
  | 'page'
  | 'privacy';
export type SettingUnit = 'Mbit/s' | 'MB/s' | 'MiB' | 'GB' | 'share' | 'days' | 'torrents' | 'clients';

/** JSON Schema 2020-12 of the subset that `base/schema-check.ts` checks; the page and the box check with the same. */
export type SettingsSchema = { readonly [key: string]: unknown };

export type SettingsView = {
  /** Counts up with every change; a change names the one it began with. */
  revision: number;
  /** Everything, defaults filled in. */
  values: Values;
  defaults: Values;
  schema: SettingsSchema;
  infos: readonly SettingInfo[];
  /** What the file says and the daemon does not do yet, as it must be started anew. */
  waitingForRestart: readonly string[];
  unconfirmed?: Unconfirmed;
};

export type SettingsChange = {
  /** The revision that was changed. @asType integer @minimum 0 */
  revision: number;
  /** Whole settings of the first level; `null` puts one back to its default. What is absent stays. */
  values: { [key: string]: unknown };
  /** For the history. @maxLength 200 */
  note?: string;
};
export type SettingsCheck = { fields: readonly FieldProblem[] };

export type SettingsChanged = {
  revision: number;
  waitingForRestart: readonly string[];
  unconfirmed?: Unconfirmed;
};

export type Confirmation = {
  /** @maxLength 128 */
  token: string;
};

export type HistoryRow = {
  revision: number;
  atMs: number;
  who: string;
  note: string;
  /** What it changed. */
  changed: readonly SettingDiff[];
  /** `reverted`: it took itself back. */
  kind: 'start' | 'change' | 'restore' | 'backup' | 'reset' | 'file' | 'reverted';
};
export type SettingDiff = { path: string; before?: Value; after?: Value };
export type SettingsHistory = { rows: readonly HistoryRow[] };
/** Between two revisions. */
export type DiffQuery = {
  /** @asType integer @minimum 0 */
  from: number;
  /** @asType integer @minimum 0 */
  to: number;
};
export type SettingsDiff = { rows: readonly SettingDiff[] };
export type Restore = {
  /** To this one. @asType integer @minimum 0 */
  revision: number;
};

export type BackupRequest = {
  /** Given: accounts, tokens, certificate key and the like come along, encrypted with it. Absent: none of them do. @minLength 10 @maxLength 256 */
  passphrase?: string;
};
export type BackupRestore = {
  /** The file, as text. @maxLength 33554432 */
  backup: string;
  /** @maxLength 256 */
  passphrase?: string;
};
export type BackupRestored = SettingsChanged & { accountsRestored: boolean; ordersRestored: number };

export type FactoryReset = {
  cache: 'keep' | 'wipe';
  /** The word `reset`, so that nobody does it by mistake. @maxLength 32 */
  typed: string;
};
