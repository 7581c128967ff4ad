import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { mem } from 'systeminformation';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { busyPercent, type CpuTimes, type PortCounters, parseNetDev, rateBytesPerS } from './counters.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { LoopDelay } from './loop-delay.ts';
import { count, Probes } from './probe.ts';
import type { HealthView, Known, PortRole, PortView, RateSample } from './view.ts';

/** Where the figures come from: the machine, or a test. Each may reject or never answer. */
export type HealthSources = {
  netDev(): Promise<string>;
  /** '1' or '0' (sysfs `carrier`); rejects when the port is administratively down. */
  carrier(port: string): Promise<string>;
  speedMbps(port: string): Promise<string>;
  cpus(): Promise<readonly CpuTimes[]>;
  memory(): Promise<{ totalBytes: number; availableBytes: number }>;
  disk(path: string): Promise<{ totalBytes: number; freeBytes: number }>;
  /** Monotonic, ms: a rate must not jump when the wall clock is set. */
  elapsedMs(): number;
  nowMs(): number;
};

const SECOND_MS = 1_000;

const sys = (port: string, file: string) => readFile(join('/sys/class/net', port, file), 'utf8');

export const machineSources: HealthSources = {
  netDev: () => readFile('/proc/self/net/dev', 'utf8'),
  carrier: (port) => sys(port, 'carrier'),
  speedMbps: (port) => sys(port, 'speed'),
  cpus: async () => cpus().map((c) => c.times),
  memory: async () => {
    const { total, available } = await mem();
    return { totalBytes: total, availableBytes: available };
  },
  disk: async (path) => {
    const { bsize, blocks, bavail } = await statfs(path);
    return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
  },
  elapsedMs: () => performance.now(),
  nowMs: () => Date.now(),
};

export type HealthOptions = {
  /** Interface names, at most `HEALTH_LIMITS.ports`. */
  interfaces: readonly (string | { name: string; role: PortRole })[];
  dataDir: string;
  intervalMs: number;
  log: Log;
  sources?: HealthSources;
};

type Slow = Pick<HealthView, 'loadPercent' | 'memory' | 'disk'> & {
  links: Map<string, Pick<PortView, 'link' | 'speedMbps'>>;
};
type Reading = { atMs: number; ports: Map<string, PortCounters> };
type Rates = { rxBytesPerS: number; txBytesPerS: number };

/** Polls the machine lightly; `view()` answers from memory. */
export class Health {
  readonly #dataDir: string;
  readonly #names: readonly string[];
  readonly #roles: ReadonlyMap<string, PortRole>;
  readonly #sources: HealthSources;
  readonly #scope: Scope;
  readonly #probes = new Probes();
  readonly #loop = new LoopDelay();
  readonly #rates = new Map<string, Rates>();
  readonly #history: { atMs: number; rates: Map<string, Rates> }[] = [];
  #last: Reading | undefined;
  #cpus: (readonly CpuTimes[])[] = [];
  #slow: Slow;
  #slowAtMs = Number.NEGATIVE_INFINITY;
  #busy = false;

  private constructor(options: HealthOptions) {
    const ports = options.interfaces.slice(0, HEALTH_LIMITS.ports);
    this.#names = ports.map((p) => (typeof p === 'string' ? p : p.name));
    this.#roles = new Map(ports.flatMap((p) => (typeof p === 'string' ? [] : [[p.name, p.role]])));
    this.#dataDir = options.dataDir;
    this.#sources = options.sources ?? machineSources;
    this.#scope = new Scope((e) => options.log.error('health-poll-failed', { why: errorText(e) }));
    this.#slow = {
      loadPercent: 'unknown',
      memory: { totalBytes: 'unknown', availableBytes: 'unknown', processBytes: 0 },
      disk: { path: options.dataDir, totalBytes: 'unknown', freeBytes: 'unknown' },
      links: new Map(),
    };
  }

  /** The first look is taken before this resolves; rates are known from the second one on. */
  static async start(options: HealthOptions): Promise<Health> {
    const health = new Health(options);
    await health.poll();
    health.#scope.defer(() => health.#loop.close());
    health.#scope.every(SECOND_MS, () => health.#loop.tick());
    health.#scope.every(options.intervalMs, () => health.#scope.run(() => health.poll()));
    return health;
  }

  view(): HealthView {
    const { links, ...slow } = this.#slow;
    return {
      ...slow,
      memory: { ...slow.memory, processBytes: process.memoryUsage.rss() },
      cores: availableParallelism(),
      loopDelay: this.#loop.view(),
      uptimeS: Math.round(process.uptime()),
      ports: this.#names.map((name) => this.#port(name, links.get(name))),
    };
  }

  /** The current rates of one port; zero until two readings exist. */
  rates(port: string): Rates {
    return this.#rates.get(port) ?? { rxBytesPerS: 0, txBytesPerS: 0 };
  }

  /** Oldest first, at most five minutes. */
  history(wan: string, lan: string): RateSample[] {
    return this.#history.map(({ atMs, rates }) => [
      atMs,
      rates.get(wan)?.rxBytesPerS ?? 0,
      rates.get(lan)?.txBytesPerS ?? 0,
    ]);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  /** One look. Called by the timer; a look that is still going on is not overtaken. */
  async poll(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#pollPorts();
      const now = this.#sources.elapsedMs();
      if (now - this.#slowAtMs >= HEALTH_LIMITS.slowEveryMs) {
        this.#slowAtMs = now;
        await this.#pollSlow();
      }
    } finally {
      this.#busy = false;
    }
  }

  async #pollPorts(): Promise<void> {
    const text = await this.#probes.ask('net', () => this.#sources.netDev());
    if (text === 'unknown') {
      this.#last = undefined;
      this.#rates.clear();
      return;
    }
    const reading: Reading = { atMs: this.#sources.elapsedMs(), ports: parseNetDev(text) };
    const before = this.#last;
    this.#last = reading;
    this.#rates.clear();
    if (!before) return;
    for (const name of this.#names) {
      const [a, b] = [before.ports.get(name), reading.ports.get(name)];
      if (!a || !b) continue;
      const ms = reading.atMs - before.atMs;
      this.#rates.set(name, {
        rxBytesPerS: rateBytesPerS(a.rxBytes, b.rxBytes, ms),
        txBytesPerS: rateBytesPerS(a.txBytes, b.txBytes, ms),
      });
    }
    this.#history.push({ atMs: this.#sources.nowMs(), rates: new Map(this.#rates) });
    if (this.#history.length > HEALTH_LIMITS.historySamples) this.#history.shift();
  }

  async #pollSlow(): Promise<void> {
    const [dataDir, interfaces] = [this.#dataDir, this.#names];
    const s = this.#sources;
    const [times, memory, disk, ...links] = await Promise.all([
      this.#probes.ask('cpus', () => s.cpus()),
      this.#probes.ask('memory', () => s.memory()),
      this.#probes.ask('disk', () => s.disk(dataDir)),
      ...interfaces.map((name) => this.#link(name)),
    ]);
    // One busy instant is no news: the load is that of the last minute.
    this.#cpus = times === 'unknown' ? [] : [...this.#cpus, times].slice(-HEALTH_LIMITS.loadSamples);
    const [first, last] = [this.#cpus[0], this.#cpus.at(-1)];
    this.#slow = {
      loadPercent: first && last ? count(busyPercent(first, last)) : 'unknown',
      memory: {
        totalBytes: memory === 'unknown' ? memory : count(memory.totalBytes),
        availableBytes: memory === 'unknown' ? memory : count(memory.availableBytes),
        processBytes: 0,
      },
      disk: {
        path: dataDir,
        totalBytes: disk === 'unknown' ? disk : count(disk.totalBytes),
        freeBytes: disk === 'unknown' ? disk : count(disk.freeBytes),
      },
      links: new Map(interfaces.map((name, i) => [name, links[i] as Pick<PortView, 'link' | 'speedMbps'>])),
    };
  }

  async #link(name: string): Promise<Pick<PortView, 'link' | 'speedMbps'>> {
    const [carrier, speed] = await Promise.all([
      this.#probes.ask(`carrier ${name}`, () => this.#sources.carrier(name)),
      this.#probes.ask(`speed ${name}`, () => this.#sources.speedMbps(name)),
    ]);
    const link = carrier.trim() === '1' ? 'up' : carrier.trim() === '0' ? 'down' : 'unknown';
    // A port without a link, and most virtual ones, report -1 or nothing.
    const mbps: Known<number> = speed === 'unknown' ? 'unknown' : Number(speed);
    return { link, speedMbps: mbps === 0 ? 'unknown' : count(mbps) };
  }

  #port(name: string, link: Pick<PortView, 'link' | 'speedMbps'> | undefined): PortView {
    const counters = this.#last?.ports.get(name);
    const rates = counters ? this.rates(name) : undefined;
    const role = this.#roles.get(name);
    return {
      name,
      ...(role ? { role } : {}),
      link: counters ? (link?.link ?? 'unknown') : 'unknown',
      speedMbps: counters ? (link?.speedMbps ?? 'unknown') : 'unknown',
      rxBytesPerS: rates?.rxBytesPerS ?? 'unknown',
      txBytesPerS: rates?.txBytesPerS ?? 'unknown',
      errors: counters?.errors ?? 'unknown',
      dropped: counters?.dropped ?? 'unknown',
    };
  }
}
