import type { Database } from 'better-sqlite3';
import { isDiskTrouble } from './database.ts';

/** Deletes so that nothing of it can be read from the files (sqlite.org/pragma.html#pragma_secure_delete): it is overwritten, then the log emptied. */
export class Erasing {
  readonly #db: Database;
  readonly #write: (work: () => unknown) => boolean;
  /** The log may hold pages with what was erased. */
  #logHolds = false;

  /** `write`: a durable transaction; false when the disk would not take it. */
  constructor(db: Database, write: (work: () => unknown) => boolean) {
    this.#db = db;
    this.#write = write;
  }

  /** False: nothing was deleted. */
  run(work: () => unknown): boolean {
    this.#db.pragma('secure_delete = ON');
    try {
      if (!this.#write(work)) return false;
    } finally {
      this.#db.pragma('secure_delete = OFF');
    }
    this.#logHolds = true;
    this.finish();
    return true;
  }

  /** Not while anybody else reads: then it is for the next time. */
  finish(): void {
    if (!this.#logHolds) return;
    try {
      const [{ busy } = { busy: 1 }] = this.#db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      this.#logHolds = busy !== 0;
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
    }
  }
}
