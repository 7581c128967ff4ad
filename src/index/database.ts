import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { INDEX_LIMITS } from './limits.ts';
import { MIGRATIONS, migrate, NewerSchemaError, schemaOf } from './migrations.ts';

/** SQLite's files beside the database: they belong to it and move with it. */
const COMPANIONS = ['', '-wal', '-shm'];

const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? '');

/**
 * The database, at the schema this code knows. A corrupt file is moved aside and a fresh one begun; one from a later
 * version is refused untouched (NewerSchemaError); any other trouble rejects with what to do.
 */
export function openDatabase(path: string, log: Log): Database {
  try {
    mkdirSync(dirname(path), { recursive: true });
    refuseNewer(path);
    return openChecked(path);
  } catch (error) {
    if (error instanceof NewerSchemaError) throw error;
    if (!isCorrupt(error))
      throw new Error(`the index ${path} cannot be opened: check its disk and its permissions`, { cause: error });
    const movedTo = moveAside(path);
    log.error('index-corrupt', {
      path,
      movedTo,
      why: errorText(error),
      next: 'a fresh index was begun; pieces on the disk are found again by their hashes',
    });
    return openChecked(path);
  }
}

/** Through a read-only connection: opening for writing could already fold the log of a newer version into its file. */
function refuseNewer(path: string): void {
  if (!existsSync(path)) return;
  const db = new Sqlite(path, { readonly: true, timeout: INDEX_LIMITS.busyMs });
  try {
    const known = MIGRATIONS.at(-1)?.version ?? 0;
    const found = schemaOf(db);
    if (found > known) throw new NewerSchemaError(path, found, known);
  } finally {
    db.close();
  }
}

function openChecked(path: string): Database {
  const db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma(`wal_autocheckpoint = ${INDEX_LIMITS.walPages}`);
    const steps = migrate(db);
    // A clean file was checked by the run that closed it; reading all of it at every start would only cost time.
    const state = db.prepare('SELECT state FROM run').pluck().get();
    if (steps === 0 && state !== 'ended') check(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function check(db: Database): void {
  const found = db.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
}

function moveAside(path: string): string {
  const movedTo = `${path}.corrupt-${new Date().toISOString().replaceAll(':', '').replace('.', '')}`;
  for (const suffix of COMPANIONS) if (existsSync(path + suffix)) renameSync(path + suffix, movedTo + suffix);
  return movedTo;
}
