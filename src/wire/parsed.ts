/** What became of a stranger's bytes: trouble is a value here, never an exception. */
export type Parsed<T> = { kind: 'ok'; value: T } | { kind: 'bad'; why: string };

export const ok = <T>(value: T): Parsed<T> => ({ kind: 'ok', value });

/** Assignable to every `Parsed<T>`. */
export const bad = (why: string): { kind: 'bad'; why: string } => ({ kind: 'bad', why });
