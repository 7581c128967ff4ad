import type { Database } from 'better-sqlite3';

// BEFORE: of a torrent's clients only the last one's time is known.
// AFTER:  task.heat        clients that came after the first, each worth 1/e less with every day that has passed since
//         task.heat_at_ms  of when that is
//         heat -1          no client has come
export const migration = {
  version: 7,
  adds: false,
  up: (db: Database): void => {
    db.exec(`
      ALTER TABLE task ADD COLUMN heat REAL NOT NULL DEFAULT -1;
      ALTER TABLE task ADD COLUMN heat_at_ms INTEGER NOT NULL DEFAULT 0;
      UPDATE task SET heat = 0, heat_at_ms = used_at_ms;
    `);
  },
};
