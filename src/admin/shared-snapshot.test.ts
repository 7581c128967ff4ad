import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logTo } from '#base/log.ts';
import type { BoxSnapshot } from './contract.ts';
import { emptyBox, fakeClient, fakeTask } from './fixtures.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { SharedSnapshot } from './shared-snapshot.ts';
import { trimSnapshot } from './snapshot-trim.ts';

test('one snapshot a second, whoever asks', () => {
  let ms = 0;
  let made = 0;
  const shared = new SharedSnapshot(
    { snapshot: () => emptyBox({ nowMs: ++made }), history: () => [] },
    logTo(() => {}),
    () => ms,
  );
  const first = shared.json();
  ms = 900;
  assert.equal(shared.json(), first);
  ms = 1000;
  assert.notEqual(shared.json(), first);
  assert.equal(made, 2);
});

test('a box that cannot tell its state is missed and told once a minute', () => {
  let ms = 0;
  const told: string[] = [];
  const world = {
    history: () => [],
    snapshot(): BoxSnapshot {
      throw new Error('no index');
    },
  };
  const shared = new SharedSnapshot(
    world,
    logTo((line) => told.push(`${line.event} ${line.fields.why}`)),
    () => ms,
  );
  for (ms = 0; ms < 59_000; ms += 1000) assert.equal(shared.json(), undefined);
  assert.deepEqual(told, ['snapshot-failed no index']);
});

test('however large the world, what is sent is bounded and says what it left out', () => {
  const clients = Array.from({ length: 300 }, (_, i) =>
    fakeClient({ endpoint: `10.0.${i >> 8}.${i & 255}:6881`, name: '名'.repeat(5000) }),
  );
  const tasks = Array.from({ length: 1000 }, (_, i) =>
    fakeTask({
      infoHash: String(i).padStart(40, '0'),
      name: '\u{1F600}'.repeat(4000),
      clients: i < 500 ? [] : clients,
    }),
  );
  const sent = trimSnapshot(emptyBox({ tasks }));
  assert.equal(sent.tasks.length, ADMIN_LIMITS.tasks);
  assert.equal(sent.omittedTasks, 800);
  assert.deepEqual(sent.tasks[0]?.omitted, { clients: 250, origins: 0 });
  assert.ok(sent.tasks[0]?.name.isWellFormed());
  assert.ok(JSON.stringify(sent).length < 2_000_000, String(JSON.stringify(sent).length));
  assert.equal(trimSnapshot(emptyBox({ tasks: [fakeTask()] })).tasks[0]?.omitted, undefined);
});
