import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { gappedMaker, killSample, payloadOf, SAID_FILE, type Sample, temporaryFolder } from './fixtures.ts';
import { Store } from './store.ts';

const ROUNDS = 20;
const AT_ONCE = 2;
const LIFE_MAX_MS = 5_000;
const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

/** What the child said was durable before it was killed, some milliseconds after its first word. */
async function killed(dataDir: string, seed: number, afterMs: number): Promise<Bitfield> {
  const child = spawn(process.execPath, [CHILD, dataDir, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  const [code, signal] = await closed;
  assert.ok(code === 0 || signal === 'SIGKILL', `the child ended by itself with ${code}`);
  const said = await readFile(join(dataDir, SAID_FILE), 'utf8');
  const durable = new Bitfield(killSample(seed).shape.pieceCount);
  for (const line of said.split('\n').slice(0, -1)) {
    const [kind, index] = line.split(' ');
    assert.equal(kind, 'durable');
    durable.set(Number(index));
  }
  return durable;
}

async function assertHeld(dataDir: string, sample: Sample, durable: Bitfield): Promise<number> {
  const config = { disks: [{ path: dataDir }], probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 };
  const store = await Store.open(config, gappedMaker, silentLog);
  const task = store.task(sample.shape);
  const found: number[] = [];
  await task.recheck(durable, (index) => found.push(index), new AbortController().signal);
  for (let index = 0; index < durable.size; index++) {
    const known = durable.has(index);
    assert.ok(!(known && found.includes(index)), `piece ${index} was found again`);
    if (!known && !found.includes(index)) continue;
    const read = await task.read(index);
    assert.ok(
      read.kind === 'ok' && payloadOf(read.piece).equals(sample.payload(index)),
      `piece ${index}: ${read.kind}`,
    );
  }
  // What was killed can go on where it stopped.
  assert.equal((await task.accept(sample.piece(0))).kind, 'durable');
  await store.close();
  return found.length;
}

test(`a store killed at ${ROUNDS} random moments holds all it had reported, and finds only what verifies`, async () => {
  const seeds = Array.from({ length: ROUNDS }, (_, i) => i).values();
  let midway = 0;
  let reported = 0;
  // A busy machine needs longer for the first piece than an idle one for the last: lives grow until something is reported, and shrink when all is.
  let lifeMs = 80;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const seed of seeds) {
        using folder = temporaryFolder();
        const durable = await killed(folder.path, seed, Math.random() * lifeMs * 2 ** (seed % 4));
        reported += durable.count;
        if (durable.count === 0) lifeMs = Math.min(2 * lifeMs, LIFE_MAX_MS);
        if (durable.count === durable.size) lifeMs /= 2;
        const found = await assertHeld(folder.path, killSample(seed), durable);
        if (durable.count + found < durable.size) midway++;
      }
    }),
  );
  assert.ok(reported > 0, 'no child lived to report a piece: the test showed nothing');
  assert.ok(midway > 0, 'no child was killed before it had finished: the test showed nothing');
});
