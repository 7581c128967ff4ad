import type { Database } from 'better-sqlite3';

// BEFORE: an empty database.
// AFTER:  task       one small row per torrent, so that counters are cheap to write
//         task_info  its info dictionary, up to megabytes, written once
//         task_have  its verified and durable pieces (bit field, BEP 3 order), rewritten with every piece
export const migration = {
  version: 1,
  adds: true,
  up: (db: Database): void => {
    db.exec(`
      CREATE TABLE task (
        id INTEGER PRIMARY KEY,
        info_hash BLOB NOT NULL UNIQUE CHECK (length(info_hash) = 20),
        trackers TEXT NOT NULL DEFAULT '[]',
        piece_count INTEGER NOT NULL DEFAULT 0,
        added_at_ms INTEGER NOT NULL,
        used_at_ms INTEGER NOT NULL,
        served_bytes INTEGER NOT NULL DEFAULT 0,
        filled_bytes INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE task_info (
        task INTEGER PRIMARY KEY REFERENCES task (id) ON DELETE CASCADE,
        info BLOB NOT NULL
      ) STRICT;
      CREATE TABLE task_have (
        task INTEGER PRIMARY KEY REFERENCES task (id) ON DELETE CASCADE,
        have BLOB NOT NULL
      ) STRICT;
    `);
  },
};
