import type { SchemaProblem } from '#base/schema-check.ts';
import { troubleOf } from './durable-file.ts';
import { problemText } from './problem-text.ts';

export type Unconfirmed = { readonly token: string; readonly untilMs: number; readonly addresses: readonly string[] };
export type Refused = {
  readonly kind: 'refused';
  readonly why: 'stale' | 'invalid' | 'conflict' | 'not-found' | 'disk-full' | 'failed';
  readonly text: string;
  readonly fields?: readonly SchemaProblem[];
};
export type Outcome =
  | { readonly kind: 'done'; readonly revision: number; readonly unconfirmed?: Unconfirmed }
  | Refused;

export const refused = (why: Refused['why'], text: string, fields?: readonly SchemaProblem[]): Refused => ({
  kind: 'refused',
  why,
  text,
  ...(fields && { fields }),
});

export const invalid = (fields: readonly SchemaProblem[]): Refused =>
  refused('invalid', fields.map(problemText).join('; '), fields);

export function cannotWrite(error: unknown): Refused {
  const { why, text } = troubleOf(error);
  const what = why === 'disk-full' ? 'the disk is full, and nothing was changed' : 'the settings cannot be written';
  return refused(why, `${what}: ${text}`);
}
