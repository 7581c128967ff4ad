import { existsSync, readdirSync } from 'node:fs';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { type InfoHash, infoHashOf, parseInfoHash } from '#base/units.ts';
import { hashRange, wordsOf } from './fold.ts';
import { INDEX_LIMITS } from './limits.ts';
import { DECIDED } from './listing.ts';

export type ListSort = 'name' | 'size' | 'have' | 'served' | 'filled' | 'heat' | 'added' | 'lastAsked';
export type ListFilter = 'all' | 'complete' | 'partial' | 'private' | keyof typeof DECIDED;

/** A question about the list of all torrents. */
export type ListQuestion = {
  /** Words of the name, or the beginning of an info-hash. */
  readonly search: string;
  readonly filter: ListFilter;
  /** Of these alone; and not of those. */
  readonly only?: readonly InfoHash[];
  readonly except?: readonly InfoHash[];
  /** Those that have a folder, called by their info-hash, in this one. */
  readonly folder?: string;
  readonly sort: ListSort;
  readonly order: 'up' | 'down';
  readonly offset: number;
  readonly limit: number;
};

export type ListedTask = {
  readonly infoHash: InfoHash;
  /** Empty while nobody has read it. */
  readonly name: string;
  /** Zero while unknown. */
  readonly totalBytes: number;
  readonly haveBytes: number;
  readonly isWhole: boolean;
  readonly servedBytes: number;
  readonly filledBytes: number;
  readonly addedAtMs: number;
  /** Absent: no client has come. */
  readonly lastAskedAtMs?: number;
  readonly isPrivate: boolean;
  /** Bits of DECIDED. */
  readonly decided: number;
};

/** `matching`: how many fit the question, and `total` how many there are. */
export type ListAnswer = { readonly rows: readonly ListedTask[]; readonly matching: number; readonly total: number };

type Stored = {
  info_hash: Buffer;
  name: string;
  total_bytes: number;
  decided: number;
  piece_count: number;
  have_count: number;
  served_bytes: number;
  filled_bytes: number;
  added_at_ms: number;
  used_at_ms: number;
  heat: number;
  reach: string | null;
};

/** A part of a question: `l` is the listing, `t` the torrent's own row. */
type Part = { readonly sql: string; readonly of: 'l' | 't' | 'both' };

const KEYS: Readonly<Record<ListSort, Part>> = {
  name: { sql: 'l.words', of: 'l' },
  size: { sql: 'l.total_bytes', of: 'l' },
  have: { sql: 'l.total_bytes * t.have_count / max(t.piece_count, 1)', of: 'both' },
  served: { sql: 't.served_bytes', of: 't' },
  filled: { sql: 't.filled_bytes', of: 't' },
  // All cool at the same rate, so who is warmer stays warmer: see heats.ts.
  heat: {
    sql: 'CASE WHEN t.heat > 0 THEN t.heat_at_ms + 86400000.0 * ln(t.heat) ELSE (t.heat - 1) * 1e15 END',
    of: 't',
  },
  added: { sql: 't.added_at_ms', of: 't' },
  lastAsked: { sql: 'CASE WHEN t.heat < 0 THEN 0 ELSE t.used_at_ms END', of: 't' },
};

const decidedAs = (bit: number): Part => ({ sql: `l.decided > 0 AND l.decided & ${bit}`, of: 'l' });

const FILTERS: Readonly<Record<ListFilter, Part | undefined>> = {
  all: undefined,
  complete: { sql: 't.piece_count > 0 AND t.have_count = t.piece_count', of: 't' },
  partial: { sql: 't.have_count < t.piece_count', of: 't' },
  private: { sql: "t.reach = 'private'", of: 't' },
  pinned: decidedAs(DECIDED.pinned),
  blocked: decidedAs(DECIDED.blocked),
  limited: decidedAs(DECIDED.limited),
};

const AMONG = '(SELECT unhex(value) FROM json_each(?))';

/** The torrents that have a row of the listing, told without it. */
const LISTED = '(t.piece_count > 0 OR t.id IN (SELECT task FROM listing WHERE decided > 0))';

const conditions = (...parts: readonly (string | undefined)[]): string => {
  const given = parts.filter((part) => part);
  return given.length > 0 ? ` WHERE ${given.join(' AND ')}` : '';
};

type Value = string | Buffer;
type Where = {
  readonly sql: string;
  readonly values: readonly Value[];
  readonly ofListing: boolean;
  readonly ofTask: boolean;
};

/** Answers questions by reading the small rows of the listing: through a connection of its own that cannot write, in a thread that may be busy. */
export class TaskSearch {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();
  /** All rows that fit a question, in its order. */
  #deep: { readonly key: string; readonly rows: Float64Array; readonly atMs: number } | undefined;
  /** Whose content the temporary table `here` is. */
  #here: { readonly folder: string; readonly atMs: number } | undefined;

  constructor(path: string) {
    this.#db = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: INDEX_LIMITS.busyMs });
    this.#db.pragma(`cache_size = -${INDEX_LIMITS.searchCacheKib}`);
    this.#db.pragma('temp_store = MEMORY');
    this.#db.exec('CREATE TEMP TABLE here (info_hash BLOB PRIMARY KEY) WITHOUT ROWID');
  }

  /** One state of the index: what is counted is what is shown. `nowMs`: of any clock. */
  ask(question: ListQuestion, nowMs: number): ListAnswer {
    if (question.folder !== undefined) this.#look(question.folder, nowMs);
    return this.#db.transaction(() => this.#answer(question, nowMs))();
  }

  close(): void {
    this.#db.close();
  }

  #answer(question: ListQuestion, nowMs: number): ListAnswer {
    const total = this.#sql('SELECT count(*) FROM listing').pluck().get() as number;
    const where = whereOf(question);
    const { offset, limit } = question;
    const given = (ids: Iterable<number>, matching: number): ListAnswer => {
      const rows = Array.from(ids, (id) => this.#row(id)).filter((row) => row !== undefined);
      return { rows, matching, total };
    };
    // To look at every name twice, for the page and for how many there are, would take longer than to remember all that fit.
    if (wordsOf(question.search).length > 0) {
      const all = this.#order(question, where, nowMs);
      return given(all.subarray(offset, offset + Math.min(limit, INDEX_LIMITS.searchRows)), all.length);
    }
    const matching = where.sql ? this.#count(question, where) : total;
    return given(this.#page(question, where, matching, nowMs), matching);
  }

  #count(question: ListQuestion, where: Where): number {
    const { from, listed } = tablesOf(question, where);
    const counted = this.#sql(`SELECT count(*) FROM ${from}${conditions(where.sql, listed)}`).pluck();
    return counted.get(...where.values) as number;
  }

  /**
   * Row numbers. A place in the second half is counted from the end: sorting keeps in mind as many rows as come before. Who looks far down is about to look
   * further: then the whole order is kept for some seconds.
   */
  #page(question: ListQuestion, where: Where, matching: number, nowMs: number): number[] {
    const { order, offset, limit } = question;
    const count = Math.min(limit, matching - offset, INDEX_LIMITS.searchRows);
    if (count <= 0) return [];
    if (Math.min(offset, matching - offset - count) > INDEX_LIMITS.searchDeep)
      return [...this.#order(question, where, nowMs).subarray(offset, offset + count)];
    const isFromEnd = offset + count / 2 > matching / 2;
    const start = isFromEnd ? matching - offset - count : offset;
    const sql = `${sorted(question, where, (order === 'up') !== isFromEnd)} LIMIT ? OFFSET ?`;
    const rows = this.#sql(sql).pluck();
    const found = rows.all(...where.values, count, start) as number[];
    return isFromEnd ? found.reverse() : found;
  }

  #order(question: ListQuestion, where: Where, nowMs: number): Float64Array {
    const key = JSON.stringify({ ...question, offset: 0, limit: 0 });
    const ageMs = nowMs - (this.#deep?.atMs ?? 0);
    if (this.#deep?.key === key && ageMs >= 0 && ageMs < INDEX_LIMITS.orderForMs) return this.#deep.rows;
    const all = this.#sql(sorted(question, where, question.order === 'up')).pluck();
    const rows = Float64Array.from(all.all(...where.values) as number[]);
    this.#deep = { key, rows, atMs: nowMs };
    return rows;
  }

  #row(id: number): ListedTask | undefined {
    const sql = `SELECT info_hash, name, total_bytes, decided, piece_count, have_count, served_bytes, filled_bytes, added_at_ms,
      used_at_ms, heat, reach FROM task JOIN listing ON task = id WHERE id = ?`;
    const row = this.#sql(sql).get(id) as Stored | undefined;
    return row && listed(row);
  }

  /** Reads which torrents lie there; a folder that cannot be read holds none. */
  #look(folder: string, nowMs: number): void {
    const ageMs = nowMs - (this.#here?.atMs ?? 0);
    if (this.#here?.folder === folder && ageMs >= 0 && ageMs < INDEX_LIMITS.folderForMs) return;
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const put = this.#sql('INSERT OR IGNORE INTO temp.here VALUES (unhex(?))');
    this.#db.transaction(() => {
      this.#sql('DELETE FROM temp.here').run();
      for (const name of names) if (parseInfoHash(name) === name) put.run(name);
    })();
    this.#here = { folder, atMs: nowMs };
  }

  /** The texts are made of the constants above alone; what strangers type is bound. */
  #sql(text: string): Statement {
    const known = this.#statements.get(text);
    if (known) return known;
    const made = this.#db.prepare(text);
    this.#statements.set(text, made);
    return made;
  }
}

function whereOf({ search, filter, only, except, folder }: ListQuestion): Where {
  const parts: Part[] = [];
  const values: Value[] = [];
  const add = (part: Part, ...more: Value[]): void => {
    parts.push(part);
    values.push(...more);
  };
  const chosen = FILTERS[filter];
  if (chosen) add(chosen);
  if (only) add({ sql: `t.info_hash IN ${AMONG}`, of: 't' }, JSON.stringify(only));
  if (except) add({ sql: `t.info_hash NOT IN ${AMONG}`, of: 't' }, JSON.stringify(except));
  if (folder !== undefined) add({ sql: 't.info_hash IN (SELECT info_hash FROM temp.here)', of: 't' });
  const words = wordsOf(search);
  const named = words.map(() => 'instr(l.words, ?) > 0').join(' AND ');
  const range = hashRange(search);
  if (range) {
    const sql = `${named} OR t.info_hash BETWEEN ? AND ? OR t.info_hash2 BETWEEN ? AND ?`;
    add({ sql, of: 'both' }, ...words, range.from, range.to, range.from, range.to);
  } else if (words.length > 0) add({ sql: named, of: 'l' }, ...words);
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(' AND '),
    values,
    ofListing: parts.some(({ of }) => of !== 't'),
    ofTask: parts.some(({ of }) => of !== 'l'),
  };
}

function sorted(question: ListQuestion, where: Where, isUp: boolean): string {
  const key = KEYS[question.sort];
  const { from, id, listed } = tablesOf(question, where, key);
  const direction = isUp ? 'ASC' : 'DESC';
  return `SELECT ${id} FROM ${from}${conditions(where.sql, listed)} ORDER BY ${key.sql} ${direction}, ${id} ${direction}`;
}

type Tables = { readonly from: string; readonly id: string; readonly listed?: string };

/**
 * The tables in the order in which they are read, which decides how long a question takes: CROSS and INDEXED leave no choice to SQLite. A few torrents are found by their
 * hashes. Else one table is read from end to end, and the other, where it is needed, in the same order: what is read next lies beside what was read last.
 */
function tablesOf({ only, sort, filter }: ListQuestion, where: Where, key?: Part): Tables {
  const ofTask = where.ofTask || (key !== undefined && key.of !== 'l');
  const ofListing = where.ofListing || (key !== undefined && key.of !== 't');
  const withTask = ofTask ? ' CROSS JOIN task t ON t.id = l.task' : '';
  if (only) return { from: 'task t CROSS JOIN listing l ON l.task = t.id', id: 't.id' };
  // Those that lack pieces have an index in the order of the table; any other index would have the table read in no order at all.
  const task = filter === 'partial' ? 'task t' : 'task t NOT INDEXED';
  if (!ofListing) return { from: task, id: 't.id', listed: LISTED };
  if (key && sort === 'name') return { from: `listing l INDEXED BY listing_words${withTask}`, id: 'l.task' };
  if (filter in DECIDED) return { from: `listing l${withTask}`, id: 'l.task' };
  if (where.ofListing || !ofTask) return { from: `listing l NOT INDEXED${withTask}`, id: 'l.task' };
  return { from: `${task} CROSS JOIN listing l ON l.task = t.id`, id: 't.id' };
}

const listed = (row: Stored): ListedTask => ({
  infoHash: infoHashOf(row.info_hash),
  name: row.name,
  totalBytes: row.total_bytes,
  haveBytes: row.piece_count > 0 ? Math.floor((row.total_bytes * row.have_count) / row.piece_count) : 0,
  isWhole: row.piece_count > 0 && row.have_count === row.piece_count,
  servedBytes: row.served_bytes,
  filledBytes: row.filled_bytes,
  addedAtMs: row.added_at_ms,
  ...(row.heat >= 0 && { lastAskedAtMs: row.used_at_ms }),
  isPrivate: row.reach === 'private',
  decided: row.decided,
});
