// For tests alone.
import { after } from 'node:test';
import { silentLog } from '#base/log.ts';
import { HashPool } from './hash-pool.ts';

class SharedHashes extends HashPool {
  override async close(): Promise<void> {}

  end(): Promise<void> {
    return super.close();
  }
}

/**
 * A hash thread for all stores of a test file, whichever of them closes: to start one for each takes longer than all that such a store
 * does. Gone with the tests.
 */
export function sharedHashes(): HashPool {
  const pool = new SharedHashes({ workers: 1, log: silentLog });
  after(() => pool.end());
  return pool;
}
