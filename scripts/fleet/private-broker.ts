/**
 * A RabbitMQ of one's own: Debian's program in a folder, on ports and with a port mapper (epmd) that nobody else uses,
 * bound to one address. It has no service, no name on the network and no default user, and it ends with its owner,
 * however that one ends. Needs root, as Debian keeps the program for it.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type BrokerUser, definitionsOf } from '../../src/fleet/rights.ts';
import { type Child, Processes } from '../cafe/processes.ts';

const PROGRAMS = '/usr/lib/rabbitmq/bin';
/** Starting takes some 10 seconds of a processor: on a busy machine a multiple of it. */
const READY_MS = 120_000;
const PROBE_EVERY_MS = 200;
const CTL_MS = 60_000;
const STOP_MS = 30_000;

/** The whole group ends when the program ends, and when standard input does: then the owner is gone, and nobody else clears up. */
const CLEAR_UP = `kill -s KILL -- "-$1"; sleep 1; rm -rf "$HOME"`;
const WITH_OWNER = `epmd -port "$ERL_EPMD_PORT" </dev/null & ("$@" </dev/null; kill -KILL 0) &
cat >/dev/null; setsid sh -c '${CLEAR_UP}' sh $$`;
/** The first byte of an answer to the protocol's greeting. */
const GREETING = `exec 3<>"/dev/tcp/$1/$2"; printf 'AMQP\\0\\0\\11\\1' >&3; head -c 1 <&3`;

export type PrivateBrokerOptions = {
  readonly vhost: string;
  readonly users: readonly BrokerUser[];
  /** Where it listens; the port mapper and `ctl` stay on loopback. */
  readonly address?: string;
  /** The network namespace it lives in. Its loopback must be up. */
  readonly netns?: string;
  /** Of RabbitMQ's own. */
  readonly plugins?: readonly string[];
  /** Any free one when it is left out. */
  readonly port?: number;
  /** Paths. Clients come with a certificate of this authority, and are who its common name says. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string; readonly port?: number };
};

const freePort = async (address: string): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export class PrivateBroker implements AsyncDisposable {
  readonly address: string;
  readonly vhost: string;
  readonly port: number;
  /** 0 without TLS. */
  readonly tlsPort: number;
  /** All that it has is in here, and goes with it. */
  readonly folder: string;
  readonly #wrap: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #processes = new Processes();
  #server: Child | undefined;

  private constructor(o: PrivateBrokerOptions, folder: string, ports: readonly number[]) {
    const [port = 0, tlsPort = 0, distPort = 0, mapperPort = 0] = ports;
    this.address = o.address ?? '127.0.0.1';
    this.vhost = o.vhost;
    this.port = port;
    this.tlsPort = tlsPort;
    this.folder = folder;
    this.#wrap = o.netns ? ['ip', 'netns', 'exec', o.netns] : [];
    this.#env = {
      HOME: folder,
      LANG: 'C.UTF-8',
      ERL_EPMD_PORT: String(mapperPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `private${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distPort),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      // Its threads do not spin while there is nothing to do: others need the processors.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
    };
  }

  /** Resolves when AMQP answers. */
  static async start(o: PrivateBrokerOptions): Promise<PrivateBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'swarmbox-broker-'));
    // Ports of a namespace are its own: any will do there.
    const pick = (i: number) => (o.netns ? Promise.resolve(25_600 + i) : freePort(o.address ?? '127.0.0.1'));
    const ports = [
      o.port ?? (await pick(0)),
      o.tls ? (o.tls.port ?? (await pick(1))) : 0,
      await pick(2),
      await pick(3),
    ];
    const broker = new PrivateBroker(o, folder, ports);
    try {
      await broker.#configure(o);
      await broker.start();
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
    return broker;
  }

  /** Once more, on what it kept. */
  async start(): Promise<void> {
    const logPath = join(this.folder, 'out');
    const server = this.#processes.start({
      name: 'rabbitmq',
      argv: [...this.#wrap, 'sh', '-c', WITH_OWNER, 'sh', join(PROGRAMS, 'rabbitmq-server')],
      input: true,
      logPath,
      env: this.#env,
      cwd: this.folder,
    });
    this.#server = server;
    for (let waitedMs = 0; waitedMs < READY_MS && !server.exit; waitedMs += PROBE_EVERY_MS) {
      if (await this.#answers()) return;
      await sleep(PROBE_EVERY_MS);
    }
    throw new Error(`RabbitMQ did not start:\n${await server.tail()}`);
  }

  /** In order: it writes down what it has. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server || server.exit) return;
    process.kill(Number(await readFile(join(this.folder, 'pid'), 'utf8')), 'SIGTERM');
    const late = setTimeout(() => server.kill('SIGKILL'), STOP_MS);
    await server.exited;
    clearTimeout(late);
  }

  /** As by a power cut of the machine, but for what the kernel has yet to write. */
  async kill(): Promise<void> {
    await this.#processes.killAll();
  }

  /** What `rabbitmqctl` says to these arguments. */
  async ctl(...args: string[]): Promise<string> {
    const [command = '', ...rest] = [...this.#wrap, join(PROGRAMS, 'rabbitmqctl'), '--quiet', ...args];
    const env = { ...process.env, ...this.#env };
    const { stdout } = await promisify(execFile)(command, rest, { env, cwd: this.folder, timeout: CTL_MS });
    return stdout;
  }

  /** These users as well, or with other rights. */
  async allow(users: readonly BrokerUser[]): Promise<void> {
    await this.define(definitionsOf(this.vhost, users));
  }

  /** What a definitions file says, beside what it has. */
  async define(definitions: object): Promise<void> {
    const path = join(this.folder, 'more.json');
    await writeFile(path, JSON.stringify(definitions));
    await this.ctl('import_definitions', path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #configure({ vhost, users, tls, plugins = [] }: PrivateBrokerOptions): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await Promise.all([mkdir(at('data')), mkdir(at('log')), writeFile(at('none'), '')]);
    const enabled = [...plugins, ...(tls ? ['rabbitmq_auth_mechanism_ssl'] : [])];
    await writeFile(at('plugins'), `[${enabled.join(',')}].\n`);
    await writeFile(at('definitions.json'), JSON.stringify(definitionsOf(vhost, users)));
    const lines = [
      `listeners.tcp.1 = ${this.address}:${this.port}`,
      'loopback_users = none',
      `load_definitions = ${at('definitions.json')}`,
      'max_message_size = 16777216',
      'vm_memory_high_watermark.absolute = 1GB',
      'disk_free_limit.absolute = 50MB',
      'log.console = false',
      'log.file.level = warning',
      'tcp_listen_options.backlog = 1024',
      'tcp_listen_options.nodelay = true',
    ];
    if (tls)
      lines.push(
        `listeners.ssl.1 = ${this.address}:${this.tlsPort}`,
        `ssl_options.cacertfile = ${tls.ca}`,
        `ssl_options.certfile = ${tls.cert}`,
        `ssl_options.keyfile = ${tls.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = true',
        'ssl_options.versions.1 = tlsv1.3',
        'ssl_options.versions.2 = tlsv1.2',
        'ssl_cert_login_from = common_name',
        'auth_mechanisms.1 = EXTERNAL',
        'auth_mechanisms.2 = PLAIN',
      );
    await writeFile(at('rabbitmq.conf'), `${lines.join('\n')}\n`);
  }

  async #answers(): Promise<boolean> {
    const [command = '', ...rest] = [...this.#wrap, 'timeout', '2', 'bash', '-c', GREETING];
    const asked = promisify(execFile)(command, [...rest, 'bash', this.address, String(this.port)]);
    return asked.then(
      ({ stdout }) => stdout === '\u0001',
      () => false,
    );
  }
}
