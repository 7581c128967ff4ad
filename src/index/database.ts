import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { INDEX_LIMITS } from './limits.ts';
import { knownSchema, MIGRATIONS, migrate } from './migrations.ts';
import { useOf } from './schema-use.ts';

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
 * The database, at the schema this code knows, or at a later one that it may use. One that it must not use is moved aside whole, and a fresh one begun
 * with its settings; a corrupt file is moved aside, too; any other trouble rejects with what to do. `alone`: no other process opens it as long as this one
 * has it.
 */
export function openDatabase(path: string, log: Log, alone = false): Database {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const settings = afterNewer(path, log);
    const db = openChecked(path, alone);
    putSettings(db, settings);
    return db;
  } catch (error) {
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

/** Of an index that a later version has left in a way that this one must not use, and that is out of the way then: its settings. */
function afterNewer(path: string, log: Log): ReadonlyMap<string, string> {
  const knows = knownSchema(MIGRATIONS);
  const { use, schema } = useOf(path, knows);
  if (use === 'newer')
    log.info('index-of-newer', { path, schema, knows, next: 'it is used as it is; all that was added to it stays' });
  if (use !== 'too-new') return new Map();
  refuseHeld(path);
  const settings = settingsIn(path);
  const movedTo = moveAside(path, 'newer');
  log.warn('index-too-new', {
    path,
    schema,
    knows,
    movedTo,
    next: 'a fresh index was begun; pieces on the disk are found again by their hashes',
  });
  return settings;
}

function putSettings(db: Database, settings: ReadonlyMap<string, string>): void {
  const put = db.prepare('INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
  db.transaction(() => {
    for (const [key, value] of settings) put.run(key, value);
  })();
}

/** What a person or the daemon chose; nothing when the file does not say. */
export function settingsIn(path: string): Map<string, string> {
  let db: Database | undefined;
  try {
    db = new Sqlite(path, { readonly: true, timeout: INDEX_LIMITS.busyMs });
    const rows = db.prepare('SELECT key, value FROM setting').raw().all() as [unknown, unknown][];
    // A later version may have kept them as something else.
    return new Map(rows.filter((row): row is [string, string] => row.every((value) => typeof value === 'string')));
  } catch {
    return new Map();
  } finally {
    db?.close();
  }
}

/** 'held': another process has it open. 'rebuilding': a rebuild was interrupted. 'other': anything else, usable or not. */
export function stateOf(path: string): 'none' | 'held' | 'rebuilding' | 'other' {
  if (!existsSync(path)) return 'none';
  let db: Database | undefined;
  try {
    if (useOf(path, knownSchema(MIGRATIONS)).use === 'too-new') {
      refuseHeld(path);
      return 'other';
    }
    db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
    // Leaving WAL mode takes a lock that nobody has while any other connection is open (sqlite.org/wal.html).
    db.pragma('journal_mode = DELETE');
    return db.prepare('SELECT state FROM run').pluck().get() === REBUILDING ? 'rebuilding' : 'other';
  } catch (error) {
    return isHeld(error) ? 'held' : 'other';
  } finally {
    db?.close();
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

/** Throws SQLITE_BUSY while another process has it open: it would go on writing into what was moved aside. Of a log that a crash has left, nothing is lost. */
export function refuseHeld(path: string): void {
  const db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
  try {
    // Nobody else may have a lock then, and whoever has a database in WAL mode open has one (sqlite.org/pragma.html#pragma_locking_mode).
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE; ROLLBACK');
  } finally {
    db.close();
  }
}

/** Returns where it lies now: `<path>.<why>-<time>`. Of those that lie there the last few stay. */
export function moveAside(path: string, why: string): string {
  const movedTo = `${path}.${why}-${new Date().toISOString().replaceAll(':', '').replace('.', '')}`;
  for (const suffix of COMPANIONS) if (existsSync(path + suffix)) renameSync(path + suffix, movedTo + suffix);
  try {
    forgetOld(dirname(path), `${basename(path)}.${why}-`);
  } catch {
    // They take room, and a disk that cannot let them go is no reason not to start.
  }
  return movedTo;
}

function forgetOld(folder: string, start: string): void {
  const aside = readdirSync(folder).filter((name) => name.startsWith(start) && !/-(wal|shm)$/.test(name));
  for (const name of aside.sort().slice(0, -INDEX_LIMITS.aside))
    for (const suffix of COMPANIONS) rmSync(join(folder, name + suffix), { force: true });
}
