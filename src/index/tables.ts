import type { Statement } from 'better-sqlite3';

/** What the tables are reached through: prepared statements, and transactions that may be refused by the disk. */
export type Tables = { sql(text: string): Statement; write(work: () => unknown): boolean };
