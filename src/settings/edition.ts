import type { SchemaProblem } from '#base/schema-check.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Given } from './history.ts';
import { settingProblems } from './setting-rules.ts';
import { SETTINGS_STEPS, type SettingsStep } from './settings-steps.ts';

/** What one version of the program makes of a settings file. */
export type Edition = {
  readonly version: string;
  readonly steps: readonly SettingsStep[];
  /** See settingProblems. */
  problems(given: Given): readonly SchemaProblem[];
};

export const THIS_EDITION: Edition = {
  version: packageJson.version,
  steps: SETTINGS_STEPS,
  problems: settingProblems,
};
