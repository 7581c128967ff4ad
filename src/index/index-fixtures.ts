import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { Index } from './index.ts';
import { MIGRATIONS, type Migration, migrate } from './migrations.ts';

export const newHash = (): InfoHash => infoHashOf(randomBytes(20));

export function temporaryFile(): { path: string; folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-index-'));
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  return { path: join(folder, 'swarmbox.db'), folder, [Symbol.dispose]: dispose };
}

/** Opens, works, closes: what follows sees only what was kept. */
export function within<T>(path: string, work: (index: Index) => T): T {
  const index = Index.open(path, silentLog);
  try {
    return work(index);
  } finally {
    index.close();
  }
}

/** A later version, which has this step more, starts on what this one has left. How many steps it took. */
export function steppedBy(path: string, step: Migration): number {
  const db = new Sqlite(path);
  try {
    return migrate(db, [...MIGRATIONS, step]);
  } finally {
    db.close();
  }
}
