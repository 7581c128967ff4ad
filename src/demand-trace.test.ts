import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { parseConfig } from './config.ts';
import { DemandTrace } from './demand-trace.ts';

const { meta } = oneFileTorrent(64 * BLOCK_BYTES, BLOCK_BYTES);

test('what is recorded outlives the daemon, under the same number; switched off, it goes', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'swarmbox-demand-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const index = Index.open(join(dataDir, 'swarmbox.db'), silentLog);
  t.after(() => index.close());
  const run = async (trace: boolean, work: (demand: DemandTrace) => Promise<void>): Promise<boolean> => {
    const scope = new Scope((error) => assert.fail(String(error)));
    const config = parseConfig(JSON.stringify({ lan: 'a', wan: 'b', dataDir, trace }));
    const opened = await DemandTrace.open(config, index, { disks: () => [] }, silentLog, scope);
    if (opened) await work(opened);
    await scope.close();
    return opened !== undefined;
  };
  const sessions = async (demand: DemandTrace) =>
    (await Array.fromAsync(demand.lines())).map((line) => JSON.parse(line));

  assert.ok(await run(true, async ({ demand }) => demand(meta).asked('192.0.2.1', 3, 0)));
  await run(true, async (again) => {
    again.demand(meta).asked('192.0.2.1', 3, 0);
    const [before, now] = await sessions(again);
    assert.deepEqual([now.torrent, now.asked], [before.torrent, before.asked]);
    assert.notEqual(now.client, before.client, 'the key of clients ended with the daemon');
    const answer = await again.whatIf.ask();
    assert.deepEqual([answer.kind, answer.kind === 'ok' && answer.view.sessions], ['ok', 2]);
  });
  assert.equal(await run(false, async () => {}), false);
  assert.ok(!existsSync(join(dataDir, 'trace')));
  await run(true, async (anew) => assert.deepEqual(await sessions(anew), []));
});
