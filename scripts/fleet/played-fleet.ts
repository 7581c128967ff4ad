/** A real broker and a real central on loopback, and nodes that only speak: for what many nodes cost. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { centralRights, relayRights, terminalRights } from '../../src/fleet/rights.ts';
import { type Child, Processes } from '../cafe/processes.ts';
import { askDesk } from './ask-desk.ts';
import type { Command, Played } from './played-nodes.ts';
import { PrivateBroker } from './private-broker.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const LOOP_DELAY = join(import.meta.dirname, '../bench/loop-delay.ts');
const NODES = join(import.meta.dirname, 'played-nodes.ts');
const WAIT_MS = 300_000;

export type Note = {
  readonly seq: number;
  readonly atMs: number;
  readonly code: string;
  readonly distribution: string | null;
};
/** Of the central since it was asked last: seconds of a processor, how late its event loop was at most and at the 99th percentile, and its memory. */
export type Load = { readonly cpuS: number; readonly mostMs: number; readonly p99Ms: number; readonly rssMib: number };

export class PlayedFleet implements AsyncDisposable {
  readonly dir: string;
  readonly broker: PrivateBroker;
  readonly #played: readonly Played[];
  readonly #processes = new Processes();
  readonly #nodes: { readonly child: Child; heard: () => void }[] = [];
  #central: Child | undefined;
  #loads = 0;

  private constructor(dir: string, broker: PrivateBroker, played: readonly Played[]) {
    this.dir = dir;
    this.broker = broker;
    this.#played = played;
  }

  /** With a broker, and the users of all: `terminals` of one site, and a relay each of `relays` sites beside. */
  static async start(terminals: number, relays = 0): Promise<PlayedFleet> {
    const dir = await mkdtemp(join(tmpdir(), 'swarmbox-played-'));
    const named = (name: string, site: string, role: Played['role']): Played => {
      return { name, site, role, password: randomBytes(8).toString('hex') };
    };
    const played = [
      ...Array.from({ length: terminals }, (_, i) => named(`t${i + 1}`, 'east', 'terminal')),
      ...Array.from({ length: relays }, (_, i) => named(`r${i + 1}`, `s${i + 1}`, 'relay')),
    ];
    const users = played.map(({ name, site, role, password }) => {
      return { name, password, rights: role === 'relay' ? relayRights(name, site) : terminalRights(name, site) };
    });
    const password = randomBytes(8).toString('hex');
    const broker = await PrivateBroker.start({
      vhost: 'fleet',
      users: [{ name: 'central', password, rights: centralRights() }, ...users],
    });
    const fleet = new PlayedFleet(dir, broker, played);
    await writeFile(join(dir, 'password'), password);
    const config = {
      dataDir: 'central',
      broker: { host: '127.0.0.1', port: broker.port, vhost: 'fleet', user: 'central', passwordFile: 'password' },
      swarm: { ip: '127.74.9.1', port: 6_881 },
    };
    await writeFile(join(dir, 'central.json'), JSON.stringify(config));
    return fleet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.killAll();
    await this.broker[Symbol.asyncDispose]();
    await rm(this.dir, { recursive: true, force: true });
  }

  get size(): number {
    return this.#played.length;
  }

  ask<T>(method: string, path: string, body?: object): Promise<T> {
    return askDesk(join(this.dir, 'central', 'central.sock'), method, path, body);
  }

  async runCentral(): Promise<void> {
    const argv = [execPath, '--import', LOOP_DELAY, MAIN, 'central', join(this.dir, 'central.json')];
    const env = { LOOP_DELAY: join(this.dir, 'loads') };
    this.#central = this.#processes.start({ name: 'central', argv, logPath: join(this.dir, 'central.log'), env });
    await this.until('the central answers', () => this.ask('GET', '/notes?limit=1'));
  }

  async killCentral(): Promise<void> {
    this.#central?.kill('SIGKILL');
    await this.#central?.exited;
  }

  /** In so many processes. Resolves when all are connected. */
  async runNodes(processes = 2): Promise<void> {
    const share = Math.ceil(this.#played.length / processes);
    const all = Array.from({ length: processes }, async (_, i) => {
      const path = join(this.dir, `nodes-${i}.json`);
      await writeFile(path, JSON.stringify(this.#played.slice(i * share, (i + 1) * share)));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const argv = [execPath, NODES, String(this.broker.port), path];
      const logPath = join(this.dir, `nodes-${i}.log`);
      const child = this.#processes.start({ name: `nodes-${i}`, argv, logPath, input: true, onLine: () => it.heard() });
      const it = { child, heard: resolve };
      this.#nodes.push(it);
      void child.exited.then(async () => reject(new Error(await child.tail())));
      await promise;
    });
    await Promise.all(all);
  }

  async tell(command: Command): Promise<void> {
    const all = this.#nodes.map((it) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      it.heard = resolve;
      it.child.write(`${JSON.stringify(command)}\n`);
      return promise;
    });
    await Promise.all(all);
  }

  /** The central's load since the last call. */
  async load(): Promise<Load> {
    const path = join(this.dir, 'loads');
    const lines = async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    this.#loads = (await lines()).length;
    kill(this.#central?.pid ?? 0, 'SIGUSR2');
    return this.until('it says its load', async () => {
      const line = (await lines())[this.#loads];
      if (!line) throw new Error('not yet');
      return JSON.parse(line) as Load;
    });
  }

  /** Memory of the broker, and messages that wait in all queues but the log. */
  async atBroker(): Promise<{ memoryMib: number; queues: number; messages: number }> {
    const status = await readFile(
      `/proc/${Number(await readFile(join(this.broker.folder, 'pid'), 'utf8'))}/status`,
      'utf8',
    );
    const memoryMib = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
    const rows = (await this.broker.ctl('list_queues', '-p', 'fleet', 'name', 'messages')).trim().split('\n').slice(1);
    const counts = rows.map((row) => row.split('\t')).filter(([name]) => name !== 'fleet.log');
    return { memoryMib, queues: counts.length, messages: counts.reduce((sum, [, count]) => sum + Number(count), 0) };
  }

  notes(limit = 1_000): Promise<Note[]> {
    return this.ask('GET', `/notes?limit=${limit}`);
  }

  /** Resolves when each of these has a note of this code. From the first that was published to the last that is so, ms, by the central's clock. */
  async took(ids: readonly string[], code: string): Promise<number> {
    return this.until(`${ids.length} are ${code}`, async () => {
      const notes = await this.notes();
      const at = (of: string, id: string): number => {
        const note = notes.find((n) => n.distribution === id && n.code === of);
        if (!note) throw new Error(`${id} is not ${of}`);
        return note.atMs;
      };
      return Math.max(...ids.map((id) => at(code, id))) - Math.min(...ids.map((id) => at('published', id)));
    });
  }

  async until<T>(what: string, look: () => Promise<T>, everyMs = 100): Promise<T> {
    for (const endMs = Date.now() + WAIT_MS; ; await sleep(everyMs)) {
      try {
        return await look();
      } catch (error) {
        if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`, { cause: error });
        if (this.#central?.exit) throw new Error(await this.#central.tail());
      }
    }
  }
}
