import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#base/log.ts';
import { Index } from '#index/index.ts';
import type { Config } from './config.ts';

/** Linux's memory file system (shm_overview(7)): what lies there survives the daemon, not the machine. */
export function volatileDirOf(dataDir: string): string | undefined {
  const name = createHash('sha1').update(dataDir).digest('hex').slice(0, 12);
  return existsSync('/dev/shm') ? `/dev/shm/swarmbox-${name}` : undefined;
}

export function openIndex(config: Pick<Config, 'dataDir'>, log: Log): Index {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o750 });
  return Index.open(join(config.dataDir, 'swarmbox.db'), log.with({ part: 'index' }));
}
