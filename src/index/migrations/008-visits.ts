import type { Database } from 'better-sqlite3';

// BEFORE: how warm a torrent is is known, not how many clients it has had.
// AFTER:  task.visits  clients that ever came; of those that came before this was counted, what the heat still tells
export const migration = {
  version: 8,
  adds: false,
  up: (db: Database): void => {
    db.exec(`
      ALTER TABLE task ADD COLUMN visits INTEGER NOT NULL DEFAULT 0;
      UPDATE task SET visits = 1 + CAST(heat AS INTEGER) WHERE heat >= 0;
    `);
  },
};
