import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { INDEX_LIMITS } from './limits.ts';
import { MIGRATIONS, migrate, NewerSchemaError, schemaOf } from './migrations.ts';

/** The run of a rebuild: if it does not come to its end, what it found so far is no more than a beginning. */
export const REBUILDING = 'rebuilding';

/** SQLite's files beside the database: they belong to it and move with it. */
const COMPANIONS = ['', '-wal', '-shm'];

/** The disk's own trouble: the daemon goes on serving and the index lags behind until there is room again. */
export const isDiskTrouble = (error: unknown): boolean =>
  /^SQLITE_(FULL|IOERR|BUSY|READONLY)/.test(errorCode(error) ?? '');

const isHeld = (error: unknown): boolean => /^SQLITE_BUSY/.test(errorCode(error) ?? '');
const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? '');

/**
 * The database, at the schema this code knows. A corrupt file is moved aside and a fresh one begun; one from a later
 * version is refused untouched (NewerSchemaError); any other trouble rejects with what to do. `alone`: no other process opens
 * it as long as this one has it.
 */
export function openDatabase(path: string, log: Log, alone = false): Database {
  try {
    mkdirSync(dirname(path), { recursive: true });
    refuseNewer(path);
    return openChecked(path, alone);
  } catch (error) {
    if (error instanceof NewerSchemaError) throw error;
    if (isHeld(error))
      throw new Error(`the index ${path} is in use: wait until it has been rebuilt, or stop the other daemon`, {
        cause: error,
      });
    if (!isCorrupt(error))
      throw new Error(`the index ${path} cannot be opened: check its disk and its permissions`, { cause: error });
    const movedTo = moveAside(path, 'corrupt');
    log.error('index-corrupt', {
      path,
      movedTo,
      why: errorText(error),
      next: 'a fresh index was begun; pieces on the disk are found again by their hashes',
    });
    return openChecked(path, alone);
  }
}

/** What a person or the daemon chose; nothing when the file does not say. */
export function settingsIn(path: string): Map<string, string> {
  let db: Database | undefined;
  try {
    db = new Sqlite(path, { readonly: true, timeout: INDEX_LIMITS.busyMs });
    return new Map(db.prepare('SELECT key, value FROM setting').raw().all() as [string, string][]);
  } catch {
    return new Map();
  } finally {
    db?.close();
  }
}

/**
 * 'held': another process has it open. 'rebuilding': a rebuild was interrupted. 'other': anything else, usable or not. Throws
 * NewerSchemaError.
 */
export function stateOf(path: string): 'none' | 'held' | 'rebuilding' | 'other' {
  if (!existsSync(path)) return 'none';
  let db: Database | undefined;
  try {
    refuseNewer(path);
    db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
    // Leaving WAL mode takes a lock that nobody has while any other connection is open (sqlite.org/wal.html).
    db.pragma('journal_mode = DELETE');
    return db.prepare('SELECT state FROM run').pluck().get() === REBUILDING ? 'rebuilding' : 'other';
  } catch (error) {
    if (error instanceof NewerSchemaError) throw error;
    return isHeld(error) ? 'held' : 'other';
  } finally {
    db?.close();
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

function openChecked(path: string, alone: boolean): Database {
  const db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
  try {
    if (alone) db.pragma('locking_mode = EXCLUSIVE');
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

/** Returns where it lies now: `<path>.<why>-<time>`. */
export function moveAside(path: string, why: string): string {
  const movedTo = `${path}.${why}-${new Date().toISOString().replaceAll(':', '').replace('.', '')}`;
  for (const suffix of COMPANIONS) if (existsSync(path + suffix)) renameSync(path + suffix, movedTo + suffix);
  return movedTo;
}
