import type { Statement } from 'better-sqlite3';

/** How far one node is with installing one bundle. `wave`: whose turn it is, from 0 on; `attempt`: the last that was asked for. */
export type InstallRow = {
  readonly distribution: string;
  readonly node: string;
  readonly wave: number;
  readonly state: string;
  readonly why: string | null;
  readonly detail: string | null;
  readonly attempt: number;
  readonly changedMs: number;
};

/** A bundle's way through its waves. `wave`: the last one that is open. `why`, `node`: what stopped it. `resumedMs`: failures up to then stop it no more. */
export type RolloutRow = {
  readonly distribution: string;
  readonly state: string;
  readonly wave: number;
  readonly why: string | null;
  readonly node: string | null;
  readonly resumedMs: number;
  readonly changedMs: number;
};

const INSTALL = 'SELECT distribution, node, wave, state, why, detail, attempt, changed_ms AS changedMs FROM install';
const ROLLOUT = `SELECT distribution, state, wave, why, node, resumed_ms AS resumedMs, changed_ms AS changedMs FROM rollout`;

/** The part of a fleet's book that is about installing: at the central who is in which wave and how far, at a node what it is doing. */
export class FleetInstalls {
  readonly #sql: (text: string) => Statement;

  constructor(sql: (text: string) => Statement) {
    this.#sql = sql;
  }

  /** What is not said stays; a new one waits, in the first wave. */
  put(
    id: string,
    node: string,
    nowMs: number,
    said: Partial<Omit<InstallRow, 'distribution' | 'node' | 'changedMs'>>,
  ): void {
    const before = this.get(id, node);
    const { wave = 0, state = 'waiting', why = null, detail = null, attempt = 0 } = { ...before, ...said };
    const sql = `INSERT INTO install (distribution, node, wave, state, why, detail, attempt, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET wave = excluded.wave, state = excluded.state, why = excluded.why, detail = excluded.detail,
        attempt = excluded.attempt, changed_ms = excluded.changed_ms`;
    this.#sql(sql).run(id, node, wave, state, why, detail, attempt, nowMs);
  }

  get(id: string, node: string): InstallRow | undefined {
    return this.#sql(`${INSTALL} WHERE distribution = ? AND node = ?`).get(id, node) as InstallRow | undefined;
  }

  /** Of one bundle, by wave and name. */
  of(id: string): InstallRow[] {
    return this.#sql(`${INSTALL} WHERE distribution = ? ORDER BY wave, node`).all(id) as InstallRow[];
  }

  /** Of one node, whatever the bundle. */
  at(node: string): InstallRow[] {
    return this.#sql(`${INSTALL} WHERE node = ? ORDER BY changed_ms`).all(node) as InstallRow[];
  }

  /** What is not said stays; a new one has opened its first wave. */
  putRollout(id: string, nowMs: number, said: Partial<Omit<RolloutRow, 'distribution' | 'changedMs'>>): void {
    const { state = 'bringing', wave = 0, why = null, node = null, resumedMs = 0 } = { ...this.rollout(id), ...said };
    const sql = `INSERT INTO rollout (distribution, state, wave, why, node, resumed_ms, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET state = excluded.state, wave = excluded.wave, why = excluded.why, node = excluded.node,
        resumed_ms = excluded.resumed_ms, changed_ms = excluded.changed_ms`;
    this.#sql(sql).run(id, state, wave, why, node, resumedMs, nowMs);
  }

  rollout(id: string): RolloutRow | undefined {
    return this.#sql(`${ROLLOUT} WHERE distribution = ?`).get(id) as RolloutRow | undefined;
  }

  /** Those that are not over. */
  rollouts(): RolloutRow[] {
    return this.#sql(`${ROLLOUT} WHERE state <> 'over' ORDER BY distribution`).all() as RolloutRow[];
  }
}
