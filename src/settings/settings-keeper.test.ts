import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKeeper, settingsFolder } from './fixtures.ts';
import { HISTORY_LIMITS } from './history.ts';
import { SettingsKeeper } from './settings-keeper.ts';
import { WINDOW_MS } from './unconfirmed.ts';

const MOVED = { host: '10.0.0.1', port: 80 };

test('a change is written, applied and told of; what the file had stays in it, and defaults do not come in', async (t) => {
  const { path, read, data } = settingsFolder(t, { seats: 32 });
  chmodSync(path, 0o640);
  const { keeper, daemon, change } = await openKeeper(path);
  assert.equal(keeper.revision, 1);
  assert.deepEqual(await change({ scrubMBps: 9, seats: 32, evict: true }, 'slower'), { kind: 'done', revision: 2 });
  assert.deepEqual(read(), { lan: 'eth0', wan: 'eth1', dataDir: data, seats: 32, scrubMBps: 9 });
  assert.match(readFileSync(path, 'utf8'), /^\{\n {2}"lan": "eth0",\n/);
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(daemon.applied, [read()]);
  await change({ scrubMBps: null, seats: null });
  assert.deepEqual(read(), { lan: 'eth0', wan: 'eth1', dataDir: data });
  const [last, slower, start] = keeper.history();
  assert.deepEqual([start?.kind, start?.changed], ['start', []]);
  assert.deepEqual([slower?.who, slower?.note, slower?.changed], ['root', 'slower', [{ path: 'scrubMBps', after: 9 }]]);
  assert.equal(last?.changed.length, 2);
  assert.deepEqual(keeper.diff(2, 1), [{ path: 'scrubMBps', before: 9, after: 4 }]);
  assert.equal(keeper.diff(2, 99), undefined);
});

test('of two who change the same revision the second looks again; a change that changes nothing is none', async (t) => {
  const { path, read } = settingsFolder(t);
  const { keeper, daemon } = await openKeeper(path);
  const both = await Promise.all([
    keeper.change({ revision: 1, values: { seats: 1 } }, 'a'),
    keeper.change({ revision: 1, values: { seats: 2 } }, 'b'),
  ]);
  assert.deepEqual(
    both.map((o) => (o.kind === 'done' ? o.revision : o.why)),
    [2, 'stale'],
  );
  assert.deepEqual(await keeper.change({ revision: 2, values: { seats: 1, trace: true } }, 'c'), {
    kind: 'done',
    revision: 2,
  });
  assert.deepEqual([read().seats, daemon.applied.length], [1, 1]);
});

test('what cannot be used is told field by field, and nothing changes', async (t) => {
  const { path, read } = settingsFolder(t);
  const before = read();
  const { keeper, daemon, change } = await openKeeper(path);
  const paths = (values: Record<string, unknown>) =>
    keeper.check({ values }).map(({ path: at, code }) => `${at} ${code}`);
  assert.deepEqual(paths({ seats: 5 }), []);
  assert.deepEqual(paths({ seats: -1, slotz: 1 }), ['seats too-small', 'slotz unknown-field']);
  assert.deepEqual(paths({ slotz: null }), ['slotz unknown-field']);
  assert.deepEqual(paths({ lan: null }), ['lan missing']);
  assert.deepEqual(paths({ wan: 'eth0' }), ['wan conflict']);
  assert.deepEqual(paths({ dataDir: '/elsewhere' }), ['dataDir file-only']);
  assert.deepEqual(paths({ dataDir: null }), ['dataDir file-only']);
  assert.deepEqual(paths(JSON.parse('{"constructor": null}')), ['constructor unknown-field']);
  assert.deepEqual(paths(JSON.parse('{"__proto__": {"seats": 3}}')), ['__proto__ unknown-field']);
  const outcome = await change({ uplink: { hours: [{ from: '1', to: '2', mbps: 3 }] } });
  assert.deepEqual(outcome.kind === 'refused' && outcome.why, 'invalid');
  const elsewhere = await change({ dataDir: '/elsewhere' });
  assert.match(elsewhere.kind === 'refused' ? elsewhere.text : '', /"dataDir" is changed in the settings' file alone/);
  assert.deepEqual(read(), before);
  assert.deepEqual([keeper.revision, daemon.applied.length], [1, 0]);
});

test('what cannot be applied is taken back, in the file, in the daemon and in the history', async (t) => {
  const { path, read } = settingsFolder(t);
  const before = read();
  const { keeper, daemon, change } = await openKeeper(path);
  daemon.fails = (given) => given.disks !== undefined;
  const outcome = await change({ disks: ['/nowhere'] });
  assert.match(
    outcome.kind === 'refused' ? outcome.text : '',
    /could not be applied and was taken back: it does not go/,
  );
  assert.deepEqual(read(), before);
  assert.deepEqual(daemon.applied, [before]);
  assert.deepEqual(
    keeper.history().map(({ kind }) => kind),
    ['reverted', 'change', 'start'],
  );
  assert.equal((await change({ seats: 3 })).kind, 'done');
});

test('what is never done applying is taken back, and holds up no other change', async (t) => {
  const { path, read } = settingsFolder(t);
  const before = read();
  const { keeper, daemon, change } = await openKeeper(path, undefined, 20);
  daemon.hangs = (given) => given.disks !== undefined;
  const outcome = await change({ disks: ['/hangs'], admin: MOVED });
  assert.match(outcome.kind === 'refused' ? outcome.text : '', /taken back: it was not done within/);
  assert.deepEqual([read(), keeper.unconfirmed], [before, undefined]);
  assert.equal((await change({ seats: 3 })).kind, 'done');
});

test('moving the page is taken back after 90 s, unless it is confirmed with its token', async (t) => {
  const { path, read } = settingsFolder(t);
  const { keeper, daemon, clock, change } = await openKeeper(path);
  const moved = await change({ admin: MOVED });
  assert.ok(moved.kind === 'done' && moved.unconfirmed);
  assert.equal(moved.unconfirmed.untilMs, clock.ms + WINDOW_MS);
  assert.deepEqual(moved.unconfirmed.addresses, [JSON.stringify(MOVED)]);
  const second = await change({ seats: 3 });
  assert.equal(second.kind === 'refused' && second.why, 'conflict');
  const wrong = await keeper.confirm('x');
  assert.equal(wrong.kind === 'refused' && wrong.why, 'not-found');
  clock.ms += WINDOW_MS - 1;
  await keeper.look();
  assert.deepEqual(read().admin, MOVED);
  clock.ms += 1;
  await keeper.look();
  assert.equal(read().admin, undefined);
  assert.deepEqual(
    daemon.applied.map(({ admin }) => admin),
    [MOVED, undefined],
  );
  assert.equal(keeper.unconfirmed, undefined);
  assert.equal(keeper.history()[0]?.kind, 'reverted');
  const again = await change({ admin: MOVED });
  assert.ok(again.kind === 'done' && again.unconfirmed);
  assert.equal((await keeper.confirm(again.unconfirmed.token)).kind, 'done');
  clock.ms += 10 * WINDOW_MS;
  await keeper.look();
  assert.deepEqual(read().admin, MOVED);
  assert.equal((await change({ admin: null, names: ['a.example'] })).kind, 'done');
  assert.equal((await keeper.takeBack('root')).kind, 'done');
  assert.deepEqual(read().admin, MOVED);
  assert.deepEqual(readdirSync(join(path, '..')).toSorted(), ['config.json', 'data']);
});

test('a daemon that starts anew in the middle goes on counting; after the time it begins with what was before', async (t) => {
  const { path, read } = settingsFolder(t);
  const first = await openKeeper(path);
  const moved = await first.change({ admin: MOVED });
  assert.ok(moved.kind === 'done' && moved.unconfirmed);
  const clock = { ms: first.clock.ms + WINDOW_MS / 2 };
  const second = await openKeeper(path, clock);
  assert.deepEqual(second.keeper.given.admin, MOVED);
  assert.equal(second.keeper.unconfirmed?.token, moved.unconfirmed.token);
  assert.equal(second.keeper.revision, 2);
  clock.ms += WINDOW_MS / 2;
  const third = await openKeeper(path, clock);
  assert.equal(third.keeper.given.admin, undefined);
  assert.equal(read().admin, undefined);
  assert.equal(third.keeper.unconfirmed, undefined);
  assert.deepEqual(
    third.keeper.history().map(({ kind }) => kind),
    ['reverted', 'change', 'start'],
  );
});

test('a clock that begins in 1970 after the restart gives it no more than the usual time', async (t) => {
  const { path } = settingsFolder(t);
  const first = await openKeeper(path, { ms: 1_800_000_000_000 });
  await first.change({ admin: MOVED });
  const { keeper, clock } = await openKeeper(path, { ms: 5_000 });
  assert.equal(keeper.unconfirmed?.untilMs, 5_000 + WINDOW_MS);
  clock.ms += WINDOW_MS;
  await keeper.look();
  assert.equal(keeper.given.admin, undefined);
});

test('who edits the file is asked first: it counts, and whoever changed the page meanwhile looks again', async (t) => {
  const { path, write, least, read } = settingsFolder(t);
  const { keeper, daemon, change } = await openKeeper(path);
  write({ ...least, seats: 7 });
  const stale = await change({ seats: 8 });
  assert.equal(stale.kind === 'refused' && stale.why, 'stale');
  assert.deepEqual(keeper.history()[0]?.changed, [{ path: 'seats', after: 7 }]);
  assert.equal(keeper.history()[0]?.kind, 'file');
  assert.equal(daemon.applied.at(-1)?.seats, 7);
  writeFileSync(path, '{');
  const broken = await change({ seats: 8 });
  assert.match(broken.kind === 'refused' ? broken.text : '', /edited, and cannot be used: it is not JSON/);
  await assert.rejects(keeper.reread(), /not JSON/);
  write({ ...least, seats: -1 });
  await assert.rejects(keeper.reread(), /"seats" must be a whole number/);
  write({ ...least, seats: 9 });
  await keeper.reread();
  assert.equal(daemon.applied.at(-1)?.seats, 9);
  await change({ admin: MOVED });
  await keeper.reread(); // nobody edited it: it still waits
  assert.ok(keeper.unconfirmed);
  write({ ...read(), seats: 10 });
  await keeper.reread();
  assert.equal(keeper.unconfirmed, undefined);
  assert.deepEqual([read().admin, read().seats], [MOVED, 10]);
});

test('what held before is restored; where pieces lie is not', async (t) => {
  const { path, read } = settingsFolder(t, { seats: 5 });
  const { keeper, change } = await openKeeper(path);
  await change({ seats: 6, pin: ['a'.repeat(40)] });
  assert.equal((await keeper.restore(1, 'root')).kind, 'done');
  assert.deepEqual([read().seats, read().pin], [5, undefined]);
  assert.equal(keeper.history()[0]?.kind, 'restore');
  const unknown = await keeper.restore(99, 'root');
  assert.equal(unknown.kind === 'refused' && unknown.why, 'not-found');
});

test('the history is bounded in rows and bytes, survives a restart, and what is broken in it', async (t) => {
  const { path, data } = settingsFolder(t);
  const file = join(data, 'settings-history.ndjson');
  const first = await openKeeper(path);
  await first.change({ seats: 99 });
  const row = JSON.parse(readFileSync(file, 'utf8').split('\n')[1] as string) as object;
  const rows = Array.from({ length: HISTORY_LIMITS.rows }, (_, i) => JSON.stringify({ ...row, revision: i + 1 }));
  writeFileSync(file, `${rows.join('\n')}\n`);
  const { keeper, change } = await openKeeper(path);
  for (let i = 0; i < 3; i++) await change({ seats: 100 + i });
  assert.equal(keeper.history().length, HISTORY_LIMITS.rows);
  const text = readFileSync(file, 'utf8');
  assert.equal(text.split('\n').length, HISTORY_LIMITS.rows + 1);
  writeFileSync(file, `\0broken\n{"revision": "x"}\nnull\n${text}{"revision":`);
  const again = await openKeeper(path);
  assert.equal(again.keeper.revision, keeper.revision);
  assert.equal(again.keeper.history().length, HISTORY_LIMITS.rows);
  const block = Array.from({ length: 100_000 }, (_, i) => i.toString(16).padStart(40, '0'));
  for (let i = 0; i < 6; i++) await again.change({ block: block.slice(i) });
  assert.ok(statSync(file).size <= HISTORY_LIMITS.bytes);
  assert.equal(again.keeper.history()[0]?.changed[0]?.path, 'block');
  assert.ok(JSON.stringify(again.keeper.history()).length < 100_000);
  assert.ok(existsSync(path));
});

test('a file that cannot be used is told of by its name', async (t) => {
  const { path, write, least } = settingsFolder(t);
  const open = () => SettingsKeeper.open(path, { clock: { nowMs: () => 0 }, log: {} as never });
  write({ ...least, seats: 'x' });
  await assert.rejects(open, /the configuration .*config.json cannot be used: "seats" must be a whole number/);
  write({ lan: 'a', wan: 'b' });
  await assert.rejects(open, /"dataDir" is missing/);
  writeFileSync(path, '[]');
  await assert.rejects(open, /JSON object/);
});

test('what could not be applied, and not be taken back at once either, is taken back later', async (t) => {
  const { path, read, write } = settingsFolder(t);
  const { keeper, daemon, change } = await openKeeper(path);
  const before = read();
  daemon.fails = () => {
    rmSync(path);
    mkdirSync(path);
    daemon.fails = () => false;
    return true;
  };
  const outcome = await change({ seats: 5 });
  assert.ok(outcome.kind === 'refused' && /yet to be taken back/.test(outcome.text), JSON.stringify(outcome));
  rmdirSync(path);
  write({ ...before, seats: 5 });
  await keeper.look();
  assert.deepEqual([read(), keeper.given.seats, keeper.unconfirmed], [before, undefined, undefined]);
  assert.deepEqual(daemon.applied.at(-1), before);
});

test('the history is compared once, and again when it has grown', async (t) => {
  const { path } = settingsFolder(t);
  const { keeper, change } = await openKeeper(path);
  assert.equal(keeper.history(), keeper.history());
  await change({ seats: 5 });
  assert.equal(keeper.history().length, 2);
});
