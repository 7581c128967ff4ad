/** The box as the relay of a site: a central and its broker in the internet, a terminal and a client that knows nothing of fleets behind the box. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { centralRights, relayRights, terminalRights } from '#fleet/rights.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Place } from '../scripts/cafe/net.ts';
import type { Child } from '../scripts/cafe/processes.ts';
import { until } from '../scripts/cafe/servers.ts';
import { pcIp, SERVER_IP } from '../scripts/cafe/topology.ts';
import { type Cafe, PROJECT_ROOT } from '../scripts/cafe/world.ts';
import { askDesk } from '../scripts/fleet/ask-desk.ts';
import type { FleetSaid } from '../scripts/fleet/fleet.ts';
import { PrivateBroker } from '../scripts/fleet/private-broker.ts';
import { inCafe, naming, options, snapshot, tracker } from './box-fixtures.ts';

const MIB = 1 << 20;
const VHOST = 'fleet';
const SITE = 'east';
const SWARM_PORT = 6_881;
const LIMIT_MS = 120_000;
const TRACKER = { ip: SERVER_IP, port: 8_088 };
const MAIN = join(PROJECT_ROOT, 'src/main.ts');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A central in the internet, and what it says. */
class Centre {
  readonly broker: PrivateBroker;
  readonly dir: string;
  readonly #cafe: Cafe;

  private constructor(cafe: Cafe, broker: PrivateBroker, dir: string) {
    this.#cafe = cafe;
    this.broker = broker;
    this.dir = dir;
  }

  static async start(cafe: Cafe): Promise<Centre> {
    const dir = join(cafe.dir, 'fleet');
    await mkdir(join(dir, 'central'), { recursive: true });
    const password = 'made up';
    const users = [
      { name: 'central', password, rights: centralRights() },
      { name: 'box', password, rights: relayRights('box', SITE) },
      { name: 'pc', password, rights: terminalRights('pc', SITE) },
    ];
    await writeFile(join(dir, 'password'), password);
    const broker = await PrivateBroker.start({
      vhost: VHOST,
      netns: cafe.topology.inet.name,
      address: SERVER_IP,
      users,
    });
    const centre = new Centre(cafe, broker, dir);
    await centre.#run(cafe.topology.inet, 'central', {
      dataDir: 'central',
      broker: centre.#brokerOf('central'),
      swarm: { ip: SERVER_IP, port: SWARM_PORT },
    });
    await until('the central', async () => (await centre.key()) !== '', LIMIT_MS);
    return centre;
  }

  /** What nodes trust, as one line. */
  async key(): Promise<string> {
    const pem = await readFile(join(this.dir, 'central', 'signing-key.pem.pub'), 'utf8').catch(() => '');
    return pem.split('\n')[1] ?? '';
  }

  /** The settings' section of a box that joins. */
  async section(): Promise<object> {
    return {
      enabled: true,
      name: 'box',
      site: SITE,
      brokerHost: SERVER_IP,
      brokerPort: this.broker.port,
      vhost: VHOST,
      passwordFile: join(this.dir, 'password'),
      keys: [await this.key()],
    };
  }

  async terminal(pc: number): Promise<Child> {
    return this.#run(this.#cafe.pc(pc), 'terminal', {
      name: 'pc',
      site: SITE,
      dataDir: 'pc',
      folder: 'files',
      broker: this.#brokerOf('pc'),
      swarm: { ip: pcIp(pc), port: SWARM_PORT },
      trust: [{ key: 'central/signing-key.pem.pub', kinds: ['files'] }],
    });
  }

  /** What the terminal has. */
  async has(name: string): Promise<string> {
    return sha256(await readFile(join(this.dir, 'files', name)).catch(() => Buffer.alloc(0)));
  }

  async publish(name: string, bytes: number): Promise<{ id: string; sum: string }> {
    const content = randomBytes(bytes);
    await writeFile(join(this.dir, name), content);
    const { id } = await this.#ask<{ id: string }>('POST', '/publish', { path: join(this.dir, name) });
    return { id, sum: sha256(content) };
  }

  said(): Promise<FleetSaid> {
    return this.#ask('GET', '/fleet');
  }

  async complete(id: string): Promise<void> {
    let said = '';
    const isComplete = async (): Promise<boolean> => {
      const row = (await this.said()).distributions.find((one) => one.id === id);
      said = JSON.stringify(row?.targets);
      return row?.state === 'complete';
    };
    await until('all have it', isComplete, LIMIT_MS).catch((error: unknown) => {
      throw new Error(said, { cause: error });
    });
  }

  /** What a client of the site is given to begin with, and a tracker that names the central. */
  async torrent(id: string): Promise<string> {
    const book = FleetBook.open(join(this.dir, 'central', 'fleet.db'));
    const seed = book.distribution(id)?.seed ?? Buffer.alloc(0);
    book[Symbol.dispose]();
    const announce = `http://${TRACKER.ip}:${TRACKER.port}/announce`;
    const path = join(this.dir, `${id}.torrent`);
    await writeFile(path, Buffer.concat([Buffer.from(`d8:announce${announce.length}:${announce}`), seed.subarray(1)]));
    return path;
  }

  #brokerOf(user: string): object {
    return { host: SERVER_IP, port: this.broker.port, vhost: VHOST, user, passwordFile: 'password' };
  }

  async #run(place: Place, role: string, config: object): Promise<Child> {
    const path = join(this.dir, `${role}.json`);
    await writeFile(path, JSON.stringify(config));
    return this.#cafe.spawn(place, [execPath, MAIN, role, path]);
  }

  #ask<T>(method: string, path: string, body?: object): Promise<T> {
    return askDesk<T>(join(this.dir, 'central', 'central.sock'), method, path, body);
  }
}

const ALWAYS = { prefill: { hours: [{ from: '00:00', to: '24:00' }] } };
const wanBytes = async (cafe: Cafe): Promise<number> => (await cafe.counters()).wanRxBytes;

/** How many bytes of the torrents on their way the box has. */
const taken = async (cafe: Cafe): Promise<number> => {
  const { tasks } = await cafe.daemon.snapshot();
  return Math.max(0, ...tasks.map(({ haveBytes, totalBytes }) => (haveBytes < totalBytes ? haveBytes : 0)));
};

/** By an ordinary client, which knows a tracker alone. */
async function byClient(cafe: Cafe, centre: Centre, pc: number, id: string, name: string): Promise<string> {
  const download = await cafe.download(pc, 'libtorrent', { source: await centre.torrent(id) });
  await download.complete(60);
  return sha256(await readFile(join(download.dir, name)));
}

test(
  'the box brings a distribution over the line once, for a terminal and for clients that know nothing of fleets',
  options,
  (t) =>
    inCafe(
      'fleet',
      { sizeMib: 1, wanMbit: 24, clients: ['libtorrent', 'libtorrent'], seeders: [], extras: { isolatePcs: true } },
      async (cafe) => {
        const centre = await Centre.start(cafe);
        await using _broker = centre.broker;
        await tracker(cafe, cafe.topology.inet, TRACKER, { '/announce': naming({ ip: SERVER_IP, port: SWARM_PORT }) });
        await cafe.daemon.start({ fleet: await centre.section(), ...ALWAYS });
        await centre.terminal(1);
        await until(
          'both are here',
          async () => (await centre.said()).nodes.filter((n) => n.online).length === 2,
          LIMIT_MS,
        );

        const small = await centre.publish('小.bin', 300_000);
        await centre.complete(small.id);
        assert.equal(await centre.has('小.bin'), small.sum);

        const before = await wanBytes(cafe);
        const large = await centre.publish('补丁.bin', 16 * MIB);
        await centre.complete(large.id);
        assert.equal(await centre.has('补丁.bin'), large.sum);
        assert.equal(await byClient(cafe, centre, 2, large.id, '补丁.bin'), large.sum);
        const copies = ((await wanBytes(cafe)) - before) / (16 * MIB);
        t.diagnostic(JSON.stringify({ copies }));
        assert.ok(copies < 1.12, `${copies} copies came over the line`);
        const joined = await snapshot(cafe);
        assert.ok((joined.uplink?.dayBytes ?? 0) >= 16 * MIB, 'the large one came by the manners of the line');
        assert.deepEqual(joined.fleet, { state: 'joined', name: 'box', site: SITE, whole: 2, taking: 0 });
        assert.deepEqual(
          joined.warnings.filter(({ code }) => code.startsWith('fleet')),
          [],
        );

        // A later revision of the same name, and a box that is killed in the middle of it.
        const again = await wanBytes(cafe);
        const later = await centre.publish('补丁.bin', 20 * MIB);
        await until('it is on its way', async () => (await taken(cafe)) > 3 * MIB, LIMIT_MS);
        await cafe.daemon.kill();
        await cafe.daemon.startAgain();
        await centre.complete(later.id);
        assert.equal(await centre.has('补丁.bin'), later.sum);
        const killed = ((await wanBytes(cafe)) - again) / (20 * MIB);
        t.diagnostic(JSON.stringify({ killed }));
        assert.ok(killed < 1.2, `${killed} copies came over the line of a box that was killed`);
        const replaced = await snapshot(cafe);
        assert.deepEqual(
          [replaced.fleet?.whole, replaced.fleet?.taking],
          [2, 0],
          'the earlier revision is wanted no more',
        );

        // Without a broker it is what it was: a cache, which has what came.
        await centre.broker.kill();
        await cafe.daemon.kill();
        await cafe.daemon.startAgain();
        const health = async () => (await cafe.daemon.command('GET', '/api/health')) as { ok: boolean; fleet?: string };
        await until('it steers', () => health().then(({ ok }) => ok, () => false), LIMIT_MS); // biome-ignore format: one line
        assert.equal((await health()).fleet, 'not-joined');
        assert.equal(await byClient(cafe, centre, 2, later.id, '补丁.bin'), later.sum);
        assert.equal((await cafe.daemon.stop())?.code, 0);
      },
    ),
);
