import type { Database, Statement } from 'better-sqlite3';
import { bug, errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { openDatabase } from './database.ts';
import { INDEX_LIMITS } from './limits.ts';
import { SharedFiles } from './shared-files.ts';

/** What is known of a torrent across restarts. */
export type TaskRow = {
  infoHash: InfoHash;
  /** A hybrid torrent's other name, once known (BEP 52). */
  infoHash2: InfoHash | undefined;
  /** The info dictionary's bytes, once known. */
  info: Buffer | undefined;
  /** Piece layers (BEP 52), once known: all files' in order, end to end. */
  layers: Buffer | undefined;
  trackers: string[];
  /** Verified and durable pieces, as BEP 3 orders the bits. */
  have: Buffer | undefined;
  /** 0 until the info dictionary is known. */
  pieceCount: number;
  addedAtMs: number;
  usedAtMs: number;
  servedBytes: number;
  filledBytes: number;
};

/** What a new row may say; what it leaves out keeps its value, or begins empty. */
export type NewTask = Pick<TaskRow, 'infoHash' | 'addedAtMs'> &
  Partial<Pick<TaskRow, 'info' | 'trackers' | 'have' | 'pieceCount' | 'usedAtMs'>>;

type Stored = {
  info_hash: Buffer;
  info_hash2: Buffer | null;
  info: Buffer | null;
  layers: Buffer | null;
  trackers: string;
  have: Buffer | null;
  piece_count: number;
  added_at_ms: number;
  used_at_ms: number;
  served_bytes: number;
  filled_bytes: number;
};

const SELECT_TASK = `SELECT info_hash, info_hash2, info, layers, trackers, have, piece_count, added_at_ms, used_at_ms,
  served_bytes, filled_bytes FROM task LEFT JOIN task_info i ON i.task = id LEFT JOIN task_layers l ON l.task = id
  LEFT JOIN task_have h ON h.task = id`;

/** The disk's own trouble: the daemon goes on serving and the index lags behind until there is room again. */
const isDiskTrouble = (error: unknown): boolean => /^SQLITE_(FULL|IOERR|BUSY|READONLY)/.test(errorCode(error) ?? '');

/**
 * What is cached, settings and totals, in SQLite. A write returns false when the disk would not take it (one log line
 * per spell of trouble). Losing such a write costs a re-verification or a count, never a wrong byte.
 */
export class Index {
  readonly #db: Database;
  readonly #log: Log;
  readonly #statements = new Map<string, Statement>();
  readonly files: SharedFiles;
  #troubled = false;

  private constructor(db: Database, log: Log) {
    this.#db = db;
    this.#log = log;
    this.files = new SharedFiles({ sql: (text) => this.#sql(text), write: (work) => this.#write(work) });
  }

  /** Throws NewerSchemaError, or an error that says what to do. A corrupt file is moved aside, see openDatabase. */
  static open(path: string, log: Log): Index {
    return new Index(openDatabase(path, log), log);
  }

  /** Everything at once, oldest first. For thousands of torrents `eachTask` holds one info dictionary at a time. */
  tasks(): TaskRow[] {
    return [...this.eachTask()];
  }

  /** Oldest first. Rows that are removed on the way are left out; writing meanwhile is allowed. */
  *eachTask(): Generator<TaskRow> {
    const hashes = this.#sql('SELECT info_hash FROM task ORDER BY added_at_ms, id').pluck().all() as Buffer[];
    for (const hash of hashes) {
      const row = this.task(infoHashOf(hash));
      if (row) yield row;
    }
  }

  /** By either of its names. */
  task(id: InfoHash): TaskRow | undefined {
    const name = infoHashBytes(id);
    const row = this.#sql(`${SELECT_TASK} WHERE info_hash = ? OR info_hash2 = ?`).get(name, name) as Stored | undefined;
    return row && rowOf(row);
  }

  putTask(task: NewTask): boolean {
    const { infoHash, addedAtMs } = task;
    return this.#write(() => {
      this.#sql(`INSERT INTO task (info_hash, added_at_ms, used_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`).run(
        infoHashBytes(infoHash),
        addedAtMs,
        task.usedAtMs ?? addedAtMs,
      );
      if (task.usedAtMs !== undefined) this.#set(infoHash, 'used_at_ms', task.usedAtMs);
      if (task.trackers) this.#set(infoHash, 'trackers', trackersText(task.trackers));
      if (task.info) this.#putInfo(infoHash, task.info, task.pieceCount ?? bug('an info without its piece count'));
      if (task.have) this.#putHave(infoHash, task.have);
    });
  }

  /** A changed piece count forgets which pieces there were. */
  setInfo(infoHash: InfoHash, info: Buffer, pieceCount: number): boolean {
    return this.#write(() => this.#putInfo(infoHash, info, pieceCount));
  }

  /**
   * All names of one torrent, the first of them its row's from now on. A row begun under the second alone is renamed, or goes
   * when there is one under the first.
   */
  setIds(ids: readonly InfoHash[]): boolean {
    const [first, second] = ids.map(infoHashBytes);
    if (!first || !second) return true;
    return this.#write(() => {
      const known = this.#sql('SELECT 1 FROM task WHERE info_hash = ?').get(first) !== undefined;
      if (known) this.#sql('DELETE FROM task WHERE info_hash = ?').run(second);
      else this.#sql('UPDATE task SET info_hash = ? WHERE info_hash = ?').run(first, second);
      this.#sql('UPDATE task SET info_hash2 = ? WHERE info_hash = ?').run(second, first);
    });
  }

  /** Torrents of the same pieces may share it. */
  setPiecesHash(infoHash: InfoHash, piecesHash: InfoHash): boolean {
    return this.#write(() => this.#set(infoHash, 'pieces_hash', infoHashBytes(piecesHash)));
  }

  /** Oldest first, at most `INDEX_LIMITS.twins`. */
  byPiecesHash(piecesHash: InfoHash): TaskRow[] {
    const sql = `${SELECT_TASK} WHERE pieces_hash = ? ORDER BY id LIMIT ${INDEX_LIMITS.twins}`;
    return (this.#sql(sql).all(infoHashBytes(piecesHash)) as Stored[]).map(rowOf);
  }

  setLayers(infoHash: InfoHash, layers: Buffer): boolean {
    if (layers.length > INDEX_LIMITS.layersBytes) bug(`piece layers of ${layers.length} bytes`);
    const sql = `INSERT INTO task_layers SELECT id, ? FROM task WHERE info_hash = ?
      ON CONFLICT DO UPDATE SET layers = excluded.layers`;
    return this.#write(() => this.#sql(sql).run(layers, infoHashBytes(infoHash)));
  }

  /** `have`: a bit for each piece of the torrent. Say only what is durable. */
  setHave(infoHash: InfoHash, have: Uint8Array): boolean {
    return this.#write(() => this.#putHave(infoHash, have));
  }

  addTraffic(infoHash: InfoHash, servedBytes: number, filledBytes: number, usedAtMs: number): boolean {
    return this.#write(() =>
      this.#sql(
        `UPDATE task SET served_bytes = served_bytes + ?, filled_bytes = filled_bytes + ?,
         used_at_ms = max(used_at_ms, ?) WHERE info_hash = ?`,
      ).run(whole(servedBytes), whole(filledBytes), whole(usedAtMs), infoHashBytes(infoHash)),
    );
  }

  setTrackers(infoHash: InfoHash, trackers: readonly string[]): boolean {
    return this.#write(() => this.#set(infoHash, 'trackers', trackersText(trackers)));
  }

  removeTask(infoHash: InfoHash): boolean {
    return this.#write(() => this.#sql('DELETE FROM task WHERE info_hash = ?').run(infoHashBytes(infoHash)));
  }

  setting(key: string): string | undefined {
    return this.#sql('SELECT value FROM setting WHERE key = ?').pluck().get(key) as string | undefined;
  }

  setSetting(key: string, value: string): boolean {
    const sql = 'INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value';
    return this.#write(() => this.#sql(sql).run(key, value));
  }

  /** 0 when nothing was ever added. */
  total(name: string): number {
    return (this.#sql('SELECT value FROM total WHERE name = ?').pluck().get(name) as number | undefined) ?? 0;
  }

  addTotal(name: string, n: number): boolean {
    const sql = 'INSERT INTO total VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value';
    return this.#write(() => this.#sql(sql).run(name, whole(n)));
  }

  /**
   * How the run before ended; from now on this one counts as unclean until endRun. 'first' also after a lost index:
   * what lies on the disk may be more than the index knows.
   */
  beginRun(): 'first' | 'clean' | 'unclean' {
    const state = this.#sql('SELECT state FROM run').pluck().get();
    this.#mark('running');
    if (state === undefined) return 'first';
    return state === 'ended' ? 'clean' : 'unclean';
  }

  endRun(): void {
    this.#mark('ended');
  }

  close(): void {
    this.#db.close();
  }

  /** The marker is on the disk when this returns, and with it every write before it. */
  #mark(state: 'running' | 'ended'): void {
    this.#db.pragma('synchronous = FULL');
    const sql = 'INSERT INTO run VALUES (1, ?) ON CONFLICT DO UPDATE SET state = excluded.state';
    this.#write(() => this.#sql(sql).run(state));
    this.#db.pragma('synchronous = NORMAL');
  }

  #set(infoHash: InfoHash, column: 'trackers' | 'used_at_ms' | 'pieces_hash', value: string | number | Buffer): void {
    this.#sql(`UPDATE task SET ${column} = ? WHERE info_hash = ?`).run(value, infoHashBytes(infoHash));
  }

  #putInfo(infoHash: InfoHash, info: Buffer, pieceCount: number): void {
    if (info.length > INDEX_LIMITS.infoBytes) bug(`an info dictionary of ${info.length} bytes`);
    const hash = infoHashBytes(infoHash);
    this.#sql(`DELETE FROM task_have WHERE task = (SELECT id FROM task WHERE info_hash = ? AND piece_count <> ?)`).run(
      hash,
      whole(pieceCount),
    );
    this.#sql('UPDATE task SET piece_count = ? WHERE info_hash = ?').run(pieceCount, hash);
    this.#sql(
      `INSERT INTO task_info SELECT id, ? FROM task WHERE info_hash = ?
       ON CONFLICT DO UPDATE SET info = excluded.info`,
    ).run(info, hash);
  }

  #putHave(infoHash: InfoHash, have: Uint8Array): void {
    const hash = infoHashBytes(infoHash);
    const count = this.#sql('SELECT piece_count FROM task WHERE info_hash = ?').pluck().get(hash) as number | undefined;
    // Removed a moment ago: there is nothing to say about it any more.
    if (count === undefined) return;
    if (have.length !== Math.ceil(count / 8)) bug(`${have.length} bytes of bits for ${count} pieces`);
    this.#sql(
      `INSERT INTO task_have SELECT id, ? FROM task WHERE info_hash = ?
       ON CONFLICT DO UPDATE SET have = excluded.have`,
    ).run(have, hash);
  }

  /** All of `work` or nothing of it. */
  #write(work: () => unknown): boolean {
    try {
      this.#db.transaction(work)();
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      if (!this.#troubled) this.#log.error('index-not-written', { why: errorText(error) });
      this.#troubled = true;
      return false;
    }
    if (this.#troubled) this.#log.info('index-written-again');
    this.#troubled = false;
    return true;
  }

  #sql(text: string): Statement {
    const known = this.#statements.get(text);
    if (known) return known;
    const made = this.#db.prepare(text);
    this.#statements.set(text, made);
    return made;
  }
}

function rowOf(row: Stored): TaskRow {
  return {
    infoHash: infoHashOf(row.info_hash),
    infoHash2: row.info_hash2 ? infoHashOf(row.info_hash2) : undefined,
    info: row.info ?? undefined,
    layers: row.layers ?? undefined,
    trackers: JSON.parse(row.trackers) as string[],
    have: row.have ?? undefined,
    pieceCount: row.piece_count,
    addedAtMs: row.added_at_ms,
    usedAtMs: row.used_at_ms,
    servedBytes: row.served_bytes,
    filledBytes: row.filled_bytes,
  };
}

/** The first trackers of a list; an address too long to be one is left out. */
const trackersText = (trackers: readonly string[]): string =>
  JSON.stringify(trackers.filter((t) => t.length <= INDEX_LIMITS.trackerChars).slice(0, INDEX_LIMITS.trackers));

/** STRICT tables take no fractions in INTEGER columns. */
const whole = (n: number): number => Math.round(n);
