import { hasOwn } from '../../frame/own.ts';

/** How a setting is entered, read off its JSON Schema. */

export type Schema = Readonly<Record<string, unknown>>;

export type Shape =
  | { readonly kind: 'number'; readonly isWhole: boolean; readonly min?: number; readonly max?: number }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'text' }
  /** One in each line. `of`: what a line is read as. */
  | { readonly kind: 'lines'; readonly of: 'text' | 'number'; readonly most?: number }
  /** Hours of the day, each with a rate or without. */
  | { readonly kind: 'hours'; readonly hasRate: boolean; readonly most?: number }
  | { readonly kind: 'group'; readonly members: readonly Member[] }
  /** What the page has no field for: it is shown as it is written in the file. */
  | { readonly kind: 'raw' };

/** `isOptional`: it may be absent, and that means something (no limit). */
export type Member = { readonly name: string; readonly schema: Schema; readonly isOptional: boolean };

const asSchema = (value: unknown): Schema => (typeof value === 'object' && value !== null ? (value as Schema) : {});
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const given = <K extends string, T>(key: K, value: T | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };

/** Follows `$ref`. */
export function resolved(schema: Schema, root: Schema): Schema {
  const name = /^#\/(?:definitions|\$defs)\/(.+)$/.exec(String(schema.$ref ?? ''))?.[1];
  if (name === undefined) return schema;
  return asSchema(asSchema(root.$defs ?? root.definitions)[decodeURIComponent(name)]);
}

export function membersOf(schema: Schema, root: Schema): Member[] {
  const whole = resolved(schema, root);
  const required = Array.isArray(whole.required) ? whole.required : [];
  return Object.entries(asSchema(whole.properties)).map(([name, own]) => ({
    name,
    schema: resolved(asSchema(own), root),
    isOptional: !required.includes(name),
  }));
}

export function shapeOf(given_: Schema, root: Schema): Shape {
  const schema = resolved(given_, root);
  if (Array.isArray(schema.enum) && schema.enum.every((one) => typeof one === 'string'))
    return { kind: 'choice', of: schema.enum };
  switch (schema.type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'number':
    case 'integer':
      return {
        kind: 'number',
        isWhole: schema.type === 'integer',
        ...given('min', asNumber(schema.minimum)),
        ...given('max', asNumber(schema.maximum)),
      };
    case 'string':
      return { kind: 'text' };
    case 'array':
      return listShape(schema, root);
    case 'object':
      return schema.properties === undefined ? { kind: 'raw' } : { kind: 'group', members: membersOf(schema, root) };
    default:
      return alternatives(schema) ?? { kind: 'raw' };
  }
}

function listShape(schema: Schema, root: Schema): Shape {
  const items = resolved(asSchema(schema.items), root);
  const most = given('most', asNumber(schema.maxItems));
  if (items.type === 'string') return { kind: 'lines', of: 'text', ...most };
  if (items.type === 'integer' || items.type === 'number') return { kind: 'lines', of: 'number', ...most };
  const names = Object.keys(asSchema(items.properties)).sort().join(' ');
  if (names === 'from to') return { kind: 'hours', hasRate: false, ...most };
  if (names === 'from mbps to') return { kind: 'hours', hasRate: true, ...most };
  return { kind: 'raw' };
}

/** `anyOf` of constants is a choice, of numbers a number: nought or a range. */
function alternatives(schema: Schema): Shape | undefined {
  if (!Array.isArray(schema.anyOf) || schema.anyOf.length === 0) return undefined;
  const all = schema.anyOf.map(asSchema);
  if (all.every((one) => typeof one.const === 'string'))
    return { kind: 'choice', of: all.map((one) => String(one.const)) };
  if (!all.every((one) => one.type === 'number' || one.type === 'integer')) return undefined;
  const ends = (word: 'minimum' | 'maximum') => all.map((one) => asNumber(one[word]) ?? asNumber(one.const));
  const known = (list: (number | undefined)[]) => list.filter((n) => n !== undefined);
  const [min, max] = [ends('minimum'), ends('maximum')];
  return {
    kind: 'number',
    isWhole: all.every((one) => one.type === 'integer'),
    ...(known(min).length === all.length && { min: Math.min(...known(min)) }),
    ...(known(max).length === all.length && { max: Math.max(...known(max)) }),
  };
}

/** Of a setting that can be one of several groups of fields, the one that `value` is. */
export function variantOf(schema: Schema, value: unknown, root: Schema): Schema | undefined {
  if (!Array.isArray(schema.anyOf) || typeof value !== 'object' || value === null) return undefined;
  return schema.anyOf
    .map((one) => resolved(asSchema(one), root))
    .find(({ properties }) => Object.keys(value).every((key) => hasOwn(asSchema(properties), key)));
}
