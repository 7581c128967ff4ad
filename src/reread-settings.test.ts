import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './config.ts';
import { waitingForRestart, withReread } from './reread-settings.ts';

const least = { lan: 'eth0', wan: 'eth1', dataDir: '/d' };
const config = (over: object) => parseConfig(JSON.stringify({ ...least, ...over }));

test('most settings change while the daemon runs, the others with a restart, and are named', () => {
  const running = config({ allow: ['a'.repeat(40)], floorMiB: 9 });
  const changed = { uplink: { dayGB: 5 }, prefill: { hours: [] }, disks: ['/x'], scrubMBps: 0, seats: 3, cacheMiB: 1 };
  const file = config({ ...changed, listenPort: 7001 });
  assert.deepEqual(waitingForRestart(running, file), ['listenPort', 'floorMiB']);
  const after = withReread(running, file);
  assert.deepEqual(after, config({ ...changed, floorMiB: 9 }));
  assert.ok(!('allow' in after), 'what was left out of the file is left out');
});

test('nothing waits when nothing else has changed, a setting that was left out included', () => {
  const running = config({ volatileDir: '/v', block: ['a'.repeat(40)] });
  assert.deepEqual(waitingForRestart(running, config({ volatileDir: '/v', block: ['A'.repeat(40)], trace: true })), []);
  assert.deepEqual(waitingForRestart(running, config({})), ['volatileDir']);
});
