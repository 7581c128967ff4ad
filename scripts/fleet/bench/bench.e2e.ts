/** That the bench measures: one small cell of each system, with its programs as they are. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Net } from '../../cafe/net.ts';
import type { Row } from './figures.ts';
import { GROUNDS } from './ground.ts';

const isRoot = process.getuid?.() === 0;
const options = { skip: isRoot ? false : 'network namespaces need root', timeout: 240_000 };

test('every system brings a file to all nodes, and nothing is left of it', options, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-bench-test-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: dir, NODES: '3', SIZES: '1', SHAPES: 'wide', TRACE: '1' };
  const running = promisify(execFile)(execPath, [join(import.meta.dirname, 'main.ts')], { env });
  const { stdout, stderr } = await running;
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  assert.deepEqual(
    rows.map(({ system }) => system),
    ['rabbitmq', 'bittorrent', 'ours'],
    stdout,
  );
  for (const { system, seconds, rateMBps, p50S = 0, p99S = 0, copies = 0, cpuSPerGB = 0 } of rows) {
    assert.ok(seconds > 0 && rateMBps > 0 && p50S > 0 && p50S <= p99S && p99S <= seconds && cpuSPerGB > 0, system);
    assert.ok(copies >= 0.99 && copies < 5, `${system}: ${copies} copies`);
  }
  assert.ok(rows[2]?.trace?.done, 'when who was done is traced');
  assert.match(stderr, /ours \/ better/);
  assert.deepEqual(await readdir(dir), []);
  assert.deepEqual(await Net.named(`${GROUNDS}${running.child.pid}-`), []);
});
