import type { Database } from 'better-sqlite3';

// BEFORE: of traffic only totals are kept.
// AFTER:  traffic     what moved, in steps of five minutes, a quarter of an hour, and a day; sums, so that a step is written many times
//         client_day  what one machine was given of one torrent on one day; empty unless the operator switched it on
export const migration = {
  version: 10,
  adds: true,
  up: (db: Database): void => {
    db.exec(`
      CREATE TABLE traffic (
        grid TEXT NOT NULL,
        at_s INTEGER NOT NULL,
        covered_ms INTEGER NOT NULL,
        wan_ms INTEGER NOT NULL,
        lan_ms INTEGER NOT NULL,
        client_ms INTEGER NOT NULL,
        wan_rx INTEGER NOT NULL,
        wan_tx INTEGER NOT NULL,
        lan_rx INTEGER NOT NULL,
        lan_tx INTEGER NOT NULL,
        served INTEGER NOT NULL,
        fresh INTEGER NOT NULL,
        filled INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        PRIMARY KEY (grid, at_s)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE client_day (
        day_s INTEGER NOT NULL,
        address TEXT NOT NULL,
        info_hash BLOB NOT NULL,
        served INTEGER NOT NULL,
        last_s INTEGER NOT NULL,
        PRIMARY KEY (address, day_s, info_hash)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX client_day_by_day ON client_day (day_s);
    `);
  },
};
