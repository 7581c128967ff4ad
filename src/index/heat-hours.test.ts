import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { Index } from './index.ts';

const HOUR_MS = 3_600_000;
const START_MS = 500_000 * HOUR_MS;
const A = 'a'.repeat(40) as InfoHash;
const B = 'b'.repeat(40) as InfoHash;

test('clients and bytes are kept by the hour for a week, each torrent’s with it, whatever the clock does', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-hours-'));
  const index = Index.open(join(folder, 'index.db'), silentLog);
  t.after(() => {
    index.close();
    rmSync(folder, { recursive: true });
  });
  for (const infoHash of [A, B]) index.putTask({ infoHash, addedAtMs: START_MS });
  index.heats.visited(A, START_MS + 5);
  index.addTraffic(A, 100, 7, START_MS + 10);
  index.addTraffic(A, 50, 0, START_MS + HOUR_MS - 1);
  index.addTraffic(A, 0, 9, START_MS + HOUR_MS);
  index.addTraffic(A, 1, 0, START_MS + 2 * HOUR_MS);
  index.addTraffic(B, 3, 0, START_MS + 2 * HOUR_MS);
  const now = START_MS + 3 * HOUR_MS;
  assert.deepEqual(index.hours.of(A, now), [
    { fromMs: START_MS, clients: 1, servedBytes: 150 },
    { fromMs: START_MS + 2 * HOUR_MS, clients: 0, servedBytes: 1 },
  ]);
  assert.equal(index.hours.of(B, now).length, 1);
  // A clock that ran ahead and was set back leaves nothing that is never deleted.
  index.addTraffic(A, 9, 0, START_MS + 9_000 * HOUR_MS);
  index.addTraffic(A, 4, 0, START_MS + 4 * HOUR_MS);
  assert.deepEqual(
    index.hours.of(A, START_MS + 4 * HOUR_MS).map(({ servedBytes }) => servedBytes),
    [4],
  );
  for (let hour = 5; hour < 400; hour++) index.addTraffic(A, 1, 0, START_MS + hour * HOUR_MS);
  assert.equal(index.hours.of(A, START_MS + 399 * HOUR_MS).length, 168);
  index.removeTask(A);
  assert.deepEqual(index.hours.of(A, START_MS + 399 * HOUR_MS), []);
});
