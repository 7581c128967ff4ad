import { problemsOf, type SchemaProblem } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { filled } from './setting-defaults.ts';
import { SETTINGS_SCHEMA } from './setting-schemas.ts';

type Values = Readonly<Record<string, unknown>>;

/** What no field shows by itself. `values`: defaults filled in, each right by itself. */
export function conflictsOf(values: Values): SchemaProblem[] {
  const found: SchemaProblem[] = [];
  if (values.lan === values.wan) found.push({ path: 'wan', code: 'conflict', detail: { with: 'lan' } });
  const { port } = values.localPeer as { readonly port: number };
  if (port === values.listenPort)
    found.push({ path: 'localPeer.port', code: 'conflict', detail: { with: 'listenPort' } });
  return found;
}

/** What is wrong with settings as a file gives them; none: they can be used. */
export function settingProblems(given: Values): SchemaProblem[] {
  const values = filled(given);
  const found = problemsOf(values, SETTINGS_SCHEMA, SETTINGS_SCHEMA, FORMATS);
  return found.length > 0 ? found : conflictsOf(values);
}
