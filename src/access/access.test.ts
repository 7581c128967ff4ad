import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccessData, parseAccess } from './access-data.ts';
import type { Caller } from './caller.ts';
import { setCookie } from './cookies.ts';
import { boxIn, handClock, PASSWORD, seat, tempFolder } from './fixtures.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { SignedIn } from './sign-in.ts';

const inside = (entered: SignedIn | Refusal): SignedIn => {
  assert.ok(!isRefusal(entered), JSON.stringify(entered));
  return entered;
};
const why = (value: unknown): string => (isRefusal(value) ? value.refused : 'done');
const cookieOf = (secret: string) => setCookie(secret, 'plain').split(';')[0] as string;
const askerOf = ({ access }: Awaited<ReturnType<typeof boxIn>>, secret: string): Caller =>
  access.doors.asker({ cookie: cookieOf(secret), address: '192.0.2.7', via: 'plain' });

test('accounts, tokens and sessions are there after a restart, in files of the daemon alone', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  let secret: string;
  let token: string;
  {
    await using box = await boxIn(folder.path, clock);
    assert.equal(box.access.register.state, 'new');
    assert.equal(why(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat())), 'not-set-up');
    ({ secret } = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat())));
    const made = await box.access.tokens.make({ name: 'script', right: 'operate' }, askerOf(box, secret));
    assert.ok(!isRefusal(made));
    ({ token } = made);
  }
  await using box = await boxIn(folder.path, clock);
  assert.equal(askerOf(box, secret).name, 'ada');
  assert.equal(askerOf(box, secret).right, 'administer');
  const script = box.access.doors.asker({ authorization: `Bearer ${token}`, address: '192.0.2.8', via: 'tls' });
  assert.deepEqual([script.kind, script.name, script.right], ['token', 'token:script', 'operate']);
  for (const name of await readdir(folder.path)) {
    assert.equal((await stat(join(folder.path, name))).mode & 0o777, 0o600, name);
    const text = await readFile(join(folder.path, name), 'utf8');
    for (const hidden of [secret, token, PASSWORD]) assert.ok(!text.includes(hidden), name);
  }
});

test('a session ends when nobody comes, when it is old, and with another password; a guess is none', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await boxIn(folder.path, clock);
  const first = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  clock.atMs += ACCESS_LIMITS.sessionIdleMs - 1000;
  assert.equal(askerOf(box, first.secret).name, 'ada');
  clock.atMs += ACCESS_LIMITS.sessionIdleMs + 1000;
  assert.equal(askerOf(box, first.secret).name, '');

  const second = inside(await box.access.signIn.signIn({ name: 'ADA', password: PASSWORD }, seat()));
  const endMs = clock.atMs + ACCESS_LIMITS.sessionMs;
  while (clock.atMs < endMs) {
    assert.equal(askerOf(box, second.secret).name, 'ada');
    clock.atMs += ACCESS_LIMITS.sessionIdleMs / 2;
  }
  clock.atMs += 1;
  assert.equal(askerOf(box, second.secret).name, '');

  const third = inside(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
  const fourth = inside(
    await box.access.signIn.changePassword('ada', { old: PASSWORD, new: 'another horse battery' }, seat()),
  );
  assert.equal(askerOf(box, third.secret).name, '');
  assert.equal(askerOf(box, fourth.secret).name, 'ada');
  assert.equal(why(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat())), 'wrong-password');
  fc.assert(fc.property(fc.string(), (guess) => askerOf(box, guess).right === undefined));
});

test('a password that was changed ends sessions though the file of sessions came back', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  const kept = join(folder.path, 'sessions.json');
  let secret: string;
  {
    await using box = await boxIn(folder.path, clock);
    ({ secret } = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat())));
  }
  const before = await readFile(kept);
  {
    await using box = await boxIn(folder.path, clock);
    await box.access.signIn.changePassword('ada', { old: PASSWORD, new: 'another horse battery' }, seat());
  }
  await writeFile(kept, before);
  await using box = await boxIn(folder.path, clock);
  assert.equal(askerOf(box, secret).name, '');
});

test('a page that listens is in use, and its session goes on', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await boxIn(folder.path, clock);
  const { secret } = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  const listener = askerOf(box, secret);
  for (let hours = 0; hours < 48; hours += 6) {
    assert.ok(box.access.doors.mayStay(listener));
    clock.atMs += 6 * 3_600_000;
  }
  assert.equal(askerOf(box, secret).name, 'ada');
  clock.atMs += ACCESS_LIMITS.sessionMs;
  assert.ok(!box.access.doors.mayStay(listener));
});

test('who is right each time is never locked out, nor who is asked for the code again and again', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const { signIn, register } = box.access;
  inside(await signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  for (let at = 0; at < 25; at++) inside(await signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
  await register.change((data) => ({
    ...data,
    accounts: data.accounts.map((account) => ({ ...account, totp: 'A'.repeat(32) })),
  }));
  for (let at = 0; at < 25; at++)
    assert.equal(why(await signIn.signIn({ name: 'ada', password: PASSWORD }, seat())), 'code-needed');
  // Two at the same moment from one place: one of them waits.
  const both = await Promise.all([0, 1].map(() => signIn.signIn({ name: 'ada', password: PASSWORD }, seat())));
  assert.deepEqual(both.map(why), ['code-needed', 'busy']);
});

test('only so many sessions are kept, of one account and of all, and those seen last', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await boxIn(folder.path, clock);
  const { sessions } = box.access.presence;
  const first = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  for (let at = 0; at < 1000; at++) {
    clock.atMs += 1000;
    sessions.begin(
      { account: `account${at % 3}`, credential: '', address: '', userAgent: 'x'.repeat(9999) },
      clock.atMs,
    );
  }
  assert.equal(sessions.list(clock.atMs).length, 3 * ACCESS_LIMITS.sessionsPerAccount + 1);
  assert.equal(askerOf(box, first.secret).name, 'ada');
  for (let at = 0; at < 1000; at++) {
    clock.atMs += 1000;
    sessions.begin({ account: `other${at}`, credential: '', address: '', userAgent: '' }, clock.atMs);
  }
  assert.equal(sessions.list(clock.atMs).length, ACCESS_LIMITS.sessions);
  assert.equal(askerOf(box, first.secret).name, '');
  await box.access.presence.flush();
  await using again = await boxIn(folder.path, clock);
  assert.equal(again.access.presence.sessions.list(clock.atMs).length, ACCESS_LIMITS.sessions);
});

test('the csrf token is of one session, and is asked for by its own cookie alone', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const one = inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  const other = inside(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
  const { doors } = box.access;
  const token = doors.csrfTokenOf(one.sessionId);
  assert.ok(doors.csrfHolds(askerOf(box, one.secret), token));
  assert.ok(!doors.csrfHolds(askerOf(box, other.secret), token));
  assert.ok(!doors.csrfHolds(askerOf(box, one.secret), undefined));
  assert.ok(!doors.csrfHolds(doors.guest({ address: '', via: 'plain' }), token));
});

test('the last administrator stays one, and whoever is removed is out at once, with every token', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const { accounts, signIn, tokens, doors } = box.access;
  inside(await signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  assert.equal(why(await accounts.change('ada', { right: 'look' })), 'last-administrator');
  assert.equal(why(await accounts.remove('ADA')), 'last-administrator');
  assert.equal(why(await accounts.add({ name: 'Ada', password: 'x y z some words', right: 'look' })), 'conflict');
  assert.equal(why(await accounts.add({ name: 'bob', password: 'bob1234567', right: 'look' })), 'weak-password');
  assert.equal(why(await accounts.add({ name: 'bob', password: 'x y z some words', right: 'administer' })), 'done');
  const bob = inside(await signIn.signIn({ name: 'bob', password: 'x y z some words' }, seat('192.0.2.9')));
  const made = await tokens.make({ name: 'of bob', right: 'administer' }, askerOf(box, bob.secret));
  assert.ok(!isRefusal(made));
  // Nobody hands on more than they have.
  const more = await tokens.make({ name: 'more', right: 'administer' }, { ...askerOf(box, bob.secret), right: 'look' });
  assert.ok(!isRefusal(more) && more.kept.right === 'look');
  const script = () => doors.asker({ authorization: `Bearer ${made.token}`, address: '', via: 'plain' });
  const listener = script();
  assert.ok(doors.mayStay(listener));
  // A token does what its maker may now.
  await accounts.change('bob', { right: 'look' });
  assert.equal(script().right, 'look');
  assert.equal(askerOf(box, bob.secret).right, 'look');
  assert.ok(!doors.mayStay(listener));
  assert.equal(why(await accounts.remove('bob')), 'done');
  assert.equal(script().right, undefined);
  assert.equal(askerOf(box, bob.secret).right, undefined);
  // Nor do they come back with somebody else of the same name.
  assert.equal(why(await accounts.add({ name: 'bob', password: 'p q r some words', right: 'administer' })), 'done');
  assert.deepEqual([script().right, askerOf(box, bob.secret).right], [undefined, undefined]);
  assert.equal(
    why(await signIn.signIn({ name: 'bob', password: 'x y z some words' }, seat('192.0.2.9'))),
    'wrong-password',
  );
});

test('accounts that nobody can read let nobody in: not as before, and not to begin anew', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'access.json');
  const clock = handClock();
  {
    await using box = await boxIn(folder.path, clock);
    await box.access.signIn.setUp({ name: 'ada', password: PASSWORD, guestsMayLook: true }, seat());
  }
  const whole = await readFile(path, 'utf8');
  const later = whole.replace('"version": 1', '"version": 2');
  for (const text of ['', '{}', 'null', '[]', whole.slice(0, -20), whole.replace('administer', 'look'), later]) {
    await writeFile(path, text);
    await using box = await boxIn(folder.path, clock);
    assert.equal(box.access.register.state, 'damaged', text.slice(0, 40));
    assert.ok(box.lines.some(({ event }) => event === 'access-file-damaged'));
    assert.equal(
      why(await box.access.signIn.setUp({ name: 'eve', password: PASSWORD }, seat('', 'tls'))),
      'not-available',
    );
    assert.equal(why(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat())), 'not-available');
    assert.equal(box.access.doors.guest({ address: '', via: 'tls' }).right, undefined);
    assert.equal(await readFile(path, 'utf8'), text);
  }
  {
    await rm(path);
    await mkdir(path);
    await using box = await boxIn(folder.path, clock);
    assert.equal(box.access.register.state, 'damaged');
    await rm(path, { recursive: true });
  }
  await writeFile(path, 'oh no');
  await using box = await boxIn(folder.path, clock);
  inside(await box.access.signIn.setUp({ name: 'eve', password: PASSWORD }, seat('local', 'socket')));
  const aside = (await readdir(folder.path)).find((name) => name.startsWith('access.json.damaged-'));
  assert.equal(await readFile(join(folder.path, aside as string), 'utf8'), 'oh no');
  inside(await box.access.signIn.signIn({ name: 'eve', password: PASSWORD }, seat()));
});

test('two who set up at the same moment: one of them does', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const both = await Promise.all(
    ['ada', 'eve'].map((name) => box.access.signIn.setUp({ name, password: PASSWORD }, seat())),
  );
  assert.deepEqual(both.map(why).sort(), ['already-set-up', 'done']);
  assert.equal(box.access.register.data.accounts.length, 1);
});

test('a file in the way of the draft: nothing is changed in memory either', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  inside(await box.access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  await mkdir(join(folder.path, 'access.json.new'));
  assert.equal(why(await box.access.accounts.add({ name: 'bob', password: PASSWORD, right: 'look' })), 'failed');
  assert.deepEqual(
    box.access.register.data.accounts.map(({ name }) => name),
    ['ada'],
  );
  // Signing in needs no disk.
  inside(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
});

test('a backup of the secrets lets the same people into another box, and nobody who was there before', async () => {
  await using here = await tempFolder();
  await using there = await tempFolder();
  await using box = await boxIn(here.path);
  const { signIn, tokens } = box.access;
  const ada = inside(await signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  const made = await tokens.make({ name: 'script', right: 'look', days: 3 }, askerOf(box, ada.secret));
  assert.ok(!isRefusal(made));
  const text = box.access.exportSecrets();

  await using other = await boxIn(there.path);
  const eve = inside(await other.access.signIn.setUp({ name: 'eve', password: PASSWORD }, seat()));
  for (const wrong of ['', '{}', 'null', '{"version":1,"access":{}}', text.replace('argon2id', 'argon2x')])
    assert.equal(why(await other.access.importSecrets(wrong)), 'not-a-backup');
  assert.equal(askerOf(other, eve.secret).name, 'eve');
  assert.equal(why(await other.access.importSecrets(text)), 'done');
  assert.equal(askerOf(other, eve.secret).name, '');
  inside(await other.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
  const script = other.access.doors.asker({ authorization: `bearer ${made.token}`, address: '', via: 'tls' });
  assert.equal(script.right, 'look');
  await fc.assert(
    fc.asyncProperty(fc.json(), async (json) => {
      assert.equal(why(await other.access.importSecrets(json)), 'not-a-backup');
    }),
    { numRuns: 50 },
  );
});

test('accounts that a later version says can be read here let the same people in, and what is not known here stays', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'access.json');
  const clock = handClock();
  {
    await using box = await boxIn(folder.path, clock);
    await box.access.signIn.setUp({ name: 'ada', password: PASSWORD, guestsMayLook: true }, seat('', 'socket'));
  }
  const whole = JSON.parse(await readFile(path, 'utf8'));
  const [ada] = whole.accounts;
  const later = { ...whole, version: 2, readableFrom: 1, more: [1], accounts: [{ ...ada, colour: 'blue' }] };
  await writeFile(path, JSON.stringify(later));
  {
    await using box = await boxIn(folder.path, clock);
    inside(await box.access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat()));
    await box.access.accounts.add({ name: 'bob', password: PASSWORD, right: 'look' });
    await box.access.accounts.change('ada', { password: `${PASSWORD}!` });
    assert.equal(box.lines.length, 0);
  }
  const { accounts, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  assert.deepEqual([rest.version, rest.readableFrom, rest.more], [2, 1, [1]]);
  assert.deepEqual(
    accounts.map(({ name, colour }: Record<string, unknown>) => [name, colour]),
    [
      ['ada', 'blue'],
      ['bob', undefined],
    ],
  );
  for (const bad of [{ readableFrom: 2 }, { readableFrom: undefined }, { version: 1 }, { accounts: [{ colour: 1 }] }])
    assert.ok('damaged' in parseAccess(JSON.stringify({ ...later, ...bad })));
});

test('whatever access.json says, it is accounts or damaged', () => {
  const good: AccessData = { version: 1, accounts: [], tokens: [], guestsMayLook: false };
  assert.ok('damaged' in parseAccess(JSON.stringify(good)));
  fc.assert(fc.property(fc.string(), (text) => 'damaged' in parseAccess(text)));
  fc.assert(fc.property(fc.json(), (text) => 'damaged' in parseAccess(text)));
});

test('of those who set the box up at the same moment one is in, and stays in', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const { signIn } = box.access;
  // More than are hashed at a time: the last comes when the first is in.
  const all = await Promise.all(
    ['ada', 'bob', 'eve', 'joe', 'kim'].map((name) => signIn.setUp({ name, password: PASSWORD }, seat())),
  );
  const [entered, ...others] = all.flatMap((one) => (isRefusal(one) ? [] : [one]));
  assert.equal(others.length, 0);
  assert.ok(entered);
  assert.equal(askerOf(box, entered.secret).name, entered.account.name);
});

test('nothing is remembered of a token that was removed', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const { signIn, tokens, doors, presence } = box.access;
  const ada = inside(await signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  const made = await tokens.make({ name: 'script', right: 'look' }, askerOf(box, ada.secret));
  assert.ok(!isRefusal(made));
  doors.asker({ authorization: `Bearer ${made.token}`, address: '', via: 'tls' });
  assert.notEqual(presence.seenAtMs(made.kept.id), undefined);
  assert.equal(await tokens.remove(made.kept.id), undefined);
  assert.equal(presence.seenAtMs(made.kept.id), undefined);
  assert.notEqual(presence.seenAtMs('ada'), undefined);
});

test('a new password is not given to whoever has the name by now', async () => {
  await using folder = await tempFolder();
  await using box = await boxIn(folder.path);
  const { signIn, accounts, register } = box.access;
  inside(await signIn.setUp({ name: 'ada', password: PASSWORD }, seat()));
  await accounts.add({ name: 'bob', password: PASSWORD, right: 'look' });
  const change = register.change.bind(register);
  register.change = async (step) => {
    register.change = change;
    await accounts.remove('bob');
    await accounts.add({ name: 'bob', password: 'the new bob has this', right: 'operate' });
    return change(step);
  };
  const words = { old: PASSWORD, new: 'another good password' };
  assert.equal(why(await signIn.changePassword('bob', words, seat())), 'conflict');
  inside(await signIn.signIn({ name: 'bob', password: 'the new bob has this' }, seat()));
});
