import type { Database } from 'better-sqlite3';

// BEFORE: a torrent has one 20-byte name.
// AFTER:  task.info_hash2  the other name of a hybrid torrent (BEP 52: the head of its SHA-256), once known
//         task_layers      its piece layers (BEP 52), which no info dictionary contains: all files' in order, end to end
//         task_file        its files by merkle root, so that a file that two torrents share is found
// Nothing that was there changes.
export const migration = {
  version: 3,
  adds: true,
  up: (db: Database): void => {
    db.exec(`
      ALTER TABLE task ADD COLUMN info_hash2 BLOB CHECK (length(info_hash2) = 20);
      CREATE UNIQUE INDEX task_info_hash2 ON task (info_hash2) WHERE info_hash2 IS NOT NULL;
      CREATE TABLE task_layers (
        task INTEGER PRIMARY KEY REFERENCES task (id) ON DELETE CASCADE,
        layers BLOB NOT NULL
      ) STRICT;
      CREATE TABLE task_file (
        root BLOB NOT NULL CHECK (length(root) = 32),
        task INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
        first_piece INTEGER NOT NULL,
        piece_length INTEGER NOT NULL,
        length_bytes INTEGER NOT NULL,
        PRIMARY KEY (root, task, first_piece)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX task_file_task ON task_file (task);
    `);
  },
};
