import type { Database } from 'better-sqlite3';

// BEFORE: what a torrent is called and how large it is stands in its info dictionary alone.
// AFTER:  listing         what a person's list of all torrents is searched and sorted by, in small rows of its own: a question reads all of them
//         listing.words   the name as it is searched: see fold.ts
//         listing.decided what the operator decided of it, a bit each: see listing.ts. A copy; whoever decides keeps the original
//         heat_hour       clients that came and bytes that were served, by the hour since the epoch; hours of one time lie together
// Torrents that were there are listed without a name until somebody reads their info dictionary.
export const migration = {
  version: 9,
  adds: false,
  up: (db: Database): void => {
    db.exec(`
      CREATE TABLE listing (
        task INTEGER PRIMARY KEY REFERENCES task (id) ON DELETE CASCADE,
        name TEXT NOT NULL DEFAULT '',
        words TEXT NOT NULL DEFAULT '',
        total_bytes INTEGER NOT NULL DEFAULT 0,
        decided INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX listing_words ON listing (words);
      CREATE INDEX listing_decided ON listing (decided) WHERE decided > 0;
      CREATE TABLE heat_hour (
        hour INTEGER NOT NULL,
        task INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
        clients INTEGER NOT NULL DEFAULT 0,
        served_bytes INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (hour, task)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX heat_hour_task ON heat_hour (task);
      INSERT INTO listing (task) SELECT id FROM task WHERE piece_count > 0;
    `);
  },
};
