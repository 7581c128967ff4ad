/**
 * `make fleet`: a broker and a central in one network namespace, two sites behind a slow line in two others, each with a relay and terminals; and a folder that is distributed
 * to all of them while one looks on. TERMINALS of each site, SIZE_MIB of the folder, LINE_MBIT of each site's line.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath, exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrokerUser, centralRights, type Rights, relayRights, terminalRights } from '../../src/fleet/rights.ts';
import { command, Net, type Place, words } from '../cafe/net.ts';
import { type Child, Processes } from '../cafe/processes.ts';
import { askDesk } from './ask-desk.ts';
import { PrivateBroker } from './private-broker.ts';

export type FleetSettings = {
  /** Prefix of the namespaces: no other fleet has it. */
  readonly prefix: string;
  readonly sites: readonly string[];
  /** Of each site, beside its relay. */
  readonly terminals: number;
  readonly lineMbit: number;
  /** Between the machines of a site, all together; as fast as the machine by default. */
  readonly siteMbit?: number;
  /** Machines whose folder is a disk of its own, of so many MiB. */
  readonly diskMib?: Readonly<Record<string, number>>;
};

export type FleetMachine = {
  readonly name: string;
  readonly site: string;
  readonly role: 'relay' | 'terminal';
  readonly folder: string;
};
export type TargetSaid = {
  readonly node: string;
  readonly state: string;
  readonly why: string | null;
  readonly haveBytes: number;
};
export type FleetSaid = {
  readonly nodes: readonly { readonly name: string; readonly online: boolean }[];
  readonly distributions: readonly {
    readonly id: string;
    readonly state: string;
    readonly manifest: { readonly infoHash: string; readonly sizeBytes: number; readonly pieceLength: number };
    readonly targets: readonly TargetSaid[];
  }[];
};

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const VHOST = 'fleet';
const CENTRE = '10.77.0.1';
const SWARM_PORT = 6_881;
const WAIT_MS = 90_000;

/** A whole fleet on one machine: real processes, a real broker, real lines. */
export class Fleet implements AsyncDisposable {
  readonly dir: string;
  readonly machines: readonly FleetMachine[];
  readonly #settings: FleetSettings;
  readonly #net: Net;
  readonly #processes = new Processes();
  readonly #children = new Map<string, Child>();
  readonly #places = new Map<string, Place>();
  readonly #disks: string[] = [];
  broker: PrivateBroker | undefined;

  private constructor(settings: FleetSettings, dir: string) {
    this.dir = dir;
    this.#settings = settings;
    this.#net = new Net(settings.prefix);
    this.machines = settings.sites.flatMap((site) => [
      this.#machine(site, `${site}-relay`, 'relay'),
      ...Array.from({ length: settings.terminals }, (_, i) => this.#machine(site, `${site}-${i + 1}`, 'terminal')),
    ]);
  }

  /** Resolves when the central answers and every node has been heard of. */
  static async start(settings: FleetSettings): Promise<Fleet> {
    for (const old of await Net.named(settings.prefix)) await old.remove();
    const fleet = new Fleet(settings, await mkdtemp(join(tmpdir(), 'swarmbox-fleet-')));
    try {
      await fleet.#build();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.killAll();
    await this.broker?.[Symbol.asyncDispose]();
    await this.#net.close();
    for (const disk of this.#disks.splice(0)) await command(['umount', '--lazy', disk]);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Asks the central, as whoever runs it does. */
  ask<T>(method: string, path: string, body?: object): Promise<T> {
    return askDesk(join(this.dir, 'central', 'central.sock'), method, path, body);
  }

  said(): Promise<FleetSaid> {
    return this.ask('GET', '/fleet');
  }

  /** What went over a site's line towards it, bytes. */
  async lineBytes(site: string): Promise<number> {
    return ((await this.#places.get(site)?.counters('line')) ?? { rxBytes: 0 }).rxBytes;
  }

  /** 'central', or a machine's name: ends it at once. */
  async kill(name: string): Promise<void> {
    const child = this.#children.get(name);
    child?.kill('SIGKILL');
    await child?.exited;
  }

  /** Starts it, again if it ran before. */
  run(name: string): void {
    const [site, config, role] =
      name === 'central' ? ['centre', 'central.json', 'central'] : [this.#of(name).site, `${name}.json`, 'terminal'];
    const place = this.#places.get(site) as Place;
    const argv = place.inside([execPath, MAIN, role, join(this.dir, config)]);
    this.#children.set(name, this.#processes.start({ name, argv, logPath: join(this.dir, `${name}.log`) }));
  }

  /** Another program, on a machine of its own in a site: its last number is `host`. Ends with `kill`, or the fleet. */
  async runOther(name: string, site: string, host: number, argvAt: (ip: string) => readonly string[]): Promise<void> {
    const place = this.#places.get(site) as Place;
    const ip = `10.77.${this.#settings.sites.indexOf(site) + 1}.${host}`;
    await place.ip(`addr add ${ip}/16 dev line`);
    const argv = place.inside([execPath, ...argvAt(ip)]);
    this.#children.set(name, this.#processes.start({ name, argv, logPath: join(this.dir, `${name}.log`) }));
  }

  /** What a command says that is run in a place: 'centre', or a site. */
  command(place: string, argv: readonly string[]): Promise<string> {
    return (this.#places.get(place) as Place).run(argv);
  }

  /** Where its neighbours dial it. */
  placeOf(name: string): { readonly ip: string; readonly port: number } {
    const { site } = this.#of(name);
    const [number, i] = [
      this.#settings.sites.indexOf(site) + 1,
      this.machines.filter((m) => m.site === site).findIndex((m) => m.name === name),
    ];
    return { ip: `10.77.${number}.${i + 1}`, port: SWARM_PORT };
  }

  /** How somebody with a user of the broker reaches it. */
  brokerFor(user: string): { host: string; port: number; vhost: string; user: string; passwordFile: string } {
    const port = this.broker?.port ?? 0;
    return { host: CENTRE, port, vhost: VHOST, user, passwordFile: join(this.dir, `${user}.password`) };
  }

  /** One more user of the broker. */
  async allow(name: string, rights: Rights): Promise<void> {
    const password = randomBytes(12).toString('hex');
    await writeFile(join(this.dir, `${name}.password`), password);
    await this.broker?.allow([{ name, password, rights }]);
  }

  logOf(name: string): Promise<string> {
    return readFile(join(this.dir, `${name}.log`), 'utf8');
  }

  #machine(site: string, name: string, role: FleetMachine['role']): FleetMachine {
    return { name, site, role, folder: join(this.dir, 'files', name) };
  }

  #of(name: string): FleetMachine {
    const machine = this.machines.find((m) => m.name === name);
    if (!machine) throw new Error(`there is no ${name}`);
    return machine;
  }

  async #build(): Promise<void> {
    const centre = await this.#net.add('centre');
    this.#places.set('centre', centre);
    await centre.ip('link add name hub type bridge', 'link set hub up', `addr add ${CENTRE}/16 dev hub`);
    for (const [i, site] of this.#settings.sites.entries()) await this.#addSite(centre, site, i + 1);
    const users = this.#users();
    this.broker = await PrivateBroker.start({ vhost: VHOST, netns: centre.name, address: CENTRE, users });
    for (const { name, password } of users) await writeFile(join(this.dir, `${name}.password`), password ?? '');
    await this.#configure();
    this.run('central');
    // Its public key is what the others trust.
    await until('the central', async () => readFile(join(this.dir, 'central', 'signing-key.pem.pub')));
    for (const { name } of this.machines) this.run(name);
    await until('all nodes', async () => {
      const { nodes } = await this.said();
      if (nodes.length < this.machines.length)
        throw new Error(`${nodes.length} of ${this.machines.length} nodes are here`);
    });
  }

  /** Its machines are addresses of one namespace, behind one line. */
  async #addSite(centre: Place, site: string, number: number): Promise<void> {
    const place = await this.#net.add(site);
    this.#places.set(site, place);
    await this.#net.cable(centre, `to${number}`, place, 'line');
    await centre.ip(`link set to${number} master hub`);
    const own = this.machines.filter((machine) => machine.site === site);
    await place.ip(...own.map((_, i) => `addr add 10.77.${number}.${i + 1}/16 dev line`));
    const { lineMbit, siteMbit } = this.#settings;
    const slow = (at: Place, device: string, mbit: number): Promise<string> =>
      at.run(words(`tc qdisc replace dev ${device} root tbf rate ${mbit}mbit burst 256kb latency 100ms`));
    await slow(centre, `to${number}`, lineMbit);
    await slow(place, 'line', lineMbit);
    if (siteMbit) await slow(place, 'lo', siteMbit);
  }

  #users(): BrokerUser[] {
    const password = () => randomBytes(12).toString('hex');
    const nodes = this.machines.map(({ name, site, role }) => {
      const rights = role === 'relay' ? relayRights(name, site) : terminalRights(name, site);
      return { name, password: password(), rights };
    });
    return [{ name: 'central', password: password(), rights: centralRights() }, ...nodes];
  }

  async #configure(): Promise<void> {
    const write = (name: string, config: object) =>
      writeFile(join(this.dir, `${name}.json`), JSON.stringify(config, null, 2));
    await write('central', {
      dataDir: 'central',
      broker: this.brokerFor('central'),
      swarm: { ip: CENTRE, port: SWARM_PORT },
    });
    for (const { name, site, role, folder } of this.machines) {
      await mkdir(folder, { recursive: true });
      const diskMib = this.#settings.diskMib?.[name];
      if (diskMib) {
        await command(['mount', '-t', 'tmpfs', '-o', `size=${diskMib}m`, 'tmpfs', folder]);
        this.#disks.push(folder);
      }
      await write(name, {
        name,
        site,
        ...(role === 'relay' && { relay: true }),
        dataDir: join('data', name),
        folder,
        broker: this.brokerFor(name),
        swarm: this.placeOf(name),
        trust: [{ key: 'central/signing-key.pem.pub', kinds: ['files'] }],
      });
    }
  }
}

async function until<T>(what: string, look: () => Promise<T>): Promise<T> {
  for (const endMs = Date.now() + WAIT_MS; ; await sleep(200)) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > endMs) throw new Error(`waited in vain for ${what}`, { cause: error });
    }
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const number = (name: string, otherwise: number): number => {
  const value = Number(env[name] ?? otherwise);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0`);
  return value;
};

async function main(): Promise<void> {
  const [terminals, sizeMib, lineMbit] = [number('TERMINALS', 3), number('SIZE_MIB', 64), number('LINE_MBIT', 100)];
  console.log(
    `starting a broker, a central, and 2 sites of a relay and ${terminals} terminals behind ${lineMbit} Mbit/s each`,
  );
  await using fleet = await Fleet.start({ prefix: 'sbx-fleet-', sites: ['east', 'west'], terminals, lineMbit });
  const folder = join(fleet.dir, '游戏补丁');
  await mkdir(folder);
  const bytes = randomBytes(sizeMib << 20);
  await writeFile(join(folder, '更新.bin'), bytes);
  await writeFile(join(folder, 'readme.txt'), 'hello\n');
  const before = await Promise.all(['east', 'west'].map((site) => fleet.lineBytes(site)));
  const startMs = Date.now();
  const { id } = await fleet.ask<{ id: string }>('POST', '/publish', { path: folder });
  console.log(`published ${folder} (${sizeMib} MiB) as ${id.slice(0, 12)}`);
  for (let state = ''; state !== 'complete'; await sleep(500)) {
    const row = (await fleet.said()).distributions.find((d) => d.id === id);
    state = row?.state ?? '';
    const shown = (row?.targets ?? []).map(({ node, state: at, haveBytes }) => {
      const percent = Math.floor((100 * haveBytes) / (bytes.length + 6));
      return `${node} ${at === 'receiving' ? `${percent} %` : at}`;
    });
    stdout.write(`${((Date.now() - startMs) / 1_000).toFixed(1).padStart(6)} s  ${shown.join('  ')}\n`);
    if (state === 'partial') throw new Error('not everybody has it');
  }
  const seconds = (Date.now() - startMs) / 1_000;
  const wrong: string[] = [];
  for (const machine of fleet.machines) {
    const got = await readFile(join(machine.folder, '游戏补丁', '更新.bin'));
    if (sha256(got) !== sha256(bytes)) wrong.push(machine.name);
  }
  const after = await Promise.all(['east', 'west'].map((site) => fleet.lineBytes(site)));
  const copies = after.map((total, i) => ((total - (before[i] ?? 0)) / bytes.length).toFixed(2));
  if (wrong.length > 0) throw new Error(`wrong bytes at ${wrong.join(', ')}`);
  console.log(
    `all ${fleet.machines.length} nodes have it, verified, after ${seconds.toFixed(1)} s; over the lines went ${copies.join(' and ')} times its size`,
  );
}

if (argv[1] === import.meta.filename)
  try {
    await main();
  } catch (error) {
    console.error(`fleet: ${(error as Error).message}`);
    exit(1);
  }
