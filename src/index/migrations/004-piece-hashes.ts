import type { Database } from 'better-sqlite3';

// BEFORE: a torrent is found by the names that BitTorrent gives it.
// AFTER:  task.pieces_hash  SHA-1 over its piece hashes, as Qvod calls the same content; torrents may share it
// Rows that were there are not found by it.
export const migration = {
  version: 4,
  adds: true,
  up: (db: Database): void => {
    db.exec(`
      ALTER TABLE task ADD COLUMN pieces_hash BLOB CHECK (length(pieces_hash) = 20);
      CREATE INDEX task_pieces_hash ON task (pieces_hash) WHERE pieces_hash IS NOT NULL;
    `);
  },
};
