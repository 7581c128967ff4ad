import type { FieldProblem } from '#admin/contract-common.ts';
import { fill, known } from './language.ts';
import { safeText } from './safe-text.ts';

/** What is wrong with one value, in the words of `table`; a code that it does not have says itself. */
export function fieldSentence(table: Readonly<Record<string, string>>, { code, detail = {} }: FieldProblem): string {
  const sentence = known(table, code) ?? safeText(code);
  return fill(sentence, Object.fromEntries(Object.entries(detail).map(([k, v]) => [k, safeText(String(v), 120)])));
}
