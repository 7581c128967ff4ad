import assert from 'node:assert/strict';
import { appendFile, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { logTo, silentLog } from '#base/log.ts';
import { AuditLog } from './audit-log.ts';
import { parseRow } from './audit-row.ts';
import { handClock, tempFolder } from './fixtures.ts';
import { ACCESS_LIMITS } from './limits.ts';

const row = (over: Partial<Parameters<AuditLog['add']>[0]> = {}): Parameters<AuditLog['add']>[0] => ({
  who: 'ada',
  address: '192.0.2.7',
  what: 'restarted',
  detail: {},
  outcome: 'done',
  ...over,
});
const open = (folder: string, clock = handClock()) => AuditLog.open(folder, silentLog, () => clock.nowMs());

test('rows come back newest first, page by page, and after a restart', async () => {
  await using folder = await tempFolder();
  const first = await open(folder.path);
  for (let at = 1; at <= 7; at++) first.add(row({ detail: { at } }));
  await first.close();
  const second = await open(folder.path);
  second.add(row({ detail: { at: 8 } }));
  const seen: number[] = [];
  for (let before: number | undefined, hasMore = true; hasMore; ) {
    const page = await second.page({ limit: 3, ...(before !== undefined && { before }) });
    seen.push(...page.rows.map(({ id }) => id));
    assert.deepEqual(
      page.rows.map(({ detail }) => detail.at),
      page.rows.map(({ id }) => id),
    );
    ({ hasMore } = page);
    before = page.rows.at(-1)?.id;
  }
  assert.deepEqual(seen, [8, 7, 6, 5, 4, 3, 2, 1]);
  assert.equal((await stat(join(folder.path, 'audit.ndjson'))).mode & 0o777, 0o600);
  await second.close();
});

test('two files of a bounded size hold the newest rows, and ids go on', async () => {
  await using folder = await tempFolder();
  const audit = await open(folder.path);
  const text = 'x'.repeat(ACCESS_LIMITS.auditChars);
  const detail = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`field${at}`, text]));
  const rows = Math.ceil((3 * ACCESS_LIMITS.auditBytes) / JSON.stringify(detail).length);
  for (let at = 0; at < rows; at++) {
    audit.add(row({ detail }));
    if (at % 100 === 0) await audit.page({ limit: 1 });
  }
  const [newest] = (await audit.page({ limit: 1 })).rows;
  assert.equal(newest?.id, rows);
  await audit.close();
  for (const name of ['audit.ndjson', 'audit.1.ndjson'])
    assert.ok((await stat(join(folder.path, name))).size < 1.5 * ACCESS_LIMITS.auditBytes, name);
  const again = await open(folder.path);
  again.add(row());
  assert.equal((await again.page({ limit: 1 })).rows[0]?.id, rows + 1);
  await again.close();
});

test('a torn line is left out, and takes none with it', async () => {
  await using folder = await tempFolder();
  const first = await open(folder.path);
  first.add(row());
  await first.close();
  await appendFile(join(folder.path, 'audit.ndjson'), '{"id":2,"atMs":18000');
  const second = await open(folder.path);
  second.add(row({ what: 'sign-in' }));
  assert.deepEqual(
    (await second.page({})).rows.map(({ what }) => what),
    ['sign-in', 'restarted'],
  );
  await second.close();
});

test('whoever is refused again and again pushes nothing out, and how often is told', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  const audit = await open(folder.path, clock);
  audit.add(row({ what: 'first' }));
  for (let at = 0; at < 10_000; at++) audit.add(row({ who: '', what: 'sign-in', outcome: 'refused' }));
  // What somebody known is refused has room of its own, and what is done has no bound.
  audit.add(row({ what: 'known', outcome: 'refused' }));
  const { rows } = await audit.page({ limit: 200 });
  assert.ok(rows.length < 60, String(rows.length));
  assert.equal(rows[0]?.what, 'known');
  assert.equal(rows[0]?.detail.omitted, 10_000 - (rows.length - 2));
  assert.equal(rows.at(-1)?.what, 'first');
  await audit.close();
});

test("a stranger's words make no second line and no long one", async () => {
  await using folder = await tempFolder();
  const audit = await open(folder.path);
  audit.add(row({ detail: { name: `a\n{"id":9}\u001b[2J\u202e${'y'.repeat(5000)}` } }));
  await audit.close();
  const text = await readFile(join(folder.path, 'audit.ndjson'), 'utf8');
  assert.equal(text.trimEnd().split('\n').length, 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.doesNotMatch(text.trimEnd(), /[\u0000-\u001f\u202e]/);
  assert.ok(text.length < 500);
});

test('whatever is written in the file, a row is a row or none', () => {
  fc.assert(fc.property(fc.string(), (line) => parseRow(line) === undefined));
  fc.assert(
    fc.property(fc.json(), (line) => {
      const found = parseRow(line);
      assert.ok(found === undefined || Number.isSafeInteger(found.id));
    }),
  );
});

test('half a line that a full disk left does not take the next one with it', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'audit.ndjson');
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  const audit = await AuditLog.open(
    folder.path,
    logTo(() => resolve()),
    () => handClock().nowMs(),
  );
  await symlink('/dev/full', path);
  audit.add(row({ what: 'lost' }));
  await failed;
  await rm(path);
  await writeFile(path, '{"id":1,"atMs"');
  audit.add(row({ what: 'kept' }));
  assert.deepEqual(
    (await audit.page({})).rows.map(({ what }) => what),
    ['kept'],
  );
  await audit.close();
});
