import type { Value, Values } from '#admin/contract-settings.ts';
import { readFigure } from '../../parts/read-figure.ts';
import type { Field } from './fields.ts';
import { valueAt } from './fields.ts';

/** What stands in a field: what was typed, whether it makes sense or not. */
export type HoursEntry = { readonly from: string; readonly to: string; readonly mbps: string };
export type Entry = string | boolean | readonly HoursEntry[];
export type Draft = Readonly<Record<string, Entry>>;

/** Shares are entered as per cent. */
export const scaleOf = ({ unit }: Field): number => (unit === 'share' ? 100 : 1);

/** Without the dust of binary fractions: 0.07 * 100 is 7. */
const tidy = (n: number): number => Number(n.toPrecision(12));
const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

export function entryOf(field: Field, value: Value | undefined): Entry {
  switch (field.shape.kind) {
    case 'switch':
      return value === true;
    case 'number':
      return typeof value === 'number' ? String(tidy(value * scaleOf(field))) : textOf(value);
    case 'lines':
      return Array.isArray(value) ? value.map(textOf).join('\n') : '';
    case 'hours':
      return Array.isArray(value) ? value.map(hoursEntry) : [];
    case 'raw':
      return value === undefined ? '' : JSON.stringify(value);
    default:
      return textOf(value);
  }
}

function hoursEntry(value: unknown): HoursEntry {
  const { from, to, mbps } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { from: textOf(from), to: textOf(to), mbps: textOf(mbps) };
}

/** A number, or the text itself when it is none: the schema's check then says so at its place. */
export function readNumber(text: string, scale = 1): number | string {
  const n = readFigure(text);
  return n === undefined ? text.trim() : tidy(n / scale);
}

/** Undefined: nothing was entered in a field that may be empty. */
export function readEntry(field: Field, entry: Entry): Value | undefined {
  const { shape } = field;
  if (Array.isArray(entry))
    return (entry as readonly HoursEntry[]).map(({ from, to, mbps }) =>
      shape.kind === 'hours' && shape.hasRate ? { from, to, mbps: readNumber(mbps) } : { from, to },
    );
  if (typeof entry === 'boolean') return entry;
  const text = String(entry);
  if (field.isOptional && text.trim() === '') return undefined;
  if (shape.kind === 'number') return readNumber(text, scaleOf(field));
  if (shape.kind === 'lines') {
    const lines = linesOf(text);
    return shape.of === 'number' ? lines.map((line) => readNumber(line)) : lines;
  }
  if (shape.kind === 'choice') return text;
  return text.trim();
}

/** Commas and blanks part entries too, as lists are pasted from everywhere; a path may hold both. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) => (line.trim().startsWith('/') ? [line.trim()] : line.split(/[\s,;，；、]+/)))
    .filter((line) => line !== '');

export const draftOf = (fields: readonly Field[], values: Values): Draft =>
  Object.fromEntries(fields.map((field) => [field.path, entryOf(field, valueAt(values, field.path))]));

/** `values` with what was entered. What the page has no field for stays as it is. */
export function valuesOf(fields: readonly Field[], draft: Draft, values: Values): Values {
  const whole = JSON.parse(JSON.stringify(values)) as Record<string, unknown>;
  for (const field of fields) {
    const entry = draft[field.path];
    if (entry === undefined || field.shape.kind === 'raw') continue;
    put(whole, field.path.split('.'), readEntry(field, entry));
  }
  return whole as Values;
}

function put(into: Record<string, unknown>, way: readonly string[], value: unknown): void {
  const [name, ...rest] = way;
  if (name === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) delete into[name];
    else into[name] = value;
    return;
  }
  const before = into[name];
  const inner = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
  into[name] = inner;
  put(inner as Record<string, unknown>, rest, value);
}
