/** For whole-box tests: a central and its broker in the internet of a cafe. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
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

const VHOST = 'fleet';
export const SITE = 'east';
export const SWARM_PORT = 6_881;
const LIMIT_MS = 120_000;
export const TRACKER = { ip: SERVER_IP, port: 8_088 };
const MAIN = join(PROJECT_ROOT, 'src/main.ts');
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A bundle's targets, as the desk says them. */
export type Installed = { readonly state: string; readonly why: string | null; readonly detail: string | null };

/** A central in the internet, and what it says. */
export class Centre {
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
    const firmware = generateKeyPairSync('ed25519');
    await writeFile(join(dir, 'password'), password);
    await writeFile(join(dir, 'firmware.pem'), firmware.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(dir, 'firmware.pub'), firmware.publicKey.export({ type: 'spki', format: 'pem' }));
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
      firmwareKey: 'firmware.pem',
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
      firmwareKeys: [join(this.dir, 'firmware.pub')],
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

  /** A bundle for boxes, to be installed once it is there. Gives its id. */
  async publishBundle(content: Buffer, firmware: { readonly compatible: string; readonly version: string }) {
    const path = join(this.dir, 'box.bundle');
    await writeFile(path, content);
    const orders = { path, kind: 'firmware', firmware, waves: { shares: [1], mostFailed: 0 } };
    return (await this.#ask<{ id: string }>('POST', '/publish', orders)).id;
  }

  /** What became of a bundle on the box; undefined: it was not asked yet. */
  async installed(id: string): Promise<Installed | undefined> {
    const row = (await this.said()).distributions.find((one) => one.id === id);
    const target = row?.targets.find(({ node }) => node === 'box') as { install?: Installed } | undefined;
    return target?.install;
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
