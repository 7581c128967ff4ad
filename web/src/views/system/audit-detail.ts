import type { AuditRow } from '#admin/contract-access.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { known } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount } from '../../frame/said.ts';
import { systemWords } from './words.ts';

/** The parts of a row's detail, in words; what this page has no word for stands as it was written. */
export const saidDetail = (detail: AuditRow['detail']): string[] =>
  Object.entries(detail).flatMap(([field, value]) => saidField(field, value) ?? []);

/** Undefined: not worth a word, as what was not done beside what was. */
function saidField(field: string, value: string | number | boolean): string | undefined {
  const { fields, values } = systemWords.get().audit;
  const whole = known(values, `${field}.${value}`);
  if (whole !== undefined) return whole;
  const name = known(fields, field) ?? safeText(field, 30);
  if (typeof value === 'boolean') return value ? name : undefined;
  return `${name}: ${saidValue(field, value)}`;
}

function saidValue(field: string, value: string | number): string {
  const { right, problem } = frameWords.get();
  if (typeof value === 'number') return field === 'bytes' ? saidBytes(value) : saidCount(value);
  const word =
    field === 'right' ? known<string>(right, value) : field === 'why' ? known<string>(problem, value) : undefined;
  return word ?? safeText(value, 120);
}
