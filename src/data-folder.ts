import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#base/log.ts';
import { Index } from '#index/index.ts';
import type { Config } from './config.ts';
import { FLEET_BOOK } from './fleet-limits.ts';

/**
 * In the data folder: who may do what, who did what, what was asked for and decided. A factory reset takes it away, and the index with it, which remembers clients: a cache
 * that stays is read again and comes back with a new one.
 */
export const PERSONAL = [
  'access.json',
  'sessions.json',
  'audit.ndjson',
  'audit.1.ndjson',
  'certificate.pem',
  'own-certificate.pem',
  'decisions.json',
  'drains.json',
  'update',
  'trace',
  'swarmbox.db',
  'swarmbox.db-wal',
  'swarmbox.db-shm',
  ...['', '-wal', '-shm'].map((end) => FLEET_BOOK + end),
];

/** Linux's memory file system (shm_overview(7)): what lies there survives the daemon, not the machine. */
export function volatileDirOf(dataDir: string): string | undefined {
  const name = createHash('sha1').update(dataDir).digest('hex').slice(0, 12);
  return existsSync('/dev/shm') ? `/dev/shm/swarmbox-${name}` : undefined;
}

export function openIndex(config: Pick<Config, 'dataDir'>, log: Log): Index {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o750 });
  return Index.open(join(config.dataDir, 'swarmbox.db'), log.with({ part: 'index' }));
}
