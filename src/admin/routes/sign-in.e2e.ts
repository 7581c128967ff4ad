import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handClock, PASSWORD, tempFolder } from '#access/fixtures.ts';
import { openBox, setUp } from './fixtures.ts';

test('a thousand wrong passwords lock out who sent them, and the right one from elsewhere is let in', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await openBox(folder.path, clock);
  await setUp(box);
  box.address.now = '198.51.100.66';
  const whys = new Map<string, number>();
  for (let at = 0; at < 1000; at++) {
    clock.atMs += 50;
    const { why = '' } = await box.signIn('ada', `wrong password ${at}`);
    whys.set(why, (whys.get(why) ?? 0) + 1);
  }
  assert.ok((whys.get('wrong-password') ?? 0) < 15, JSON.stringify([...whys]));
  assert.equal((whys.get('wrong-password') ?? 0) + (whys.get('locked') ?? 0), 1000);
  // Locked out means the right one as well.
  const said = await box.ask('POST', '/api/session', { name: 'ada', password: PASSWORD });
  assert.deepEqual([said.status, said.body.why], [429, 'locked']);
  assert.ok((said.body.waitMs ?? 0) > 0 && (said.body.waitMs ?? 0) <= 900_000);
  const before = clock.atMs;
  box.address.now = '198.51.100.67';
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
  assert.ok(clock.atMs - before <= 3000);
  // And the sender too, once it waited as long as was said.
  box.address.now = '198.51.100.66';
  clock.atMs += said.body.waitMs ?? 0;
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
});
