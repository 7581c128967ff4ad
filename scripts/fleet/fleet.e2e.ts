/** A fleet of real processes around a real RabbitMQ, with slow lines, that is killed piece by piece. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet, sha256 } from './fleet.ts';

const isRoot = process.getuid?.() === 0;
const options = { skip: isRoot ? false : 'network namespaces need root', timeout: 300_000 };
const MIB = 1 << 20;

async function withFleet(name: string, lineMbit: number, body: (fleet: Fleet) => Promise<void>): Promise<void> {
  await using fleet = await Fleet.start({ prefix: `sbx-${name}-`, sites: ['east', 'west'], terminals: 2, lineMbit });
  await body(fleet);
}

/** Publishes a folder of so many bytes. */
async function published(
  fleet: Fleet,
  bytes: number,
  called = '补丁',
): Promise<{ id: string; sum: string; path: string }> {
  const folder = join(fleet.dir, called);
  await mkdir(folder);
  const content = randomBytes(bytes);
  await writeFile(join(folder, '更新.bin'), content);
  const { id } = await fleet.ask<{ id: string }>('POST', '/publish', { path: folder });
  return { id, sum: sha256(content), path: join(called, '更新.bin') };
}

async function complete(fleet: Fleet, id: string, limitMs = 120_000): Promise<void> {
  let said = '';
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(200)) {
    const row = await fleet.said().then(
      ({ distributions }) => distributions.find((d) => d.id === id),
      () => undefined, // the central is being started
    );
    if (row?.state === 'complete') return;
    said = JSON.stringify(row?.targets.map(({ node, state, why, haveBytes }) => [node, state, why, haveBytes]));
  }
  assert.fail(`not complete: ${said}`);
}

async function allHave(fleet: Fleet, { sum, path }: { sum: string; path: string }): Promise<void> {
  for (const { name, folder } of fleet.machines) assert.equal(sha256(await readFile(join(folder, path))), sum, name);
}

test('small and large files reach relays and terminals, and a line carries a large one once', options, () =>
  withFleet('fl', 80, async (fleet) => {
    const small = await published(fleet, 300_000, '小');
    await complete(fleet, small.id);
    await allHave(fleet, small);
    const before = await Promise.all(['east', 'west'].map((site) => fleet.lineBytes(site)));
    const large = await published(fleet, 24 * MIB);
    await complete(fleet, large.id);
    await allHave(fleet, large);
    const after = await Promise.all(['east', 'west'].map((site) => fleet.lineBytes(site)));
    for (const [i, bytes] of after.entries()) {
      const copies = (bytes - (before[i] as number)) / (24 * MIB);
      assert.ok(copies < 1.6, `${copies} copies over one line`);
    }
  }),
);

test(
  'the central, a relay, a terminal and the broker are killed, and everybody ends with the right bytes',
  options,
  () =>
    withFleet('flk', 40, async (fleet) => {
      const large = await published(fleet, 24 * MIB);
      await sleep(1_500);
      await fleet.kill('central');
      await fleet.kill('east-relay');
      await sleep(500);
      fleet.run('east-relay');
      fleet.run('central');
      await sleep(2_000);
      await fleet.broker?.kill();
      await fleet.kill('west-1');
      await fleet.broker?.start();
      fleet.run('west-1');
      await complete(fleet, large.id);
      await allHave(fleet, large);
      for (const { name } of fleet.machines) assert.doesNotMatch(await fleet.logOf(name), /"bug"|uncaught/, name);
    }),
);
