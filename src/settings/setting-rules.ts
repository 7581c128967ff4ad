import { problemsOf, type SchemaProblem } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { conflictsOf } from './setting-conflicts.ts';
import { filled } from './setting-defaults.ts';
import { SETTINGS_SCHEMA } from './setting-schemas.ts';

/** What is wrong with settings as a file gives them; none: they can be used. */
export function settingProblems(given: Readonly<Record<string, unknown>>): SchemaProblem[] {
  const values = filled(given);
  const found = problemsOf(values, SETTINGS_SCHEMA, SETTINGS_SCHEMA, FORMATS);
  return found.length > 0 ? found : conflictsOf(values);
}
