/** Fifty nodes that only speak, a real central and a real broker: all are heard, nothing piles up, and a central with much in its book begins anew. `scripts/bench/fleet-nodes.ts` is the same with 500 and a clock. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { test } from 'node:test';
import { PlayedFleet } from './played-fleet.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 300_000 };
const NODES = 50;

test(
  'fifty nodes get what is published, by one message or by a swarm, and the broker and the book are empty then',
  options,
  async () => {
    await using fleet = await PlayedFleet.start(NODES);
    const publish = async (name: string, bytes: number): Promise<string> => {
      const path = join(fleet.dir, name);
      await writeFile(path, randomBytes(20_000));
      await truncate(path, bytes);
      return (await fleet.ask<{ id: string }>('POST', '/publish', { path })).id;
    };
    await fleet.runCentral();
    await fleet.runNodes(1);
    await fleet.until('all are here', async () => {
      const came = (await fleet.notes()).filter(({ code }) => code === 'node-came');
      assert.equal(came.length, NODES);
    });
    const ids = [await publish('small', 20_000), await publish('large', 100_000_000)];
    await fleet.took(ids, 'complete');
    await fleet.killCentral();
    await fleet.runCentral();
    ids.push(await publish('after', 20_000));
    await fleet.took(ids.slice(-1), 'complete');
    await fleet.until('nothing waits', async () => {
      const { queues, messages } = await fleet.atBroker();
      assert.equal(queues, 2 * NODES + 1);
      assert.equal(messages, 0);
    });
    const { distributions } = await fleet.ask<{ distributions: { id: string; state: string }[] }>('GET', '/fleet');
    assert.deepEqual(
      distributions.map(({ id, state }) => [id, state]),
      ids.toReversed().map((id) => [id, 'complete']),
    );
    const notes = await fleet.notes();
    assert.ok(!notes.some(({ code }) => ['failed', 'refused', 'node-went', 'node-restarted'].includes(code)));
  },
);
