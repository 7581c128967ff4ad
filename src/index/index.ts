import type { Database, Statement } from 'better-sqlite3';
import { bug, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { bitsIn } from './bits.ts';
import { ClientDays } from './client-days.ts';
import { isDiskTrouble, openDatabase, REBUILDING } from './database.ts';
import { Doubts } from './doubts.ts';
import { Erasing } from './erasing.ts';
import { HeatHours } from './heat-hours.ts';
import { Heats } from './heats.ts';
import { INDEX_LIMITS } from './limits.ts';
import { Listing } from './listing.ts';
import { req2Of } from './req2.ts';
import { Scrubs } from './scrubs.ts';
import { SharedFiles } from './shared-files.ts';
import type { Tables } from './tables.ts';
import { type NewTask, type Reach, rowOf, SELECT_TASK, type Stored, type TaskRow, trackersText } from './task-row.ts';
import { TrafficRows } from './traffic-rows.ts';

/**
 * What is cached, settings and totals, in SQLite. A write returns false when the disk would not take it (one log line
 * per spell of trouble). Losing such a write costs a re-verification or a count, never a wrong byte.
 */
export class Index {
  /** Of its file. */
  readonly path: string;
  readonly #db: Database;
  readonly #log: Log;
  readonly #statements = new Map<string, Statement>();
  readonly files: SharedFiles;
  readonly doubts: Doubts;
  readonly heats: Heats;
  readonly scrubs: Scrubs;
  readonly traffic: TrafficRows;
  readonly clientDays: ClientDays;
  readonly listing: Listing;
  readonly hours: HeatHours;
  #troubled = false;
  #newNames = 0;

  private constructor(db: Database, log: Log) {
    this.#db = db;
    this.path = db.name;
    this.#log = log;
    const erasing = new Erasing(db, (work) => this.#durably(() => this.#write(work)));
    const tables: Tables = {
      sql: (text) => this.#sql(text),
      write: (work) => this.#write(work),
      erase: (work) => erasing.run(work),
      finishErasing: () => erasing.finish(),
    };
    this.files = new SharedFiles(tables);
    this.doubts = new Doubts(tables);
    this.hours = new HeatHours(tables);
    this.heats = new Heats(tables, this.hours);
    this.scrubs = new Scrubs(tables);
    this.traffic = new TrafficRows(tables);
    this.clientDays = new ClientDays(tables);
    this.listing = new Listing(tables);
  }

  /** Throws an error that says what to do. A file that is corrupt, or too new, is moved aside: see openDatabase. */
  static open(path: string, log: Log, alone = false): Index {
    return new Index(openDatabase(path, log, alone), log);
  }

  /** The names that nobody asked for a second time go first, and of those the oldest. */
  #forgetNames(): void {
    this.#sql(
      `DELETE FROM task WHERE id IN (SELECT id FROM task WHERE piece_count = 0 AND doubtful = 0
       AND id NOT IN (SELECT task FROM listing WHERE decided > 0) ORDER BY heat > 0 DESC, id DESC LIMIT -1 OFFSET ?)`,
    ).run(INDEX_LIMITS.names);
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

  /** Its names, by either of them; none when it is not known. */
  names(id: InfoHash): InfoHash[] {
    const name = infoHashBytes(id);
    const sql = 'SELECT info_hash, info_hash2 FROM task WHERE info_hash = ? OR info_hash2 = ?';
    const row = this.#sql(sql).get(name, name) as Pick<Stored, 'info_hash' | 'info_hash2'> | undefined;
    return row ? [row.info_hash, row.info_hash2].filter((n) => n !== null).map(infoHashOf) : [];
  }

  /** The torrent that an encrypted handshake is about, under the name that it uses; `req2`: see req2Of. */
  byReq2(req2: Buffer): InfoHash | undefined {
    const sql = 'SELECT info_hash, info_hash2, req2 FROM task WHERE req2 = ? OR req2_second = ?';
    const row = this.#sql(sql).get(req2, req2) as Pick<Stored, 'info_hash' | 'info_hash2'> & { req2: Buffer };
    const name = row && (req2.equals(row.req2) ? row.info_hash : row.info_hash2);
    return name ? infoHashOf(name) : undefined;
  }

  /** How many torrents are known. */
  get size(): number {
    return this.#sql('SELECT count(*) FROM task').pluck().get() as number;
  }

  putTask(task: NewTask): boolean {
    const { infoHash, addedAtMs } = task;
    return this.#write(() => {
      if (!task.info && ++this.#newNames % INDEX_LIMITS.namesEvery === 0) this.#forgetNames();
      const name = infoHashBytes(infoHash);
      this.#sql(
        `INSERT INTO task (info_hash, req2, added_at_ms, used_at_ms, scrubbed_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      ).run(name, req2Of(name), addedAtMs, task.usedAtMs ?? addedAtMs, addedAtMs);
      if (task.usedAtMs !== undefined) this.#set(infoHash, 'used_at_ms', task.usedAtMs);
      if (task.trackers) this.#set(infoHash, 'trackers', trackersText(task.trackers));
      if (task.info) this.#putInfo(infoHash, task.info, task.pieceCount ?? bug('an info without its piece count'));
      if (task.have) this.#putHave(infoHash, task.have);
    });
  }

  /** `info` undefined: it lies beside the pieces, and its layers do. A changed piece count forgets which pieces there were. */
  setInfo(infoHash: InfoHash, info: Buffer | undefined, pieceCount: number): boolean {
    return this.#write(() => this.#putInfo(infoHash, info, pieceCount));
  }

  setReach(infoHash: InfoHash, reach: Reach): boolean {
    return this.#write(() => this.#set(infoHash, 'reach', reach));
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
      else this.#sql('UPDATE task SET info_hash = ?, req2 = ? WHERE info_hash = ?').run(first, req2Of(first), second);
      this.#sql('UPDATE task SET info_hash2 = ?, req2_second = ? WHERE info_hash = ?').run(
        second,
        req2Of(second),
        first,
      );
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
    const sql = `INSERT INTO task_layers (task, layers) SELECT id, ? FROM task WHERE info_hash = ?
      ON CONFLICT DO UPDATE SET layers = excluded.layers`;
    return this.#write(() => this.#sql(sql).run(layers, infoHashBytes(infoHash)));
  }

  /** `have`: a bit for each piece of the torrent. Say only what is durable. */
  setHave(infoHash: InfoHash, have: Uint8Array): boolean {
    return this.#write(() => this.#putHave(infoHash, have));
  }

  /** `have` without pieces whose bytes are about to go: when this is true, a power cut does not bring them back here. */
  forgetPieces(infoHash: InfoHash, have: Uint8Array): boolean {
    return this.#durably(() => this.setHave(infoHash, have));
  }

  addTraffic(infoHash: InfoHash, servedBytes: number, filledBytes: number, usedAtMs: number): boolean {
    return this.#write(() => {
      this.#sql(
        `UPDATE task SET served_bytes = served_bytes + ?, filled_bytes = filled_bytes + ?,
         used_at_ms = max(used_at_ms, ?) WHERE info_hash = ?`,
      ).run(whole(servedBytes), whole(filledBytes), whole(usedAtMs), infoHashBytes(infoHash));
      this.hours.add(infoHash, 0, servedBytes, usedAtMs);
    });
  }

  setTrackers(infoHash: InfoHash, trackers: readonly string[]): boolean {
    return this.#write(() => this.#set(infoHash, 'trackers', trackersText(trackers)));
  }

  /** Nothing of it is anywhere any more. What stays is its info-hash, how much it was asked for, and what was decided of it. */
  emptyTask(infoHash: InfoHash): boolean {
    const kept = 'info_hash, req2, added_at_ms, used_at_ms, scrubbed_ms, heat, heat_at_ms, visits';
    const sql = `REPLACE INTO task (${kept}) SELECT ${kept} FROM task WHERE info_hash = ?`;
    const decided = 'SELECT decided FROM listing JOIN task ON id = task WHERE info_hash = ?';
    return this.#write(() => {
      const hash = infoHashBytes(infoHash);
      const bits = (this.#sql(decided).pluck().get(hash) as number | undefined) ?? 0;
      this.#sql(sql).run(hash);
      if (bits > 0) this.listing.decide(infoHash, bits);
    });
  }

  removeTask(infoHash: InfoHash): boolean {
    return this.#write(() => this.#sql('DELETE FROM task WHERE info_hash = ?').run(infoHashBytes(infoHash)));
  }

  setting(key: string): string | undefined {
    return this.#sql('SELECT value FROM setting WHERE key = ?').pluck().get(key) as string | undefined;
  }

  /** `durably`: when this is true, it is on the disk, and with it every write before it. */
  setSetting(key: string, value: string, durably?: 'durably'): boolean {
    const sql = 'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value';
    const write = () => this.#write(() => this.#sql(sql).run(key, value));
    return durably ? this.#durably(write) : write();
  }

  /** 0 when nothing was ever added. */
  total(name: string): number {
    return (this.#sql('SELECT value FROM total WHERE name = ?').pluck().get(name) as number | undefined) ?? 0;
  }

  addTotal(name: string, n: number): boolean {
    const sql =
      'INSERT INTO total (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value';
    return this.#write(() => this.#sql(sql).run(name, whole(n)));
  }

  /**
   * How the run before ended; from now on this one counts as unclean until endRun. 'first' also after a lost index, or one
   * that was not rebuilt to the end: what lies on the disk may be more than the index knows.
   */
  beginRun(): 'first' | 'clean' | 'unclean' {
    const state = this.#sql('SELECT state FROM run').pluck().get();
    this.#mark('running');
    if (state === undefined || state === REBUILDING) return 'first';
    return state === 'ended' ? 'clean' : 'unclean';
  }

  beginRebuild(): void {
    this.#mark(REBUILDING);
  }

  endRun(): void {
    this.#mark('ended');
  }

  close(): void {
    this.#db.close();
  }

  /** The marker is on the disk when this returns, and with it every write before it. */
  #mark(state: 'running' | 'ended' | typeof REBUILDING): void {
    const sql = 'INSERT INTO run (only, state) VALUES (1, ?) ON CONFLICT DO UPDATE SET state = excluded.state';
    this.#durably(() => this.#write(() => this.#sql(sql).run(state)));
  }

  #durably<T>(write: () => T): T {
    this.#db.pragma('synchronous = FULL');
    try {
      return write();
    } finally {
      this.#db.pragma('synchronous = NORMAL');
    }
  }

  #set(
    infoHash: InfoHash,
    column: 'trackers' | 'used_at_ms' | 'pieces_hash' | 'reach',
    value: string | number | Buffer,
  ): void {
    this.#sql(`UPDATE task SET ${column} = ? WHERE info_hash = ?`).run(value, infoHashBytes(infoHash));
  }

  #putInfo(infoHash: InfoHash, info: Buffer | undefined, pieceCount: number): void {
    if (info && info.length > INDEX_LIMITS.infoBytes) bug(`an info dictionary of ${info.length} bytes`);
    const hash = infoHashBytes(infoHash);
    const task = this.#sql('SELECT id, piece_count FROM task WHERE info_hash = ?').get(hash) as
      | { id: number; piece_count: number }
      | undefined;
    if (!task) return;
    this.#sql('INSERT OR IGNORE INTO listing (task) VALUES (?)').run(task.id);
    if (task.piece_count !== pieceCount) {
      this.#sql('DELETE FROM task_have WHERE task = ?').run(task.id);
      this.#sql('UPDATE task SET piece_count = ?, have_count = 0 WHERE id = ?').run(whole(pieceCount), task.id);
    }
    if (info) this.#sql('INSERT OR REPLACE INTO task_info (task, info) VALUES (?, ?)').run(task.id, info);
    else
      for (const table of ['task_info', 'task_layers']) this.#sql(`DELETE FROM ${table} WHERE task = ?`).run(task.id);
  }

  #putHave(infoHash: InfoHash, have: Uint8Array): void {
    const task = this.#sql('SELECT id, piece_count FROM task WHERE info_hash = ?').get(infoHashBytes(infoHash)) as
      | { id: number; piece_count: number }
      | undefined;
    // Removed a moment ago: there is nothing to say about it any more.
    if (!task) return;
    if (have.length !== Math.ceil(task.piece_count / 8))
      bug(`${have.length} bytes of bits for ${task.piece_count} pieces`);
    this.#sql('INSERT OR REPLACE INTO task_have (task, have) VALUES (?, ?)').run(task.id, have);
    this.#sql('UPDATE task SET have_count = ? WHERE id = ?').run(bitsIn(have), task.id);
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

/** STRICT tables take no fractions in INTEGER columns. */
const whole = (n: number): number => Math.round(n);
