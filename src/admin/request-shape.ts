import { problemsOf, type Schema } from '#base/schema-check.ts';
import type { RouteName } from './contract-api.ts';
import type { FieldProblem } from './contract-common.ts';
import contract from './contract-schema.json' with { type: 'json' };

/** What the contract says of a request, for the daemon to check. `contract-schema.json` is made by scripts/contract-schema.ts. */

export const CONTRACT = contract as unknown as Schema;
const DEFINITIONS = CONTRACT.definitions as Readonly<Record<string, Schema>>;
const API = (DEFINITIONS.Api as { properties: Readonly<Record<string, Schema>> }).properties;

export type RouteShape = { readonly query?: Schema; readonly body?: Schema; readonly answer: Schema };

/** Schemas of a route; `$ref`s in them are of `CONTRACT`. */
export function shapeOf(name: RouteName): RouteShape {
  const shape = API[name]?.properties as RouteShape | undefined;
  if (!shape) throw new Error(`bug: the contract's schema has no ${name}: run node scripts/contract-schema.ts`);
  return shape;
}

/** The media type, where it is not JSON. */
export function rawTypeOf(schema: Schema | undefined): string | undefined {
  return /^#\/definitions\/Raw%3C%22(.+)%22%3E$/.exec(String(schema?.$ref ?? ''))?.[1]?.replaceAll('%2F', '/');
}

/** A schema without a `$ref` in front. */
export function resolved(schema: Schema): Schema {
  const name = /^#\/definitions\/(.+)$/.exec(String(schema.$ref ?? ''))?.[1];
  return name === undefined ? schema : resolved(DEFINITIONS[decodeURIComponent(name)] as Schema);
}

export const bodyProblems = (name: RouteName, body: unknown): FieldProblem[] =>
  problemsOf(body, shapeOf(name).body as Schema, CONTRACT);

/** The parameters after `?`, as the contract has them: numbers are numbers. A route without any takes none. */
export function queryOf(name: RouteName, parameters: URLSearchParams): { query: unknown } | { fields: FieldProblem[] } {
  const schema = resolved(shapeOf(name).query ?? { type: 'object', properties: {}, additionalProperties: false });
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const query: Record<string, unknown> = {};
  const twice: FieldProblem[] = [];
  for (const [key, text] of parameters) {
    if (Object.hasOwn(query, key)) twice.push({ path: key.slice(0, 64), code: 'not-unique' });
    // Not by assignment: `__proto__` is a name like any other here.
    Object.defineProperty(query, key, {
      value: typedValue(text, Object.hasOwn(properties, key) ? properties[key] : undefined),
      enumerable: true,
      configurable: true,
    });
  }
  const fields = [...twice, ...problemsOf(query, schema, CONTRACT)];
  return fields.length > 0 ? { fields: fields.slice(0, 20) } : { query };
}

function typedValue(text: string, schema: Schema | undefined): unknown {
  const type = schema && resolved(schema).type;
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(\.\d{1,10})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
