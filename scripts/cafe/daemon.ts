/** The real daemon in the box's namespace. */
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { watchLines } from './lines.ts';
import type { Place } from './net.ts';
import type { Child, Exit, Processes } from './processes.ts';
import { until } from './servers.ts';

export const DAEMON_NAME = 'daemon';
const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;
const SNAPSHOT_LIMIT_MS = 5_000;

type Counted = { readonly packets: number; readonly bytes: number };

/** The part of /api/snapshot that the cafe looks at. */
export type Snapshot = {
  readonly steering: {
    readonly state: string;
    readonly notInterceptable?: Readonly<Record<'seen' | 'pppoe' | 'qinq' | 'otherVlan', Counted>>;
    readonly recent: readonly { client?: string; endpoint: string; verdict: string; why: string }[];
  };
  readonly tasks: readonly { infoHash: string; state: string; haveBytes: number; totalBytes: number }[];
  readonly totals: { readonly servedBytes: number; readonly filledBytes: number; readonly passedBytes: number };
};

export type DaemonOptions = {
  readonly box: Place;
  readonly processes: Processes;
  /** Config, log and admin socket. */
  readonly dir: string;
  /** The project's root, where src/main.ts is. */
  readonly root: string;
  /** Laid over the config that the cafe writes. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** A command that starts it, with its own words at the end. */
  readonly under?: readonly string[];
};

export class Daemon {
  /** Whoever comes in here is administrator. */
  readonly socketPath: string;
  /** Where the page is. */
  readonly pagePath: string;
  readonly configPath: string;
  readonly logPath: string;
  readonly dataDir: string;
  readonly #o: DaemonOptions;
  #child: Child | undefined;

  constructor(o: DaemonOptions) {
    this.#o = o;
    this.logPath = join(o.dir, 'daemon.log');
    this.dataDir = join(o.dir, 'data');
    this.socketPath = join(this.dataDir, 'control.sock');
    this.pagePath = join(o.dir, 'page.sock');
    this.configPath = join(o.dir, 'config.json');
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exit === undefined;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  /** Resolves once it has said that it is ready. `config` is laid over what the cafe writes. */
  async start(config: Readonly<Record<string, unknown>> = {}): Promise<void> {
    if (this.running) throw new Error('the daemon runs already');
    const { dir } = this.#o;
    await mkdir(this.dataDir, { recursive: true });
    const all = {
      lan: 'lan0',
      wan: 'wan0',
      bridge: 'br0',
      dataDir: this.dataDir,
      volatileDir: join(dir, 'volatile'),
      admin: { path: this.pagePath },
      ...this.#o.config,
      ...config,
    };
    await writeFile(this.configPath, `${JSON.stringify(all, undefined, 2)}\n`);
    await this.startAgain();
  }

  /** With its configuration as it is, whoever wrote it last. */
  async startAgain(): Promise<void> {
    if (this.running) throw new Error('the daemon runs already');
    const { box, dir, root, processes, under = [] } = this.#o;
    const lines = await watchLines(this.logPath);
    const argv = box.inside([...under, execPath, join(root, 'src/main.ts'), this.configPath]);
    this.#child = processes.start({ name: DAEMON_NAME, argv, logPath: this.logPath, cwd: dir });
    const ready = async () => (await lines()).some((line) => /"event":\s*"ready"/.test(line));
    await until('the daemon', ready, READY_LIMIT_MS, this.#child);
  }

  /** SIGTERM: a clean end. */
  async stop(): Promise<Exit | undefined> {
    await this.#child?.stop(STOP_LIMIT_MS);
    return this.#child?.exit;
  }

  /** SIGKILL, as a crash would end it. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  async tail(lines = 20): Promise<string> {
    return (await this.#child?.tail(lines)) ?? '';
  }

  snapshot(): Promise<Snapshot> {
    return this.get('/api/snapshot') as Promise<Snapshot>;
  }

  /** A JSON answer of its admin server. */
  get(path: string): Promise<unknown> {
    return this.command('GET', path);
  }

  /** An answer of its admin server that is not JSON. */
  async text(path: string): Promise<string> {
    const { status, text } = await this.#ask('GET', path, undefined);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text.slice(0, 300)}`);
    return text;
  }

  /** Over its control socket. Rejects with what it said where it refuses. */
  async command(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await this.#ask(method, path, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  #ask(method: string, path: string, body: unknown): Promise<{ status: number | undefined; text: string }> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>();
    const headers = { host: '127.0.0.1', ...(json !== undefined && { 'content-type': 'application/json' }) };
    const asked = request(
      { socketPath: this.socketPath, method, path, headers, timeout: SNAPSHOT_LIMIT_MS },
      async (answer) => {
        try {
          const parts: Buffer[] = [];
          for await (const part of answer) parts.push(part as Buffer);
          resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() });
        } catch (error) {
          reject(error as Error);
        }
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer`)));
    asked.on('error', reject);
    asked.end(json);
    return promise;
  }
}
