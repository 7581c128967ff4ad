/** Why something is not done: a value, told to whoever asked. `refused` is a code of ProblemWhy of the admin contract. */
export type Refusal = {
  readonly refused: string;
  /** In English, for people who script. */
  readonly text: string;
  /** Try again after this long, ms. */
  readonly waitMs?: number;
  readonly fields?: readonly { readonly path: string; readonly code: string }[];
};

export const refusal = (refused: string, text: string, more: Pick<Refusal, 'waitMs' | 'fields'> = {}): Refusal => ({
  refused,
  text,
  ...more,
});

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'refused' in value;
