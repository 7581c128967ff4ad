/** A box that has served a few clients tells what it saved, what other disks and rules would have, and of nobody who they were. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { WhatIfView } from '#admin/contract.ts';
import { MIB } from '#base/units.ts';
import { pcIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, snapshot } from './box-fixtures.ts';

const SEGMENT = 16 * MIB;
const SEGMENTS = 3;
const CLIENTS = ['libtorrent', 'aria2', 'libtorrent'] as const;
const LIMIT_S = 90;

async function command(cafe: Cafe, ...words: string[]): Promise<string> {
  const script = join(import.meta.dirname, '../scripts/what-if.ts');
  const env = { ...process.env, ADMIN: cafe.daemon.socketPath };
  return (await promisify(execFile)(execPath, [script, ...words], { env })).stdout;
}

/** All that the box has written about demand. */
async function recorded(cafe: Cafe): Promise<string> {
  const folder = join(cafe.daemon.dataDir, 'trace');
  return (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))).join('');
}

test('three clients, one torrent', options, (t) =>
  inCafe(
    'what-if',
    { sizeMib: SEGMENTS * 16, wanMbit: 100, clients: CLIENTS, seeders: ['libtorrent'] },
    async (cafe) => {
      await cafe.daemon.start();
      await assert.rejects(command(cafe), /No client has asked for anything yet/);
      for (const [i, kind] of CLIENTS.entries()) {
        const download = await cafe.download(i + 1, kind);
        await download.complete(LIMIT_S);
        assert.deepEqual(await download.wrongFiles(), []);
      }
      const { totalBytes, infoHash, files } = cafe.payload;
      const held = (await snapshot(cafe)).tasks.find((task) => task.infoHash === infoHash);
      const view = (await cafe.daemon.get('/api/what-if')) as WhatIfView;
      t.diagnostic(JSON.stringify(view));
      assert.deepEqual([view.sessions, view.torrents], [3, 1]);
      assert.deepEqual([view.askedBytes, view.differentBytes], [9 * SEGMENT, 3 * SEGMENT]);
      const { servedBytes, filledBytes } = held ?? assert.fail('no task');
      assert.ok(Math.abs(view.measured.servedBytes - servedBytes) <= 3 * MIB, `${servedBytes} bytes were served`);
      assert.ok(Math.abs(view.measured.fetchedBytes - filledBytes) <= 3 * MIB, `${filledBytes} bytes came in`);
      assert.ok(view.measured.fetchedBytes >= totalBytes - 3 * MIB);
      // The disk of this machine holds all of it.
      for (const { size, bytes, rules } of view.disks) {
        const saved = [rules.current, rules.lru, rules.best].map((rule) => Math.round(1e6 * rule.saved));
        assert.ok(bytes >= 3 * SEGMENT, size);
        assert.deepEqual(saved, [666_667, 666_667, 666_667], size);
      }
      assert.match(await command(cafe), /this box's rule +67 % +67 % +67 % +67 %\n/);

      const exported = await command(cafe, '--export');
      assert.equal(exported.trim().split('\n').length, 3);
      assert.equal((await cafe.daemon.stop())?.code, 0);
      assert.equal(await recorded(cafe), exported, 'what was under way is written at the end');
      const persons = CLIENTS.map((_, i) => pcIp(i + 1));
      for (const name of [infoHash, ...persons, ...files.map(({ path }) => path), String(totalBytes)])
        assert.ok(!exported.includes(name), name);
      await cafe.daemon.start();
      assert.equal(await command(cafe, '--export'), exported);

      assert.equal((await cafe.daemon.stop())?.code, 0);
      await cafe.daemon.start({ trace: false });
      await assert.rejects(command(cafe), /Nothing is recorded/);
      assert.ok(!existsSync(join(cafe.daemon.dataDir, 'trace')), 'what was recorded before is gone');
    },
  ),
);
