import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { text as textOf } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { settingsFolder } from '#settings/fixtures.ts';

/** The program beside the daemon: one that answers is asked, one that does not is done without. */

type Answer = { readonly status: number; readonly body: string };

/** A control socket. What it was asked. */
async function daemon(t: TestContext, data: string, answers: Readonly<Record<string, Answer>>) {
  const asked: { path: string; body: unknown }[] = [];
  mkdirSync(data, { recursive: true });
  const server = createServer(async (request, response) => {
    asked.push({ path: request.url ?? '', body: JSON.parse(await textOf(request)) });
    const { status, body } = answers[request.url ?? ''] ?? { status: 404, body: '{}' };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(join(data, 'control.sock'), resolve));
  t.after(() => server.close());
  return asked;
}

const run = (...words: string[]) =>
  new Promise<{ code: number | null; text: string }>((resolve) => {
    const child = execFile(execPath, [join(import.meta.dirname, 'without-daemon.ts'), ...words], (_, stdout) =>
      resolve({ code: child.exitCode, text: stdout }),
    );
  });

test('a daemon that answers makes the backup, and the files do where none does, or where it fails', async (t) => {
  const { path, dir, data } = settingsFolder(t, { seats: 5 });
  const to = join(dir, 'to.backup');
  const seats = () => JSON.parse(readFileSync(to, 'utf8')).settings.seats;
  assert.equal((await run('backup', path, data, to)).code, 0);
  assert.equal(seats(), 5);
  const answers = { '/api/backup': { status: 200, body: '{"settings":{"seats":6}}' } };
  const asked = await daemon(t, data, answers);
  assert.equal((await run('backup', path, data, to)).code, 0);
  assert.deepEqual([seats(), asked], [6, [{ path: '/api/backup', body: {} }]]);
  answers['/api/backup'] = { status: 500, body: '{"text":"out of order"}' };
  const { code, text } = await run('backup', path, data, to);
  assert.deepEqual([code, seats()], [0, 5]);
  assert.match(text, /out of order/);
});

test('what a daemon takes in is confirmed at once, and what it refuses is not tried behind its back', async (t) => {
  const { path, dir, data, least, read, write } = settingsFolder(t, { seats: 5 });
  const from = join(dir, 'from.backup');
  await run('backup', path, data, from);
  write({ ...least, seats: 6 });
  const done = JSON.stringify({ unconfirmed: { token: 'abc' }, ordersRestored: 2 });
  const answers = {
    '/api/backup/restore': { status: 200, body: done },
    '/api/settings/confirm': { status: 200, body: '{}' },
  };
  const asked = await daemon(t, data, answers);
  assert.match((await run('restore', path, data, from)).text, /2 torrents/);
  assert.deepEqual(asked, [
    { path: '/api/backup/restore', body: { backup: readFileSync(from, 'utf8') } },
    { path: '/api/settings/confirm', body: { token: 'abc' } },
  ]);
  answers['/api/backup/restore'] = { status: 422, body: '{"text":"not for this box"}' };
  const { code, text } = await run('restore', path, data, from);
  assert.equal(code, 1);
  assert.match(text, /not for this box/);
  assert.equal(read().seats, 6, 'as it was');
});
