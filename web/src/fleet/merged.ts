/** Rows by name, with those of a later answer in their place. `isAll`: the answer has all there are. */
export function merged<T>(
  before: ReadonlyMap<string, T>,
  rows: readonly T[],
  nameOf: (row: T) => string,
  isAll: boolean,
): ReadonlyMap<string, T> {
  if (!isAll && rows.length === 0) return before;
  const now = new Map(isAll ? [] : before);
  for (const row of rows) now.set(nameOf(row), row);
  return now;
}
