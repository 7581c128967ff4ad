import type { Database } from 'better-sqlite3';

// BEFORE: nobody knows when a piece at rest was verified last.
// AFTER:  task.scrubbed_ms  when the torrent's pieces were last all verified; of those that were there: when they were added
//         task.scrub_next   the piece that a verification under way goes on with; 0: none is
//         task_scrubbed     the order in which torrents with pieces are verified
export const migration = {
  version: 6,
  adds: true,
  up: (db: Database): void => {
    db.exec(`
      ALTER TABLE task ADD COLUMN scrubbed_ms INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE task ADD COLUMN scrub_next INTEGER NOT NULL DEFAULT 0;
      UPDATE task SET scrubbed_ms = added_at_ms;
      CREATE INDEX task_scrubbed ON task (scrubbed_ms, id) WHERE have_count > 0;
    `);
  },
};
