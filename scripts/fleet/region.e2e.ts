/** Two real RabbitMQs: a central at the one, a node at the other that knows nothing of the first. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Scope } from '../../src/base/scope.ts';
import { amqpBroker } from '../../src/fleet/amqp-broker.ts';
import type { Topology } from '../../src/fleet/broker.ts';
import { Central } from '../../src/fleet/central/central.ts';
import { centralTopology, controlTopology, DOWN, dataTopology } from '../../src/fleet/names.ts';
import { FleetNode } from '../../src/fleet/node/fleet-node.ts';
import { Outbox } from '../../src/fleet/outbox.ts';
import { REGION_PLUGINS } from '../../src/fleet/regions.ts';
import { centralRights } from '../../src/fleet/rights.ts';
import { FleetBook } from '../../src/index/fleet-book.ts';
import { PrivateBroker } from './private-broker.ts';
import { regionFiles } from './region.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 300_000 };
const onError = (error: unknown): void => assert.fail(String(error));
const PASSWORD = 'made up';

async function holds(what: string, look: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 120_000; !look(); await sleep(50))
    if (Date.now() > endMs) throw new Error(`not in time: ${what}`);
}

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'swarmbox-region-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const scope = new Scope(onError);
  t.after(() => scope.close());
  const users = [{ name: 'central', password: PASSWORD, rights: centralRights() }];
  const centre = await PrivateBroker.start({ vhost: 'fleet', users });
  t.after(() => centre[Symbol.asyncDispose]());
  const region = await PrivateBroker.start({ vhost: 'fleet', users: [], plugins: REGION_PLUGINS });
  t.after(() => region[Symbol.asyncDispose]());
  const files = regionFiles('east', `127.0.0.1:${centre.port}`, ['east-1@east']);
  const connect = (to: PrivateBroker, user: string, topology: () => Topology) => {
    const password = files.nodes.find(({ name }) => name === user)?.password ?? PASSWORD;
    const server = { host: '127.0.0.1', port: to.port, vhost: 'fleet', name: user, login: { user, password } };
    return amqpBroker(server, { topology, onError, parent: scope });
  };
  // The central's exchanges must be there before a region looks for them.
  const [control, data] = [connect(centre, 'central', centralTopology), connect(centre, 'central', centralTopology)];
  await holds('the central is up', () => control.state.kind === 'up');
  await centre.define(files.centre);
  await region.define(files.region);
  const keys = generateKeyPairSync('ed25519');
  const [centralBook, nodeBook] = ['central', 'node'].map((name) => FleetBook.open(join(folder, `${name}.db`)));
  assert.ok(centralBook && nodeBook);
  t.after(() => [centralBook, nodeBook].map((book) => book[Symbol.dispose]()));
  const common = { clock: realClock, log: silentLog, scope };
  const outbox = new Outbox({
    ...common,
    book: centralBook,
    broker: control,
    route: () => ({ exchange: DOWN, mandatory: false }),
    unroutable: () => {},
  });
  const central = new Central({
    ...common,
    book: centralBook,
    control,
    data,
    key: keys.privateKey,
    place: { ip: '127.74.8.1', port: 6_881 },
    poke: () => outbox.poke(),
  });
  await central.start();
  await FleetNode.start({
    ...common,
    name: 'east-1',
    site: 'east',
    role: 'terminal',
    version: 'test',
    trusted: [{ key: keys.publicKey, kinds: ['files'] }],
    folder: join(folder, 'files'),
    book: nodeBook,
    control: connect(region, 'east-1', () => controlTopology('east-1', 'east')),
    data: connect(region, 'east-1', () => dataTopology('east-1', 'east')),
    swarm: { ip: '127.74.8.2', port: 6_881 },
    freeBytes: () => 1e12,
  });
  return { folder, centre, region, central };
}

test(
  'a node at the broker of its region gets what the central at another one publishes, also over a broken line',
  options,
  async (t) => {
    const { folder, centre, region, central } = await setUp(t);
    await holds('the central hears of the node', () => central.nodes().length === 1);
    const published = async (bytes: number, name: string) => {
      const content = randomBytes(bytes);
      await writeFile(join(folder, name), content);
      const id = await central.publish({ path: join(folder, name) });
      return { id, name, content };
    };
    const arrives = async ({ id, name, content }: Awaited<ReturnType<typeof published>>) => {
      await holds(`${name} is had`, () => central.distributions().find((row) => row.id === id)?.state === 'complete');
      assert.ok((await readFile(join(folder, 'files', name))).equals(content));
    };
    for (const [bytes, name] of [
      [100_000, 'small'],
      [6_000_000, 'large'],
    ] as const)
      await arrives(await published(bytes, name));
    const users = await centre.ctl('list_connections', 'user');
    assert.doesNotMatch(users, /east-1/, 'the node knows the broker of its region alone');
    assert.match(users, /east/);

    await region.kill();
    const during = await published(200_000, 'during');
    await region.start();
    await arrives(during);
  },
);
