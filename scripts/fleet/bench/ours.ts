/** Ours: the central and the nodes as they run in production, over the real broker, which have learned this site's rates from a few distributions before. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bug } from '#base/errors.ts';
import { INBOX_BYTES } from '../../../src/fleet/names.ts';
import type { BrokerUser } from '../../../src/fleet/rights.ts';
import { centralRights, relayRights, terminalRights } from '../../../src/fleet/rights.ts';
import type { Contestant, Site, Went } from './contestant.ts';
import { ADDRESSES, BESIDE_THE_BROKER, nodeAddress } from './ground.ts';
import type { Begun, OursCentral, OursNodes, OursWent } from './ours-words.ts';
import { ALONE } from './rabbitmq.ts';
import { type Bounds, Crew, shares, type Worker } from './workers.ts';

const SITE = 'east';
const RELAY = 'relay-1';
const SWARM_PORT = 6_881;
/** Distributions, MB; then comes each size that is measured, twice, when it may go by more ways than one. */
const FIRST_DAY_MB = [1, 4, 1, 8, 1, 4];
const MB = 1e6;
const nameOf = (node: number): string => `node-${node}`;
/** For what was cancelled to be closed everywhere. */
const CLOSING_MS = 300;

export function oursUsers(password: string, nodes: number): BrokerUser[] {
  const terminals = Array.from({ length: nodes }, (_, i) => nameOf(i));
  return [
    { name: 'central', password, rights: centralRights() },
    { name: RELAY, password, rights: relayRights(RELAY, SITE) },
    ...terminals.map((name) => ({ name, password, rights: terminalRights(name, SITE) })),
  ];
}

type Node = OursNodes['nodes'][number];

class Ours implements Contestant {
  readonly usesBroker = true;
  /** As the first days of a fleet: how long each way takes here is known then, and each was tried with what is like the files to come. */
  readonly warmUp: readonly number[];
  readonly #crew: Crew;
  readonly #central: Worker;
  readonly #nodes: readonly Worker[];
  readonly #relay: Worker | undefined;
  readonly #names: readonly string[];
  #last: { readonly begun: Begun; readonly name: string; readonly nodesMs: readonly number[] } | undefined;
  #dir: string;

  constructor(crew: Crew, site: Site, central: OursCentral, nodes: readonly Node[], relay: Node | undefined) {
    this.#crew = crew;
    this.#dir = site.dir;
    this.warmUp = [...FIRST_DAY_MB, ...site.sizes.filter((mb) => mb * MB <= INBOX_BYTES).flatMap((mb) => [mb, mb])];
    this.#central = crew.node('ours-central.ts', central);
    this.#nodes = shares(nodes.length, site.workers).map((own) =>
      crew.node('ours-nodes.ts', { nodes: own.map((i) => nodes[i] as Node) } satisfies OursNodes),
    );
    this.#relay = relay && crew.node('ours-nodes.ts', { nodes: [relay] } satisfies OursNodes);
    this.#names = [...nodes.map(({ number }) => nameOf(number)), ...(relay ? [RELAY] : [])];
  }

  get pids(): readonly number[] {
    return this.#crew.pids;
  }

  async stand(bounds: Bounds): Promise<void> {
    // It makes the key that the nodes trust.
    await this.#central.ask({ what: 'here', nodes: 0 }, bounds);
    await this.#everybody('stand', {}, bounds);
    await this.#central.ask({ what: 'here', nodes: this.#names.length }, bounds);
  }

  async distribute(path: string, bounds: Bounds): Promise<void> {
    // What is the same, under the same name, is not distributed twice.
    const name = `${basename(path)}-${Date.now()}`;
    const own = join(this.#dir, name);
    await copyFile(path, own);
    const begun = await this.#central.ask<Begun>({ what: 'publish', path: own }, bounds);
    const { id } = begun;
    const arrived = await Promise.all(
      this.#nodes.map((worker) => worker.ask<{ nodesMs: number[] }>({ what: 'all', id }, bounds)),
    );
    await this.#central.ask({ what: 'complete', id }, bounds);
    this.#last = { name, begun, nodesMs: arrived.flatMap(({ nodesMs }) => nodesMs) };
  }

  async went(bounds: Bounds): Promise<Went> {
    const { begun, nodesMs } = this.#last ?? bug('nothing was distributed');
    const went = await this.#central.ask<OursWent>({ what: 'went', id: begun.id }, bounds);
    return { ...went, nodesMs, prepareS: (went.startMs - begun.beganMs) / 1_000 };
  }

  async forget(bounds: Bounds): Promise<void> {
    if (!this.#last) return;
    const { begun, name } = this.#last;
    await this.#central.ask({ what: 'cancel', id: begun.id }, bounds);
    await sleep(CLOSING_MS);
    await this.#everybody('forget', { name }, bounds);
    await rm(join(this.#dir, name), { force: true });
  }

  async end(bounds: Bounds): Promise<void> {
    await this.#everybody('end', {}, bounds);
    await this.#central.ask({ what: 'end', names: this.#names }, bounds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const bounds = { signal: AbortSignal.timeout(20_000), limitS: 20 };
    await this.end(bounds).catch(() => {});
    await this.#crew[Symbol.asyncDispose]();
  }

  async #everybody(what: string, more: object, bounds: Bounds): Promise<void> {
    const all = [...this.#nodes, ...(this.#relay ? [this.#relay] : [])];
    await Promise.all(all.map((worker) => worker.ask({ what, ...more }, bounds)));
  }
}

export async function startOurs(
  site: Site,
  password: string,
  isBehindRelay: boolean,
  bounds: Bounds,
): Promise<Contestant> {
  const { dir, broker, ground, nodes } = site;
  const brokerAt = (host: string, user: string) => ({
    host,
    port: broker.port,
    vhost: broker.vhost,
    user,
    passwordFile: 'password',
  });
  const write = async (name: string, config: object): Promise<string> => {
    const path = join(dir, `${name}.json`);
    await writeFile(path, JSON.stringify(config));
    return path;
  };
  await mkdir(join(dir, 'central'), { recursive: true });
  await writeFile(join(dir, 'password'), password);
  const central = await write('central', {
    dataDir: 'central',
    broker: brokerAt(BESIDE_THE_BROKER, 'central'),
    swarm: { ip: ADDRESSES.giver, port: SWARM_PORT },
  });
  const nodeOf = async (number: number, name: string, ip: string, relay: boolean): Promise<Node> => {
    const folder = join(dir, 'files', name);
    await mkdir(folder, { recursive: true });
    const config = await write(name, {
      name,
      site: SITE,
      ...(relay && { relay }),
      dataDir: join('data', name),
      folder,
      broker: brokerAt(ADDRESSES.broker, name),
      swarm: { ip, port: SWARM_PORT },
      trust: [{ key: 'central/signing-key.pem.pub', kinds: ['files'] }],
    });
    return { number, config, folder };
  };
  const terminals: Node[] = [];
  for (let i = 0; i < nodes; i++) terminals.push(await nodeOf(i, nameOf(i), nodeAddress(i), false));
  const relay = isBehindRelay ? await nodeOf(nodes, RELAY, ADDRESSES.relay, true) : undefined;
  const asked: OursCentral = {
    config: central,
    socket: join(dir, 'central', 'central.sock'),
    url: `amqp://${ALONE}:${password}@${BESIDE_THE_BROKER}:${broker.port}/${broker.vhost}`,
    trace: site.trace,
  };
  const ours = new Ours(new Crew(ground.place, dir), site, asked, terminals, relay);
  try {
    await ours.stand(bounds);
  } catch (error) {
    await ours[Symbol.asyncDispose]();
    throw error;
  }
  return ours;
}
