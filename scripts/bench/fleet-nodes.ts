/**
 * What many nodes cost a central and a broker: real RabbitMQ, real central, nodes that only speak (scripts/fleet/played-nodes.ts), each with two connections and its inboxes. argv: nodes, distributions
 * in the book (500 200). One JSON line for each:
 *
 *   {"bench":"fleet-nodes","what","nodes","ms","cpuS","mostMs","p99Ms","rssMib","brokerMib","messages"}
 *
 * `ms`: until all have answered, by the central's clock. `cpuS`, `mostMs`, `p99Ms`, `rssMib`: the central's processor, how late its event loop was, its memory. `brokerMib`, `messages`: the broker's memory, and
 * what waits there afterwards.
 */
import { randomBytes } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetBook } from '../../src/index/fleet-book.ts';
import { PlayedFleet } from '../fleet/played-fleet.ts';

const [nodes = 500, held = 200] = argv.slice(2, 4).map(Number);
const IDLE_MS = 60_000;

await using fleet = await PlayedFleet.start(nodes);

async function say(what: string, ms: number): Promise<void> {
  const load = await fleet.load();
  const { memoryMib: brokerMib, messages } = await fleet.atBroker();
  console.log(JSON.stringify({ bench: 'fleet-nodes', what, nodes, ms, ...load, brokerMib, messages }));
}

async function publish(name: string, bytes: number): Promise<string> {
  const path = join(fleet.dir, name);
  await writeFile(path, randomBytes(Math.min(bytes, 20_000)));
  await truncate(path, bytes);
  return (await fleet.ask<{ id: string }>('POST', '/publish', { path })).id;
}

const allHere = () =>
  fleet.until('all are here', async () => {
    const came = (await fleet.notes()).filter(({ code }) => code === 'node-came');
    if (came.length < nodes) throw new Error(`${came.length} are here`);
  });

await fleet.runCentral();
await fleet.load();
const startMs = Date.now();
await fleet.runNodes();
await allHere();
await say('all come', Date.now() - startMs);

await sleep(IDLE_MS);
await say('a minute at rest', IDLE_MS);

await say('a small file, to all in one message', await fleet.took([await publish('small', 20_000)], 'complete'));
await say(
  'a large file by a swarm: offer, ready, start, done',
  await fleet.took([await publish('large', 300_000_000)], 'complete'),
);
const ten: string[] = [];
for (let i = 0; i < 10; i++) ten.push(await publish(`of ten ${i}`, 20_000));
await say('ten small files at once', await fleet.took(ten, 'complete'));

// As after a year: all of it was had by everybody.
await fleet.killCentral();
const ids: string[] = [];
{
  using book = FleetBook.open(join(fleet.dir, 'central', 'fleet.db'));
  const like = book.distribution(ten[0] ?? '');
  if (!like) throw new Error('bug: it is not in the book');
  book.transaction(() => {
    for (let i = 0; i < held; i++) {
      const id = randomBytes(32).toString('hex');
      ids.push(id);
      book.putDistribution({ ...like, id, name: `held ${i}`, state: 'complete', createdMs: like.createdMs - i });
      for (let node = 1; node <= nodes; node++) book.putTarget(id, `t${node}`, 1, { state: 'done' });
    }
  });
}
await fleet.tell({ have: ids });
const againMs = Date.now();
await fleet.runCentral();
await say(`start with ${held} in the book`, Date.now() - againMs);
const first = await publish('the first one then', 20_000);
await say('and a small file at once', await fleet.took([first], 'complete'));
await sleep(IDLE_MS);
await say(`a minute at rest with ${held} in the book`, IDLE_MS);
