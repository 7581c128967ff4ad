/** As many as one request takes (contract-tasks.ts, TaskActions). */
export const MOST_SELECTED = 200;

export type Selection = ReadonlySet<string>;

export function toggled(selection: Selection, infoHash: string): Selection {
  const next = new Set(selection);
  if (!next.delete(infoHash) && next.size < MOST_SELECTED) next.add(infoHash);
  return next;
}

/** Adds everything between two rows, as far as it is known and there is room. */
export function withRange(
  selection: Selection,
  hashAt: (index: number) => string | undefined,
  from: number,
  to: number,
): Selection {
  const next = new Set(selection);
  const step = from <= to ? 1 : -1;
  for (let i = from; next.size < MOST_SELECTED; i += step) {
    const hash = hashAt(i);
    if (hash !== undefined) next.add(hash);
    if (i === to) break;
  }
  return next;
}
