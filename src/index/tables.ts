import type { Statement } from 'better-sqlite3';

/**
 * What the tables are reached through: prepared statements, and transactions that may be refused by the disk. `erase`: a transaction after which
 * nothing of what it deleted can be read from the files any more, unless somebody reads them meanwhile; `finishErasing` tries again then.
 */
export type Tables = {
  sql(text: string): Statement;
  write(work: () => unknown): boolean;
  erase(work: () => unknown): boolean;
  finishErasing(): void;
};
