/** See SettingDiff of the admin contract, which is this. */
export type Diff = { readonly path: string; readonly before?: Json; readonly after?: Json };
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A longer value is told of by its size alone: a list may have 100,000 entries, and a history 200 rows. */
const SHOWN_CHARACTERS = 2_000;

export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What differs, setting by setting; of settings with several fields, field by field. */
export function diffOf(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Diff[] {
  return between(before, after, '');
}

function between(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  at: string,
): Diff[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [a, b] = [before[key], after[key]];
    const path = at === '' ? key : `${at}.${key}`;
    if (sameValue(a, b)) return [];
    if (isPlain(a) && isPlain(b)) return between(a, b, path);
    return [{ path, ...(a !== undefined && { before: shown(a) }), ...(b !== undefined && { after: shown(b) }) }];
  });
}

/** As JSON, whatever the order of the fields. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (isPlain(a) && isPlain(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameValue(a[key], b[key]));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: unknown): Json {
  const text = JSON.stringify(value);
  if (text.length <= SHOWN_CHARACTERS) return value as Json;
  return Array.isArray(value) ? { entries: value.length } : { characters: text.length };
}
