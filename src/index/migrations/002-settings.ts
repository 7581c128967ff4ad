import type { Database } from 'better-sqlite3';

// BEFORE: tasks only.
// AFTER:  setting  what a person or the daemon chose, by key
//         total    counters over the life of the box, by name
//         run      one row: whether the last run said goodbye
export const migration = {
  version: 2,
  adds: false,
  up: (db: Database): void => {
    db.exec(`
      CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE run (only INTEGER PRIMARY KEY CHECK (only = 1), state TEXT NOT NULL) STRICT;
    `);
  },
};
