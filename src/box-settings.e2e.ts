/** What the operator sets on the running box: what counts at once, what takes itself back, and a box that is as it came. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HistoryRow, SettingsChanged, SettingsView } from '#admin/contract-settings.ts';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, inCafe, options, snapshot, task, wanDuring } from './box-fixtures.ts';

const settings = async (cafe: Cafe) => (await cafe.daemon.get('/api/settings')) as SettingsView;

async function change(cafe: Cafe, values: object): Promise<SettingsChanged> {
  const { revision } = await settings(cafe);
  return (await cafe.daemon.command('PATCH', '/api/settings', { revision, values })) as SettingsChanged;
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const ended = (cafe: Cafe) => until('the daemon to end', async () => !cafe.daemon.running, 20_000);

async function limitsAndLists(cafe: Cafe): Promise<void> {
  await cafe.daemon.start({ limits: { boxMbps: 0.5 } });
  const slow = await cafe.download(1, 'libtorrent');
  await holds(cafe, 1, 60_000);
  const { clients } = (await task(cafe)) ?? assert.fail('no task');
  assert.ok(clients.length > 0 && clients.every(({ haveShare = 0 }) => haveShare < 0.9), 'the limit holds');
  await change(cafe, { limits: null });
  await slow.complete(); // 8 MiB at 0.5 Mbit/s would take longer than it is waited for

  await change(cafe, { block: [cafe.payload.infoHash] });
  await until('it is let go', async () => (await task(cafe)) === undefined, 10_000);
  const passes = await cafe.download(2, 'aria2');
  await passes.complete();
  assert.equal(await task(cafe), undefined, 'what is blocked has no task');
  const { served } = { served: (await snapshot(cafe)).totals.servedBytes };
  await change(cafe, { block: null });
  const { waitingForRestart } = await change(cafe, { floorMiB: 600, seats: 3, cacheMiB: 16, clients: 9 });
  assert.deepEqual(waitingForRestart, ['floorMiB']);
  await assert.rejects(change(cafe, { disks: ['/nowhere'] }), /disk \/nowhere cannot be used/);
  assert.deepEqual((await settings(cafe)).values.disks, []);
  const again = await cafe.download(3, 'libtorrent');
  await again.complete();
  assert.ok((await snapshot(cafe)).totals.servedBytes >= served + 0.9 * cafe.payload.totalBytes, 'it is served again');
}

async function confirmedAcrossKill(cafe: Cafe): Promise<void> {
  const other = join(cafe.daemon.dataDir, 'other.sock');
  const moved = await change(cafe, { admin: { path: other } });
  assert.ok(moved.unconfirmed);
  assert.deepEqual(await Promise.all([answers(other), answers(cafe.daemon.pagePath)]), [true, true]);
  await cafe.daemon.kill();
  await cafe.daemon.startAgain();
  const { unconfirmed } = await settings(cafe);
  assert.equal(unconfirmed?.token, moved.unconfirmed.token);
  await cafe.daemon.command('POST', '/api/settings/confirm', { token: moved.unconfirmed.token });
  assert.equal((await settings(cafe)).unconfirmed, undefined);
  const back = await change(cafe, { admin: { path: cafe.daemon.pagePath } });
  assert.ok(back.unconfirmed);
  await cafe.daemon.command('POST', '/api/settings/revert');
  assert.deepEqual((await settings(cafe)).values.admin, { path: other });
  assert.deepEqual(await Promise.all([answers(other), answers(cafe.daemon.pagePath)]), [true, false]);
}

/** A bridge that is not there: the box would never come back by itself. */
async function wrongBridge(cafe: Cafe): Promise<void> {
  await change(cafe, { bridge: 'br9' });
  await ended(cafe);
  await assert.rejects(cafe.daemon.startAgain(), 'it cannot start so');
  const path = join(cafe.daemon.dataDir, 'settings-change.json');
  const intent = JSON.parse(await readFile(path, 'utf8')) as { confirm: { untilMs: number } };
  intent.confirm.untilMs = Date.now();
  await writeFile(path, JSON.stringify(intent));
  await cafe.daemon.startAgain();
  assert.equal((await settings(cafe)).values.bridge, 'br0');
  const { rows } = (await cafe.daemon.get('/api/settings/history')) as { rows: HistoryRow[] };
  assert.equal(rows[0]?.kind, 'reverted');
}

async function backupAndReset(cafe: Cafe): Promise<void> {
  const passphrase = 'of the box in the cafe';
  await cafe.daemon.command('POST', '/api/set-up', { name: 'owner', password: 'three words of it' });
  const backup = JSON.stringify(await cafe.daemon.command('POST', '/api/backup', { passphrase }));
  assert.match(backup, /"locked"/);
  await assert.rejects(cafe.daemon.command('POST', '/api/factory-reset', { cache: 'keep', typed: 'rest' }), /422/);
  await cafe.daemon.command('POST', '/api/factory-reset', { cache: 'keep', typed: 'reset' });
  await ended(cafe);
  await cafe.daemon.startAgain();
  assert.equal((await settings(cafe)).values.seats, 32);
  assert.deepEqual(await cafe.daemon.get('/api/accounts'), { accounts: [] });
  const wan = await wanDuring(cafe, async () => {
    const client = await cafe.download(1, 'libtorrent');
    await client.complete();
  });
  assert.ok(wan < cafe.payload.totalBytes / 4, `the cache stays, and is found again: ${wan} bytes came in`);
  const pieces = join(cafe.daemon.dataDir, 'swarmbox', cafe.payload.infoHash);
  assert.ok(existsSync(pieces), 'the cache stays');

  await cafe.daemon.command('POST', '/api/backup/restore', { backup, passphrase });
  assert.equal((await settings(cafe)).values.seats, 3);
  const { accounts } = (await cafe.daemon.get('/api/accounts')) as { accounts: { name: string }[] };
  assert.deepEqual(
    accounts.map(({ name }) => name),
    ['owner'],
  );
  await cafe.daemon.command('POST', '/api/factory-reset', { cache: 'wipe', typed: 'reset' });
  await ended(cafe);
  const { cache } = JSON.parse(await readFile(join(cafe.daemon.dataDir, 'factory-reset.json'), 'utf8'));
  assert.equal(cache, 'wipe');
  assert.ok(existsSync(pieces), 'done at the start, not before');
  await cafe.daemon.startAgain();
  assert.ok(!existsSync(pieces));
  assert.ok(!(await readdir(cafe.daemon.dataDir)).includes('factory-reset.json'));
  assert.deepEqual((await snapshot(cafe)).tasks, []);
}

test('settings count on the running box, take themselves back, and go back to how they came', options, (t) =>
  inCafe(
    'settings',
    {
      sizeMib: 8,
      pieceKib: 256,
      wanMbit: 100,
      clients: ['libtorrent', 'aria2', 'libtorrent'],
      seeders: ['libtorrent'],
    },
    async (cafe) => {
      await limitsAndLists(cafe);
      t.diagnostic('at once');
      await confirmedAcrossKill(cafe);
      t.diagnostic('confirmed');
      await wrongBridge(cafe);
      t.diagnostic('taken back');
      await backupAndReset(cafe);
    },
  ),
);
