/**
 * Checks a value against JSON Schema (2020-12): the part of it that the box's own schemas use. Runs in the daemon and in the page, so that
 * both say the same of the same value. A schema with a word that is not known here is a bug, and throws.
 */

export type Schema = Readonly<Record<string, unknown>>;

/** See FieldProblem of the admin contract, which is this. */
export type SchemaProblem = {
  readonly path: string;
  readonly code: string;
  readonly detail?: Readonly<Record<string, string | number>>;
};

/** What `format` may be: true when the text is one. */
export type Formats = Readonly<Record<string, (text: string) => boolean>>;

/** So many are told; who has more of them mends these first. */
const PROBLEMS_MAX = 20;
/** Deeper than any schema of ours goes. */
const DEPTH_MAX = 32;
const TELLS_NOTHING = new Set([
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'definitions',
  '$defs',
]);

type Run = { readonly root: Schema; readonly formats: Formats; readonly found: SchemaProblem[] };
type Rule = (value: unknown, wanted: unknown, path: string, run: Run, schema: Schema, depth: number) => void;

/** Problems of `value`, none when it is as the schema says. `root` holds what `$ref` names; without it, the schema itself does. */
export function problemsOf(
  value: unknown,
  schema: Schema,
  root: Schema = schema,
  formats: Formats = {},
): SchemaProblem[] {
  const run: Run = { root, formats, found: [] };
  check(value, schema, '', run, 0);
  return run.found;
}

function check(value: unknown, schema: Schema, path: string, run: Run, depth: number): void {
  if (run.found.length >= PROBLEMS_MAX) return;
  if (depth > DEPTH_MAX) throw new Error('bug: a schema that never ends');
  // What has the wrong type breaks every other rule as well: one sentence is enough.
  if (schema.type !== undefined && !typesOf(schema).some((type) => isOf(value, type))) {
    tell(run, path, 'wrong-type', { wanted: typesOf(schema).join(' ') });
    return;
  }
  for (const [word, wanted] of Object.entries(schema)) {
    if (word === 'type' || TELLS_NOTHING.has(word)) continue;
    const rule = RULES[word];
    if (!rule) throw new Error(`bug: the schema has the word "${word}", which is not checked`);
    rule(value, wanted, path, run, schema, depth);
  }
}

function tell(run: Run, path: string, code: string, detail?: Record<string, string | number>): void {
  if (run.found.length < PROBLEMS_MAX) run.found.push({ path, code, ...(detail && { detail }) });
}

const typesOf = ({ type }: Schema): readonly string[] => (Array.isArray(type) ? type : [String(type)]);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isOf(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'null') return value === null;
  return typeof value === type;
}

const join = (path: string, name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);
/** Object.hasOwn is newer than the browsers that the page is for. */
const hasOwn = (value: object, name: string): boolean => Object.prototype.propertyIsEnumerable.call(value, name);
const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A rule about the size of something. */
const bound =
  (
    sizeOf: (value: unknown) => number | undefined,
    isBad: (size: number, limit: number) => boolean,
    code: string,
  ): Rule =>
  (value, wanted, path, run) => {
    const size = sizeOf(value);
    const limit = Number(wanted);
    if (size !== undefined && isBad(size, limit)) tell(run, path, code, { limit });
  };
const below = (size: number, limit: number) => size < limit;
const above = (size: number, limit: number) => size > limit;
const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined);
const lengthOf = (value: unknown) => (typeof value === 'string' ? value.length : undefined);
const countOf = (value: unknown) => (Array.isArray(value) ? value.length : undefined);

const patterns = new Map<string, RegExp>();
function patternOf(source: string): RegExp {
  const known = patterns.get(source) ?? new RegExp(source, 'u');
  patterns.set(source, known);
  return known;
}

const RULES: Readonly<Record<string, Rule>> = {
  $ref: (value, wanted, path, run, _schema, depth) =>
    check(value, refersTo(String(wanted), run.root), path, run, depth + 1),
  const: (value, wanted, path, run) => {
    if (!sameText(value, wanted)) tell(run, path, 'not-one-of', { wanted: String(wanted) });
  },
  enum: (value, wanted, path, run) => {
    const all = wanted as readonly unknown[];
    if (!all.some((one) => sameText(one, value))) tell(run, path, 'not-one-of', { wanted: all.join(' ') });
  },
  minimum: bound(numberOf, below, 'too-small'),
  maximum: bound(numberOf, above, 'too-large'),
  minLength: bound(lengthOf, below, 'too-short'),
  maxLength: bound(lengthOf, above, 'too-long'),
  minItems: bound(countOf, below, 'too-few'),
  maxItems: bound(countOf, above, 'too-many'),
  pattern: (value, wanted, path, run) => {
    if (typeof value === 'string' && !patternOf(String(wanted)).test(value)) tell(run, path, 'wrong-format');
  },
  format: (value, wanted, path, run) => {
    const format = run.formats[String(wanted)];
    if (!format) throw new Error(`bug: the schema has the format "${String(wanted)}", which is not checked`);
    if (typeof value === 'string' && !format(value)) tell(run, path, 'wrong-format', { wanted: String(wanted) });
  },
  uniqueItems: (value, wanted, path, run) => {
    if (!wanted || !Array.isArray(value)) return;
    const seen = new Set<string>();
    value.forEach((item, at) => {
      const text = JSON.stringify(item);
      if (seen.has(text)) tell(run, join(path, at), 'not-unique');
      seen.add(text);
    });
  },
  items: (value, wanted, path, run, _schema, depth) => {
    if (!Array.isArray(value)) return;
    value.forEach((item, at) => {
      check(item, wanted as Schema, join(path, at), run, depth + 1);
    });
  },
  required: (value, wanted, path, run) => {
    if (!isObject(value)) return;
    for (const name of wanted as readonly string[])
      if (!hasOwn(value, name) || value[name] === undefined) tell(run, join(path, name), 'missing');
  },
  properties: (value, wanted, path, run, _schema, depth) => {
    if (!isObject(value)) return;
    for (const [name, schema] of Object.entries(wanted as Record<string, Schema>))
      if (hasOwn(value, name) && value[name] !== undefined)
        check(value[name], schema, join(path, name), run, depth + 1);
  },
  additionalProperties: (value, wanted, path, run, schema, depth) => {
    if (!isObject(value) || wanted === true) return;
    const known = (schema.properties ?? {}) as Record<string, unknown>;
    for (const name of Object.keys(value)) {
      if (hasOwn(known, name)) continue;
      if (wanted === false) tell(run, join(path, name.slice(0, 64)), 'unknown-field');
      else check(value[name], wanted as Schema, join(path, name), run, depth + 1);
    }
  },
  anyOf: (value, wanted, path, run, _schema, depth) => {
    const tries = (wanted as readonly Schema[]).map((schema) => {
      const own: Run = { ...run, found: [] };
      check(value, schema, path, own, depth + 1);
      return own.found;
    });
    if (tries.some((found) => found.length === 0)) return;
    // What came nearest tells most: a wrong `kind` is a fault at the first step, its other fields further down.
    const nearest = tries.filter((found) => !found.some(({ code }) => code === 'not-one-of' || code === 'wrong-type'));
    const told = nearest.length === 1 ? nearest[0] : undefined;
    if (told) run.found.push(...told.slice(0, PROBLEMS_MAX - run.found.length));
    else tell(run, path, 'not-one-of');
  },
};

function refersTo(ref: string, root: Schema): Schema {
  const name = /^#\/(?:definitions|\$defs)\/(.+)$/.exec(ref)?.[1];
  const all = (root.definitions ?? root.$defs ?? {}) as Record<string, Schema>;
  const found = name === undefined ? undefined : all[decodeURIComponent(name)];
  if (!found) throw new Error(`bug: no schema is called ${ref}`);
  return found;
}
