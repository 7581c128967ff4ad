import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './config.ts';
import { waitingForRestart, withReread } from './reread-settings.ts';

const least = { lan: 'eth0', wan: 'eth1', dataDir: '/d' };
const config = (over: object) => parseConfig(JSON.stringify({ ...least, ...over }));

test('budgets and disks change while the daemon runs, everything else with a restart, and is named', () => {
  const running = config({ block: ['a'.repeat(40)] });
  const file = config({ uplink: { dayGB: 5 }, prefill: { hours: [] }, disks: ['/x'], scrubMBps: 0, seats: 3 });
  assert.deepEqual(waitingForRestart(running, file), ['seats', 'block']);
  const after = withReread(running, file);
  const { uplink, prefill, disks, scrubMBps } = file;
  assert.deepEqual(after, { ...running, uplink, prefill, disks, scrubMBps });
});

test('nothing waits when nothing else has changed, a setting that was left out included', () => {
  const running = config({ allow: ['a'.repeat(40)] });
  assert.deepEqual(waitingForRestart(running, config({ allow: ['A'.repeat(40)], trace: true })), []);
  assert.deepEqual(waitingForRestart(running, config({})), ['allow']);
});
