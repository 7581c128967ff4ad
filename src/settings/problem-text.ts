import type { Schema, SchemaProblem } from '#base/schema-check.ts';
import { SETTINGS_SCHEMA } from './setting-schemas.ts';

/** A sentence that tells which setting to mend, and what it must be. */
export function problemText({ path, code, detail }: SchemaProblem): string {
  if (code === 'unknown-field') return `there is no setting called "${path}"`;
  if (code === 'conflict') return `"${path}" must differ from "${detail?.with}"`;
  if (code === 'file-only') return `"${path}" is changed in the settings' file alone`;
  const wanted = wantedAt(path.split('.'));
  return code === 'missing' ? `"${path}" is missing: it must be ${wanted}` : `"${path}" must be ${wanted}`;
}

/** The innermost schema on the way that says what it wants. */
function wantedAt(names: readonly string[]): string {
  let schema: Schema | undefined = SETTINGS_SCHEMA;
  let wanted = 'something else';
  for (const name of names) {
    schema = stepInto(schema, name);
    if (!schema) break;
    wanted = String(schema.description ?? wanted);
  }
  return wanted;
}

function stepInto(schema: Schema, name: string): Schema | undefined {
  const choices = (schema.anyOf as readonly Schema[] | undefined) ?? [schema];
  for (const choice of choices) {
    const properties = choice.properties as Readonly<Record<string, Schema>> | undefined;
    if (properties && Object.hasOwn(properties, name)) return properties[name];
    if (choice.items && /^\d+$/.test(name)) return choice.items as Schema;
  }
  return undefined;
}
