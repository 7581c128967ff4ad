/** Network namespaces and what stands in them: thin words over ip(8), tc(8), nft(8). */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Limits are times this: a machine whose processor is emulated needs CAFE_PATIENCE=4 or so. */
export const PATIENCE = Number(process.env.CAFE_PATIENCE) || 1;
/** No command here takes a noticeable time; one that does hangs. */
const COMMAND_LIMIT_MS = 20_000 * PATIENCE;
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;

/** Runs a command to its end; rejects with what it said on standard error. */
export function command(argv: readonly string[], input?: string): Promise<string> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { timeout: COMMAND_LIMIT_MS, maxBuffer: OUTPUT_LIMIT_BYTES, env: { ...process.env, LC_ALL: 'C.UTF-8' } },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${argv.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

export const words = (line: string): string[] => line.trim().split(/\s+/);

/** Interface counters as the kernel keeps them. */
export type Counters = { readonly rxBytes: number; readonly txBytes: number };

/** One namespace: a machine of the cafe. */
export class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** The command line that runs `argv` inside. */
  inside(argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.name, ...argv];
  }

  run(argv: readonly string[], input?: string): Promise<string> {
    return command(this.inside(argv), input);
  }

  /** Lines of ip(8), without the leading `ip`. */
  async ip(...lines: string[]): Promise<void> {
    await command(['ip', '-n', this.name, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  async sysctl(...settings: string[]): Promise<void> {
    await this.run(['sysctl', '-qw', ...settings]);
  }

  /** Frames leave this device as they are on a wire, not in 64 KiB bundles. */
  async wireSized(device: string): Promise<void> {
    await this.run(['ethtool', '-K', device, 'tso', 'off', 'gso', 'off']);
  }

  async counters(device: string): Promise<Counters> {
    const [link] = JSON.parse(await command(['ip', '-n', this.name, '-s', '-j', 'link', 'show', 'dev', device])) as {
      stats64: { rx: { bytes: number }; tx: { bytes: number } };
    }[];
    if (!link) throw new Error(`${this.name}: no device ${device}`);
    return { rxBytes: link.stats64.rx.bytes, txBytes: link.stats64.tx.bytes };
  }

  async pids(): Promise<number[]> {
    return (await command(['ip', 'netns', 'pids', this.name])).split('\n').filter(Boolean).map(Number);
  }

  /** Ends who is still inside, then takes the namespace and all its devices away. */
  async remove(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      const pids = await this.pids().catch(() => []);
      if (pids.length === 0) break;
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it ended by itself
        }
      }
      await sleep(20);
    }
    await command(['ip', 'netns', 'del', this.name]);
  }
}

/** All namespaces of one prefix. */
export class Net {
  readonly prefix: string;
  readonly #places: Place[] = [];

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  static async named(prefix: string): Promise<Place[]> {
    const lines = (await command(['ip', 'netns', 'list'])).split('\n');
    return lines
      .map((l) => l.split(' ')[0] ?? '')
      .filter((n) => n.startsWith(prefix))
      .map((n) => new Place(n));
  }

  async add(name: string): Promise<Place> {
    const place = new Place(this.prefix + name);
    await command(['ip', 'netns', 'add', place.name]);
    this.#places.push(place);
    await place.ip('link set lo up');
    return place;
  }

  /** A cable between two machines; both ends up. */
  async cable(a: Place, aDevice: string, b: Place, bDevice: string): Promise<void> {
    await command(words(`ip link add ${aDevice} up netns ${a.name} type veth peer name ${bDevice} netns ${b.name}`));
    await b.ip(`link set ${bDevice} up`);
  }

  async close(): Promise<void> {
    for (let place = this.#places.pop(); place; place = this.#places.pop()) await place.remove();
  }
}
