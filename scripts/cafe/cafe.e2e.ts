/** The cafe itself, without the daemon: every kind of client completes over the bare bridge, and nothing stays behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clientKinds } from './clients/client.ts';
import { Net } from './net.ts';
import { HTTP_URL, httpFileSha1 } from './servers.ts';
import { SERVER_IP, seedIp } from './topology.ts';
import { Cafe } from './world.ts';

const options = {
  skip: process.getuid?.() === 0 ? false : 'needs root: it makes network namespaces',
  timeout: 300_000,
};
const prefixOf = (name: string): string => `sbt-${name}-${process.pid}-`;
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

async function assertNothingLeft(prefix: string, dir: string, pids: readonly number[]): Promise<void> {
  assert.deepEqual(
    (await Net.named(prefix)).map((p) => p.name),
    [],
  );
  assert.ok(!existsSync(dir), dir);
  assert.ok(!existsSync(`/run/${prefix}cafe.json`));
  assert.deepEqual(pids.filter(alive), []);
}

test('every kind of client completes, plain and encrypted; a killed one leaves the rest at work', options, async () => {
  const prefix = prefixOf('direct');
  const cafe = await Cafe.start({ prefix, sizeMib: 3, wanMbit: 100, clients: clientKinds });
  const pids = cafe.processes.live.map((child) => child.pid);
  try {
    const runs = clientKinds.flatMap((kind, i) => [false, true].map((encrypt) => ({ kind, encrypt, pc: i + 1 })));
    // One PC runs one client at a time; the PCs run beside each other, for Transmission takes half a minute to dial.
    const perPc = Map.groupBy(runs, (run) => run.pc);
    await Promise.all(
      [...perPc.values()].map(async (mine) => {
        for (const { pc, kind, encrypt } of mine) {
          const download = await cafe.download(pc, kind, { encrypt });
          pids.push(download.client.child.pid);
          await download.complete(120);
          assert.deepEqual(await download.wrongFiles(), [], `${kind}, encrypted: ${encrypt}`);
        }
      }),
    );
    const killed = await cafe.download(1, 'libtorrent');
    await killed.client.kill();
    await assert.rejects(killed.client.done, /was stopped/);
    assert.equal((await cafe.probe(1, 'http', HTTP_URL)).sha1, httpFileSha1());
    assert.ok((await cafe.probe(2, 'tcp-echo', SERVER_IP, 7)).ok);
    assert.ok((await cafe.probe(2, 'udp-echo', SERVER_IP, 7)).ok);
    await cafe.killSeeders();
    const named = (await cafe.tracker.seeders(cafe.payload.infoHash)) ?? 0;
    assert.ok(named >= cafe.settings.seeders.length, 'the tracker goes on naming them');
    assert.match((await cafe.probe(1, 'connect', seedIp(1), 6881)).why ?? '', /ECONNREFUSED/);
  } finally {
    await cafe.close();
  }
  await assertNothingLeft(prefix, cafe.dir, pids);
});

test('the line has the rate it was given', options, async () => {
  await using cafe = await Cafe.start({ prefix: prefixOf('rate'), sizeMib: 6, wanMbit: 20, clients: ['libtorrent'] });
  const before = await cafe.counters();
  const download = await cafe.download(1, 'libtorrent');
  const { seconds } = await download.complete(60);
  const { wanRxBytes } = await cafe.counters();
  assert.ok(cafe.payload.totalBytes / seconds < 20e6 / 8, 'no faster than the line');
  assert.ok(wanRxBytes - before.wanRxBytes > cafe.payload.totalBytes, 'frames are counted whole');
});

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`make cafe leaves nothing behind after ${signal} in the middle of a download`, options, async () => {
    const prefix = prefixOf('signal');
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const env = { ...process.env, CAFE_PREFIX: prefix, ONCE: '1', SIZE_MIB: '20', PAGE_PORT: '0' };
    const run = spawn(execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    run.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes(' PCs, ') && run.exitCode === null) await sleep(100);
    await sleep(1_000);
    const inside = (await Promise.all((await Net.named(prefix)).map((place) => place.pids()))).flat();
    assert.ok(inside.length >= 5, `tracker, servers, two seeders, a client: ${inside.length}`);
    run.kill(signal);
    const [code] = (await once(run, 'exit')) as [number | null];
    assert.equal(code, signal === 'SIGINT' ? 130 : 143);
    await assertNothingLeft(prefix, `/tmp/${prefix}cafe-${run.pid}`, inside);
  });

test('what a killed cafe left behind is swept by the next; a living one is not touched', options, async () => {
  const prefix = prefixOf('stale');
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const env = { ...process.env, CAFE_PREFIX: prefix, ONCE: '1', SIZE_MIB: '20', PAGE_PORT: '0' };
  const run = spawn(execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(run.stdout, 'data');
  await assert.rejects(Cafe.start({ prefix }), /runs already/);
  const inside = (await Promise.all((await Net.named(prefix)).map((place) => place.pids()))).flat();
  run.kill('SIGKILL');
  await once(run, 'exit');
  const said: string[] = [];
  const next = await Cafe.start({ prefix, sizeMib: 1, clients: ['aria2'], say: (line) => said.push(line) });
  assert.match(said.join('\n'), /removing \d+ namespaces/);
  await next.close();
  await assertNothingLeft(prefix, `/tmp/${prefix}cafe-${run.pid}`, inside);
});
