/** Distributions as plain files, each with a swarm of its own. */
import type { TestContext } from 'node:test';
import { realClock } from '#base/clock.ts';
import { temporary } from './fixtures.ts';
import { type KeepBench, keepCompliance } from './keep-compliance.ts';
import { ownFiles } from './own-files.ts';

function benchIn(folder: string): KeepBench {
  const keep = ownFiles({
    role: 'relay',
    clock: realClock,
    localAddress: '127.74.0.2',
    folder,
    freeBytes: () => 1e12,
  });
  return { keep, restart: async () => benchIn(folder) };
}

keepCompliance('files', async (t: TestContext) => benchIn(temporary(t)));
