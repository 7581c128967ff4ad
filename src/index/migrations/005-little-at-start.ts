import type { Database } from 'better-sqlite3';
import { bitsIn } from '../bits.ts';
import { req2Of } from '../req2.ts';

// BEFORE: how many pieces a torrent has is known from its bits alone, whether it is private from its info dictionary alone,
//         and which torrent an encrypted handshake is about from all names alone: a start reads everything.
// AFTER:  task.have_count  bits set in task_have.have
//         task.doubtful    1 while pieces may lie on the disk that the bits do not know
//         task.reach       who may be told of it: 'public', 'private' (BEP 27), 'qvod' (a name that BitTorrent does not know);
//                          null while its info dictionary is not known. Rows that were there learn it when they are next used
//         task.req2, task.req2_second  what an encrypted handshake (MSE) calls it by its names
//         task_info and task_layers hold what does not lie beside the pieces yet. Nothing leaves them in this step: a
//         torrent's does when it is next used
export const migration = {
  version: 5,
  adds: false,
  up: (db: Database): void => {
    db.function('bits_in', { deterministic: true }, (have: unknown) => (have ? bitsIn(have as Buffer) : 0));
    db.function('req2_of', { deterministic: true }, (name: unknown) => (name ? req2Of(name as Buffer) : null));
    db.exec(`
      ALTER TABLE task ADD COLUMN have_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE task ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE task ADD COLUMN reach TEXT CHECK (reach IN ('public', 'private', 'qvod'));
      ALTER TABLE task ADD COLUMN req2 BLOB;
      ALTER TABLE task ADD COLUMN req2_second BLOB;
      UPDATE task SET have_count = bits_in((SELECT have FROM task_have WHERE task = id)),
        req2 = req2_of(info_hash), req2_second = req2_of(info_hash2);
      CREATE INDEX task_req2 ON task (req2);
      CREATE INDEX task_req2_second ON task (req2_second) WHERE req2_second IS NOT NULL;
      CREATE INDEX task_lacking ON task (id) WHERE have_count < piece_count;
      CREATE INDEX task_doubtful ON task (id) WHERE doubtful = 1;
    `);
  },
};
