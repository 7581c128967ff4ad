import type { FieldProblem } from '#admin/contract-common.ts';
import type { Value } from '#admin/contract-settings.ts';
import { fill } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidCount } from '../../frame/said.ts';
import { type Entry, entryOf, scaleOf } from './draft.ts';
import type { Placed } from './field-problems.ts';
import type { Field } from './fields.ts';
import { settingsWords } from './words.ts';

/** A value of more characters is told by how much it is. */
const LONG = 60;

/** A setting without words is shown by its path: better than not at all. */
export const labelOf = (path: string): string => settingsWords.get().settings[path]?.label ?? path;

export const unitText = ({ unit }: Field): string => (unit ? settingsWords.get().unit[unit] : '');

const withUnit = (field: Field, n: number): string => {
  const unit = unitText(field);
  const figure = saidCount(Number((n * scaleOf(field)).toPrecision(12)));
  return unit === '' ? figure : `${figure}\u00A0${unit}`;
};

/** A value in one line, as a person reads it. */
export function valueText(field: Field | undefined, value: Value | undefined): string {
  const words = settingsWords.get();
  if (value === undefined || value === null) return (field && words.settings[field.path]?.empty) ?? words.none;
  if (typeof value === 'boolean') return value ? words.on : words.off;
  if (typeof value === 'number') return field ? withUnit(field, value) : saidCount(value);
  if (typeof value === 'string')
    return (field && words.choices[`${field.path}.${value}`]) ?? (safeText(value, LONG) || words.none);
  if (Array.isArray(value)) return listText(value);
  return safeText(JSON.stringify(value), 200);
}

function listText(values: readonly Value[]): string {
  const words = settingsWords.get();
  if (values.length === 0) return words.none;
  const text = values.map(itemText).join(', ');
  return text.length <= 3 * LONG ? safeText(text) : words.entries(values.length);
}

function itemText(value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { from, to, mbps } = value as { from?: Value; to?: Value; mbps?: Value };
  if (typeof from !== 'string' || typeof to !== 'string') return JSON.stringify(value);
  return typeof mbps === 'number' ? `${from}–${to}: ${mbps} Mbit/s` : `${from}–${to}`;
}

export function rangeText(field: Field): string | undefined {
  const { shape } = field;
  if (shape.kind !== 'number' || shape.min === undefined || shape.max === undefined) return undefined;
  const words = settingsWords.get();
  return words.range(saidCount(shape.min * scaleOf(field)), withUnit(field, shape.max));
}

export const isDefault = (field: Field, entry: Entry): boolean =>
  JSON.stringify(entry) === JSON.stringify(entryOf(field, field.byDefault));

export const defaultText = (field: Field): string | undefined =>
  field.byDefault === undefined ? undefined : settingsWords.get().byDefault(valueText(field, field.byDefault));

/** What is wrong, and where in the field. */
export function problemSentence(problem: Placed, field?: Field): string {
  const words = settingsWords.get();
  const at =
    problem.row === undefined
      ? ''
      : problem.entered === undefined
        ? words.spanWrong(problem.row + 1)
        : words.line(problem.row + 1, safeText(problem.entered, 40));
  return at + sentence(problem, field);
}

function sentence({ code, detail = {} }: FieldProblem, field?: Field): string {
  const words = settingsWords.get();
  const format = typeof detail.wanted === 'string' ? words.format[detail.wanted] : undefined;
  if (code === 'wrong-format' && format !== undefined) return format;
  if (code === 'not-one-of' && field?.shape.kind === 'number') return rangeText(field) ?? words.problem[code] ?? code;
  const shown = Object.entries(detail).map(([key, value]): [string, string] => {
    if (typeof value === 'number') return [key, saidCount(value)];
    return [key, key === 'with' ? labelOf(value) : safeText(value, 80)];
  });
  return fill(words.problem[code] ?? safeText(code, 80), Object.fromEntries(shown));
}
