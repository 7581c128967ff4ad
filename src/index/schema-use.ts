import { existsSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { INDEX_LIMITS } from './limits.ts';

/**
 * After an update that was taken back, an older Swarmbox meets the database of a newer one. It may go on with it when all steps that it does not know only
 * add; which schema that begins at is in the database, as only the newer one knows it.
 */

export const schemaOf = (db: Database): number => db.pragma('user_version', { simple: true }) as number;

/** Of a step: see migrations/011-schema-use.ts. */
export function createSchemaUse(db: Database): void {
  db.exec('CREATE TABLE schema_use (only INTEGER PRIMARY KEY CHECK (only = 1), oldest INTEGER NOT NULL) STRICT');
}

const hasTable = (db: Database): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_use'").get() !== undefined;

/** Code that knows this schema may use the database, and any that knows a later one. */
export function setOldestUser(db: Database, oldest: number): void {
  if (hasTable(db)) db.prepare('INSERT OR REPLACE INTO schema_use (only, oldest) VALUES (1, ?)').run(oldest);
}

/** Undefined: it does not say. */
function oldestUserOf(db: Database): number | undefined {
  if (!hasTable(db)) return undefined;
  const oldest = db.prepare('SELECT oldest FROM schema_use').pluck().get();
  return typeof oldest === 'number' ? oldest : undefined;
}

/**
 * 'known': this code wrote it, or older code, or nobody has yet. 'newer': newer code has, and this may use it. 'too-new': it must not. `schema`: of the
 * database.
 */
export type SchemaUse = { readonly use: 'known' | 'newer' | 'too-new'; readonly schema: number };

/**
 * What code that knows the schema `known` may do with the file. Through a read-only connection: opening for writing could already fold the log of a newer
 * version into its file.
 */
export function useOf(path: string, known: number): SchemaUse {
  if (!existsSync(path)) return { use: 'known', schema: 0 };
  const db = new Sqlite(path, { readonly: true, timeout: INDEX_LIMITS.busyMs });
  try {
    const schema = schemaOf(db);
    if (schema <= known) return { use: 'known', schema };
    return { use: (oldestUserOf(db) ?? schema) <= known ? 'newer' : 'too-new', schema };
  } finally {
    db.close();
  }
}
