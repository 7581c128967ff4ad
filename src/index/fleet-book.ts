import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { type Log, silentLog } from '#base/log.ts';
import { moveAside, refuseHeld } from './database.ts';
import { FleetInstalls } from './fleet-installs.ts';
import { FLEET_MIGRATIONS } from './fleet-migrations.ts';
import { INDEX_LIMITS } from './limits.ts';
import { knownSchema, migrate, NewerSchemaError } from './migrations.ts';
import { useOf } from './schema-use.ts';

/** `orders`: what was asked for with it, as JSON. `source`: where the originals lie. */
export type DistributionRow = {
  readonly id: string;
  readonly name: string;
  readonly rev: number;
  readonly manifest: Buffer;
  readonly signature: Buffer;
  readonly seed: Buffer | null;
  readonly source: string | null;
  readonly orders: string;
  readonly state: string;
  readonly why: string | null;
  readonly createdMs: number;
  readonly changedMs: number;
};

export type TargetRow = {
  readonly distribution: string;
  readonly node: string;
  readonly state: string;
  readonly why: string | null;
  readonly detail: string | null;
  readonly tries: number;
  readonly haveBytes: number;
  readonly changedMs: number;
};

/** `said`: its last words about itself, as JSON. `away`: 1, the diary says that it went. */
export type NodeRow = { readonly name: string; readonly said: string; readonly seenMs: number; readonly away: 0 | 1 };

/** An entry of the diary. `code`: what happened; `why`: for what reason, a code too; `detail`: for the engineer. */
export type NoteRow = {
  readonly seq: number;
  readonly atMs: number;
  readonly distribution: string | null;
  readonly node: string | null;
  readonly code: string;
  readonly why: string | null;
  readonly detail: string | null;
};

/** What is not said of an entry is null. */
export type NewNote = Pick<NoteRow, 'atMs' | 'code'> & Partial<Omit<NoteRow, 'seq' | 'atMs' | 'code'>>;

/** A message that must leave. `receiver`: its routing key. */
export type OutboxRow = {
  readonly id: number;
  readonly distribution: string | null;
  readonly receiver: string;
  readonly type: string;
  readonly contentType: string;
  readonly body: Buffer;
};

const DISTRIBUTION = `SELECT id, name, rev, manifest, signature, seed, source, orders, state, why,
  created_ms AS createdMs, changed_ms AS changedMs FROM distribution`;
const TARGET = `SELECT distribution, node, state, why, detail, tries, have_bytes AS haveBytes, changed_ms AS changedMs FROM target`;
const NOTE = 'SELECT seq, at_ms AS atMs, distribution, node, code, why, detail FROM note';
const DAY_MS = 86_400_000;
const OUTBOX = 'SELECT id, distribution, receiver, type, content_type AS contentType, body FROM outbox';

/** `log`: where it is told that a later version wrote the book. */
type Opening = { readonly log?: Log; readonly tooNew?: 'refuse' | 'aside' };

/**
 * What a central or a node of a fleet must not forget: distributions, how far each target is, who is there, what is still to be sent and what was heard. In a file of
 * its own, durable at every change: what a message says and what it brings about are one transaction. All methods throw when the disk takes no more.
 */
export class FleetBook implements Disposable {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();
  /** How far the installing of bundles is. */
  readonly installs = new FleetInstalls((text) => this.#sql(text));

  private constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Throws an error that says what to do. `tooNew`: a book that a later version has left in a way that this one must not use is moved aside, and a fresh one
   * begun, or NewerSchemaError is thrown: a central without its book would give out revisions a second time.
   */
  static open(path: string, { log = silentLog, tooNew = 'refuse' }: Opening = {}): FleetBook {
    mkdirSync(dirname(path), { recursive: true });
    let db: Database | undefined;
    try {
      afterNewer(path, log, tooNew);
      db = new Sqlite(path, { timeout: INDEX_LIMITS.busyMs });
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('foreign_keys = ON');
      migrate(db, FLEET_MIGRATIONS);
      return new FleetBook(db);
    } catch (error) {
      db?.close();
      if (error instanceof NewerSchemaError) throw error;
      throw new Error(`the fleet's book ${path} cannot be opened: check its disk, or move it away to begin anew`, {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /** All that `work` does is kept, or nothing of it. May be nested. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  // ---- distributions ----

  /** False: it is known already. */
  putDistribution(row: DistributionRow): boolean {
    const { id, name, rev, manifest, signature, seed, source, orders, state, why, createdMs, changedMs } = row;
    const sql = `INSERT INTO distribution (id, name, rev, manifest, signature, seed, source, orders, state, why, created_ms, changed_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
    const values = [id, name, rev, manifest, signature, seed, source, orders, state, why, createdMs, changedMs];
    return this.#sql(sql).run(...values).changes > 0;
  }

  distribution(id: string): DistributionRow | undefined {
    return this.#sql(`${DISTRIBUTION} WHERE id = ?`).get(id) as DistributionRow | undefined;
  }

  /** Newest first. */
  distributions(limit = 1_000): DistributionRow[] {
    return this.#sql(`${DISTRIBUTION} ORDER BY created_ms DESC, id LIMIT ?`).all(limit) as DistributionRow[];
  }

  /** As `distributions`, without the seeds: those are megabytes. */
  distributionBriefs(limit = 1_000): Omit<DistributionRow, 'seed'>[] {
    const sql = `${DISTRIBUTION.replace(' seed,', '')} ORDER BY created_ms DESC, id LIMIT ?`;
    return this.#sql(sql).all(limit) as Omit<DistributionRow, 'seed'>[];
  }

  /** As `distributions`, of what is short. */
  distributionHeads(limit = 1_000): Pick<DistributionRow, 'id' | 'name' | 'rev' | 'orders' | 'state'>[] {
    const sql = 'SELECT id, name, rev, orders, state FROM distribution ORDER BY created_ms DESC, id LIMIT ?';
    return this.#sql(sql).all(limit) as Pick<DistributionRow, 'id' | 'name' | 'rev' | 'orders' | 'state'>[];
  }

  /** Where originals lie that are still given. */
  sources(): string[] {
    const sql = "SELECT DISTINCT source FROM distribution WHERE state <> 'cancelled' AND source IS NOT NULL";
    return this.#sql(sql).pluck().all() as string[];
  }

  /** The highest of the name so far; 0: none. */
  lastRev(name: string): number {
    return this.#sql('SELECT coalesce(max(rev), 0) FROM distribution WHERE name = ?').pluck().get(name) as number;
  }

  setDistribution(id: string, state: string, nowMs: number, why: string | null = null): void {
    this.#sql('UPDATE distribution SET state = ?, why = ?, changed_ms = ? WHERE id = ?').run(state, why, nowMs, id);
  }

  setOrders(id: string, orders: string): void {
    this.#sql('UPDATE distribution SET orders = ? WHERE id = ?').run(orders, id);
  }

  setSeed(id: string, seed: Buffer): void {
    this.#sql('UPDATE distribution SET seed = ? WHERE id = ?').run(seed, id);
  }

  /** With its targets and what was still to be sent of it. */
  forgetDistribution(id: string): void {
    this.transaction(() => {
      this.#sql('DELETE FROM outbox WHERE distribution = ?').run(id);
      this.#sql('DELETE FROM distribution WHERE id = ?').run(id);
    });
  }

  // ---- targets ----

  /** What is not said stays; a new one begins with no try and no byte. */
  putTarget(
    id: string,
    node: string,
    nowMs: number,
    said: Partial<Omit<TargetRow, 'distribution' | 'node' | 'changedMs'>>,
  ): void {
    const before = this.target(id, node);
    const { state = 'waiting', why = null, detail = null, tries = 0, haveBytes = 0 } = { ...before, ...said };
    const sql = `INSERT INTO target (distribution, node, state, why, detail, tries, have_bytes, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, why = excluded.why, detail = excluded.detail, tries = excluded.tries,
        have_bytes = excluded.have_bytes, changed_ms = excluded.changed_ms`;
    this.#sql(sql).run(id, node, state, why, detail, tries, haveBytes, nowMs);
  }

  target(id: string, node: string): TargetRow | undefined {
    return this.#sql(`${TARGET} WHERE distribution = ? AND node = ?`).get(id, node) as TargetRow | undefined;
  }

  targets(id: string): TargetRow[] {
    return this.#sql(`${TARGET} WHERE distribution = ? ORDER BY node`).all(id) as TargetRow[];
  }

  /** All of a node. */
  targetsOf(node: string): TargetRow[] {
    return this.#sql(`${TARGET} WHERE node = ?`).all(node) as TargetRow[];
  }

  /** As `targets`, in no order and with little of each: node, state, bytes. For who looks at thousands each second. */
  targetBriefs(id: string): (readonly [node: string, state: string, haveBytes: number])[] {
    const sql = 'SELECT node, state, have_bytes FROM target WHERE distribution = ?';
    return this.#sql(sql).raw().all(id) as [string, string, number][];
  }

  // ---- nodes ----

  putNode(name: string, said: string, nowMs: number): void {
    const sql = `INSERT INTO node (name, said, seen_ms) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET said = excluded.said, seen_ms = excluded.seen_ms`;
    this.#sql(sql).run(name, said, nowMs);
  }

  nodes(): NodeRow[] {
    return this.#sql('SELECT name, said, seen_ms AS seenMs, away FROM node ORDER BY name').all() as NodeRow[];
  }

  setAway(name: string, isAway: boolean): void {
    this.#sql('UPDATE node SET away = ? WHERE name = ?').run(isAway ? 1 : 0, name);
  }

  forgetNode(name: string): void {
    this.#sql('DELETE FROM node WHERE name = ?').run(name);
  }

  // ---- what happened ----

  /** So many are kept, for so many days: the oldest go. */
  note({ atMs, distribution = null, node = null, code, why = null, detail = null }: NewNote): void {
    const sql = 'INSERT INTO note (at_ms, distribution, node, code, why, detail) VALUES (?, ?, ?, ?, ?, ?)';
    const said = detail?.slice(0, INDEX_LIMITS.noteChars);
    const { lastInsertRowid } = this.#sql(sql).run(atMs, distribution, node, code, why, said ?? null);
    this.#sql('DELETE FROM note WHERE seq <= ?').run(Number(lastInsertRowid) - INDEX_LIMITS.notes);
    this.#sql('DELETE FROM note WHERE at_ms < ?').run(atMs - INDEX_LIMITS.noteDays * DAY_MS);
  }

  /** Newest first: those before the one of this number, of one distribution, of one node. */
  notes(of: { before?: number; distribution?: string; node?: string; limit?: number } = {}): NoteRow[] {
    const { before = Number.MAX_SAFE_INTEGER, distribution, node, limit = 200 } = of;
    const asked = [distribution, node].filter((value) => value !== undefined);
    const where = `${distribution === undefined ? '' : ' AND distribution = ?'}${node === undefined ? '' : ' AND node = ?'}`;
    const sql = `${NOTE} WHERE seq < ?${where} ORDER BY seq DESC LIMIT ?`;
    return this.#sql(sql).all(before, ...asked, limit) as NoteRow[];
  }

  /** Oldest first: those after the one of this number. */
  notesAfter(seq: number, limit: number): NoteRow[] {
    return this.#sql(`${NOTE} WHERE seq > ? ORDER BY seq LIMIT ?`).all(seq, limit) as NoteRow[];
  }

  // ---- what must leave ----

  send(message: Omit<OutboxRow, 'id'>): void {
    const { distribution, receiver, type, contentType, body } = message;
    const sql = 'INSERT INTO outbox (distribution, receiver, type, content_type, body) VALUES (?, ?, ?, ?, ?)';
    this.#sql(sql).run(distribution, receiver, type, contentType, body);
  }

  /** The oldest, after the one of this id. */
  unsent(afterId = 0, limit = 64): OutboxRow[] {
    return this.#sql(`${OUTBOX} WHERE id > ? ORDER BY id LIMIT ?`).all(afterId, limit) as OutboxRow[];
  }

  sent(id: number): void {
    this.#sql('DELETE FROM outbox WHERE id = ?').run(id);
  }

  // ---- what was heard ----

  /** True: a message of this id was not heard before. So many ids are remembered, the oldest go. */
  isNews(message: string): boolean {
    if (this.#sql('INSERT INTO heard (message) VALUES (?) ON CONFLICT DO NOTHING').run(message).changes === 0)
      return false;
    this.#sql('DELETE FROM heard WHERE id <= (SELECT max(id) FROM heard) - ?').run(INDEX_LIMITS.heard);
    return true;
  }

  /** Without remembering it. */
  wasHeard(message: string): boolean {
    return this.#sql('SELECT 1 FROM heard WHERE message = ?').get(message) !== undefined;
  }

  // ---- what was learned ----

  fact(key: string): string | undefined {
    return this.#sql('SELECT value FROM fact WHERE key = ?').pluck().get(key) as string | undefined;
  }

  setFact(key: string, value: string): void {
    this.#sql('INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
      key,
      value,
    );
  }

  #sql(text: string): Statement {
    const known = this.#statements.get(text) ?? this.#db.prepare(text);
    this.#statements.set(text, known);
    return known;
  }
}

function afterNewer(path: string, log: Log, tooNew: 'refuse' | 'aside'): void {
  const knows = knownSchema(FLEET_MIGRATIONS);
  const { use, schema } = useOf(path, knows);
  if (use === 'newer') log.info('fleet-book-of-newer', { path, schema, knows });
  if (use !== 'too-new') return;
  if (tooNew === 'refuse') throw new NewerSchemaError(path, schema, knows);
  refuseHeld(path);
  const movedTo = moveAside(path, 'newer');
  log.warn('fleet-book-too-new', { path, schema, knows, movedTo, next: 'a fresh one was begun' });
}
