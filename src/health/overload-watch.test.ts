import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { OverloadWatch, type OverloadWorld } from './overload-watch.ts';

const QUIET = { recognising: 0, spliced: 0, unsentBytes: 0, reads: 0, unverifiedBytes: 0 };

test('a box with as many clients as it was told to serve refuses the next at once, and steers no more from the next look on', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const box = { clients: 0, steers: true, shed: 0 };
  const world: OverloadWorld = {
    load: () => QUIET,
    clients: () => box.clients,
    steer: (on) => {
      box.steers = on;
    },
    shed: (clients) => {
      box.shed += clients;
      return clients;
    },
  };
  const watch = new OverloadWatch({ clients: 3, cacheBytes: 0, log: silentLog }, world);
  t.after(() => watch.close());
  watch.start();
  t.mock.timers.tick(HEALTH_LIMITS.overload.everyMs);
  assert.deepEqual([watch.refuses, box.steers, watch.view().level], [false, true, 'calm']);
  box.clients = 3;
  assert.deepEqual([watch.refuses, watch.refusesDiverted, watch.bears, box.steers], [true, true, 0, true]);
  t.mock.timers.tick(HEALTH_LIMITS.overload.everyMs);
  const { level, why, sinceMs } = watch.view();
  assert.deepEqual([watch.refuses, box.steers, level, why], [true, false, 'busy', 'clients']);
  assert.ok(sinceMs);
  box.clients = 0;
  t.mock.timers.tick(HEALTH_LIMITS.overload.everyMs);
  assert.deepEqual([watch.refuses, box.steers, box.shed], [true, false, 0], 'not before it was quiet for a while');
  assert.deepEqual([watch.refusesDiverted, watch.bears], [false, 3], 'what was diverted already is taken');
});

test('how many clients are served at most, and how much memory pieces take, may change at any time', (t) => {
  const world: OverloadWorld = { load: () => QUIET, clients: () => 5, steer: () => {}, shed: (n) => n };
  const watch = new OverloadWatch({ clients: 5, cacheBytes: 0, log: silentLog }, world);
  t.after(() => watch.close());
  assert.deepEqual([watch.refuses, watch.bears], [true, 0]);
  watch.change({ clients: 7, cacheBytes: 0 });
  assert.deepEqual([watch.refuses, watch.bears], [false, 2]);
  watch.change({ clients: 7, cacheBytes: Number.MAX_SAFE_INTEGER });
  assert.equal(watch.refuses, true, 'no memory is left for clients');
});
