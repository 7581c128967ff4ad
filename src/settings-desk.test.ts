import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { openKeeper, settingsFolder } from '#settings/fixtures.ts';
import type { DiskState } from '#store/disk.ts';
import { type Config, configOf } from './config.ts';
import type { Place } from './page-doors.ts';
import { withReread } from './reread-settings.ts';
import { changeFor, openSettingsDesk } from './settings-desk.ts';

/** A house in which disks can be broken; it writes down what it is told. */
async function house(t: TestContext) {
  const folder = settingsFolder(t);
  const { keeper, clock, change } = await openKeeper(folder.path);
  const scope = new Scope(assert.ifError);
  t.after(() => scope.close());
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const told = { places: [] as Place[], settled: 0, restarts: [] as string[] };
  const broken = new Set<string>();
  const disks = [{ path: '/d', id: 'id', state: 'good' as DiskState }];
  let config: Config = configOf(keeper.given);
  const desk = openSettingsDesk(
    {
      keeper,
      version: '1',
      clock: { nowMs: () => clock.ms },
      log: silentLog,
      running: () => config,
      live: async (wanted) => {
        config = withReread(config, wanted);
        return wanted.disks.filter((path) => broken.has(path)).map((path) => ({ path, why: 'it is not there' }));
      },
      doors: {
        open: async (place) => {
          if ('host' in place && place.host === '192.0.2.1') throw new Error('the address is not here');
          told.places.push(place);
        },
        settle: async () => {
          told.settled++;
        },
      },
      disks: () => disks,
      forgets: ['access.json'],
      exportSecrets: () => undefined,
      checkSecrets: () => undefined,
      importSecrets: async () => undefined,
      decisions: () => '',
      takeDecisions: async () => {},
      orders: () => [],
      addOrders: () => 0,
      restart: (why) => void told.restarts.push(why),
    },
    scope,
  );
  const whyNot = async (values: Record<string, unknown>): Promise<string> => {
    const outcome = await change(values);
    return outcome.kind === 'refused' ? outcome.text : 'done';
  };
  return { ...folder, keeper, clock, desk, told, broken, disks, whyNot, running: () => config };
}

test('a disk that cannot be used is refused where it is set; one of the file stops no other change', async (t) => {
  const { whyNot, broken, running, write, least, keeper } = await house(t);
  broken.add('/broken');
  assert.match(await whyNot({ disks: ['/broken'] }), /the disk \/broken cannot be used: it is not there/);
  assert.deepEqual(running().disks, []);
  write({ ...least, disks: ['/broken'] });
  await keeper.reread();
  assert.equal(await whyNot({ seats: 3 }), 'done');
  assert.deepEqual([running().disks, running().seats], [['/broken'], 3]);
});

test('what needs a restart and a confirmation restarts the daemon by itself; what needs a restart alone waits, and a file does', async (t) => {
  const { whyNot, told, desk, write, read, keeper } = await house(t);
  assert.equal(await whyNot({ floorMiB: 600 }), 'done');
  t.mock.timers.tick(5_000);
  assert.deepEqual([told.restarts, desk.waitingForRestart()], [[], ['floorMiB']]);
  assert.equal(await whyNot({ lan: 'eth7' }), 'done');
  assert.deepEqual(told.restarts, [], 'the answer leaves first');
  t.mock.timers.tick(5_000);
  assert.deepEqual(told.restarts, ['settings']);
  assert.ok(keeper.unconfirmed);
  write({ ...read(), wan: 'eth9' });
  await keeper.reread();
  t.mock.timers.tick(5_000);
  assert.equal(told.restarts.length, 1);
});

test('the page moves before it is confirmed, and the old place is left after that', async (t) => {
  const { whyNot, told, keeper, running } = await house(t);
  assert.match(await whyNot({ admin: { host: '192.0.2.1', port: 80 } }), /taken back: the address is not here/);
  const settled = told.settled;
  const admin = { host: '127.0.0.9', port: 81 };
  assert.equal(await whyNot({ admin }), 'done');
  assert.deepEqual([told.places.at(-1), told.settled, running().admin], [admin, settled, admin]);
  assert.deepEqual(keeper.unconfirmed?.addresses, ['http://127.0.0.9:81/']);
  await keeper.confirm(keeper.unconfirmed?.token ?? '');
  assert.equal(told.settled, settled + 1);
});

test('a reset is written down before the daemon ends, and one that cannot be is told of', async (t) => {
  const { desk, told, data } = await house(t);
  assert.equal(await desk.reset('keep', 'root'), undefined);
  const order = JSON.parse(readFileSync(join(data, 'factory-reset.json'), 'utf8'));
  assert.deepEqual(order.disks, [{ path: '/d', id: 'id' }]);
  assert.deepEqual(order.forget, ['access.json']);
  t.mock.timers.tick(5_000);
  assert.deepEqual(told.restarts, ['factory-reset']);
  rmSync(data, { recursive: true });
  assert.match((await desk.reset('wipe', 'root'))?.text ?? '', /could not be written down/);
  t.mock.timers.tick(5_000);
  assert.deepEqual([told.restarts.length, existsSync(data)], [1, false]);
});

test('a disk that is not here is not silently left as it is', async (t) => {
  const { desk, told, data, disks } = await house(t);
  disks.push({ path: '/away', id: 'other', state: 'gone' });
  const trouble = await desk.reset('wipe', 'root');
  assert.deepEqual([trouble?.why, trouble?.fields?.[0]?.detail], ['conflict', { disks: '/away' }]);
  t.mock.timers.tick(5_000);
  assert.deepEqual([told.restarts, existsSync(join(data, 'factory-reset.json'))], [[], false]);
  assert.equal(await desk.reset('keep', 'root'), undefined);
});

test('another part of the house changes a setting, also after somebody has edited the file', async (t) => {
  const { keeper, write, least, read, broken } = await house(t);
  write({ ...least, seats: 9 });
  assert.equal(await changeFor(keeper, { disks: ['/new'] }, 'root'), undefined);
  assert.deepEqual([read().seats, read().disks], [9, ['/new']]);
  broken.add('/broken');
  assert.match((await changeFor(keeper, { disks: ['/new', '/broken'] }, 'root')) ?? '', /cannot be used/);
  assert.deepEqual(read().disks, ['/new']);
});
