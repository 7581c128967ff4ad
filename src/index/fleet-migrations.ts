import type { Database } from 'better-sqlite3';
import type { Migration } from './migrations.ts';
import { createSchemaUse } from './schema-use.ts';

/** The steps of a fleet's book, a file of its own. Once released a step is never edited. */
export const FLEET_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    adds: true,
    up: (db: Database): void => {
      db.exec(`
        CREATE TABLE distribution (
          id TEXT PRIMARY KEY,
          name TEXT NOT NULL,
          rev INTEGER NOT NULL,
          manifest BLOB NOT NULL,
          signature BLOB NOT NULL,
          seed BLOB,
          source TEXT,
          orders TEXT NOT NULL DEFAULT '{}',
          state TEXT NOT NULL,
          why TEXT,
          created_ms INTEGER NOT NULL,
          changed_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX distribution_name ON distribution (name, rev);
        CREATE TABLE target (
          distribution TEXT NOT NULL REFERENCES distribution ON DELETE CASCADE,
          node TEXT NOT NULL,
          state TEXT NOT NULL,
          why TEXT,
          detail TEXT,
          tries INTEGER NOT NULL DEFAULT 0,
          have_bytes INTEGER NOT NULL DEFAULT 0,
          changed_ms INTEGER NOT NULL,
          PRIMARY KEY (distribution, node)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE node (
          name TEXT PRIMARY KEY,
          said TEXT NOT NULL,
          seen_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE outbox (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          distribution TEXT,
          receiver TEXT NOT NULL,
          type TEXT NOT NULL,
          content_type TEXT NOT NULL,
          body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX outbox_distribution ON outbox (distribution);
        CREATE TABLE heard (id INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      `);
    },
  },
  {
    version: 2,
    adds: false,
    up: (db: Database): void => {
      db.exec(`
        CREATE TABLE note (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          at_ms INTEGER NOT NULL,
          distribution TEXT,
          node TEXT,
          code TEXT NOT NULL,
          why TEXT,
          detail TEXT
        ) STRICT;
        CREATE INDEX note_at ON note (at_ms);
        CREATE INDEX note_distribution ON note (distribution) WHERE distribution IS NOT NULL;
        CREATE INDEX note_node ON note (node) WHERE node IS NOT NULL;
        CREATE INDEX target_node ON target (node);
        CREATE INDEX distribution_created ON distribution (created_ms);
        ALTER TABLE node ADD COLUMN away INTEGER NOT NULL DEFAULT 0;
      `);
    },
  },
  {
    version: 3,
    adds: true,
    up: (db: Database): void => {
      db.exec(`
        CREATE TABLE install (
          distribution TEXT NOT NULL REFERENCES distribution ON DELETE CASCADE,
          node TEXT NOT NULL,
          wave INTEGER NOT NULL,
          state TEXT NOT NULL,
          why TEXT,
          detail TEXT,
          attempt INTEGER NOT NULL,
          changed_ms INTEGER NOT NULL,
          PRIMARY KEY (distribution, node)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX install_node ON install (node);
        CREATE TABLE rollout (
          distribution TEXT PRIMARY KEY REFERENCES distribution ON DELETE CASCADE,
          state TEXT NOT NULL,
          wave INTEGER NOT NULL,
          why TEXT,
          node TEXT,
          resumed_ms INTEGER NOT NULL,
          changed_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
      `);
    },
  },
  { version: 4, adds: true, up: createSchemaUse },
];
