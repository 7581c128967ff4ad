/** Who did what. See AuditRow of the admin contract, which is this. */
export type AuditRow = {
  readonly id: number;
  readonly atMs: number;
  /** An account, a token, or empty: nobody that is known. */
  readonly who: string;
  readonly address: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  readonly outcome: 'done' | 'refused';
};

/** A line of the file; undefined for what a power cut or a hand left there. */
export function parseRow(line: string): AuditRow | undefined {
  try {
    const row = JSON.parse(line) as AuditRow;
    return isRow(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

function isRow(row: AuditRow): boolean {
  if (typeof row !== 'object' || row === null || !Number.isSafeInteger(row.id) || row.id < 1) return false;
  const texts = [row.who, row.address, row.what, row.outcome];
  if (!Number.isFinite(row.atMs) || texts.some((text) => typeof text !== 'string')) return false;
  if (typeof row.detail !== 'object' || row.detail === null || Array.isArray(row.detail)) return false;
  return Object.values(row.detail).every((value) => ['string', 'number', 'boolean'].includes(typeof value));
}

/** The largest id of a file, 0 when it has none. */
export function lastIdIn(text: string): number {
  let last = 0;
  for (const line of text.split('\n')) last = Math.max(last, parseRow(line)?.id ?? 0);
  return last;
}
