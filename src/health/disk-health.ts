import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { type BlockDevice, devicesBeneath } from './block-devices.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { Probes } from './probe.ts';
import type { SmartReading } from './smart.ts';
import { type AskSmart, smartctl } from './smartctl.ts';
import type { DeviceHealth, DiskHealth, DiskVerdict, Known, WornWhy } from './view.ts';
import { type BadSectors, badSectorsOf, type Wear, wearOf } from './wear.ts';

/** What is asked of whoever keeps the disks. */
export type DiskWorld = {
  /** Folders on disks that are here. */
  paths(): readonly string[];
  /** Put nothing new there, for this reason; undefined: do again. Told at every look. */
  distrust(path: string, why: WornWhy | undefined): void;
};

export type DiskSources = {
  beneath(path: string): Promise<BlockDevice[]>;
  smart: AskSmart;
  /** Monotonic, ms. */
  elapsedMs(): number;
};

export const machineDisks: DiskSources = {
  beneath: devicesBeneath,
  smart: smartctl(),
  elapsedMs: () => performance.now(),
};

type Device = { block: BlockDevice; askedAtMs: number; reading: SmartReading; wear: Wear; told: string };

/** Worst first. */
const WORN: readonly WornWhy[] = ['says-failing', 'bad-sectors', 'used-up', 'hot'];
const VERDICTS: readonly DiskVerdict[] = ['failing', 'unknown', 'passed'];

/**
 * Watches the disks beneath the folders that the box uses.
 * Invariant: one question at a time, to one device every half hour at most; a process that cannot be killed is waited for.
 */
export class DiskHealthWatch {
  readonly #world: DiskWorld;
  readonly #sources: DiskSources;
  readonly #log: Log;
  readonly #scope: Scope;
  readonly #probes = new Probes();
  /** By name below /dev. */
  readonly #devices = new Map<string, Device>();
  /** What each serial number, or device without one, said first. */
  readonly #first = new Map<string, BadSectors>();
  #beneath = new Map<string, Known<BlockDevice[]>>();
  #views = new Map<string, DiskHealth>();
  #busy = false;

  constructor(world: DiskWorld, log: Log, sources: DiskSources) {
    this.#world = world;
    this.#sources = sources;
    this.#log = log;
    this.#scope = new Scope((e) => log.error('disk-health-failed', { why: errorText(e) }));
  }

  /** The first look is under way when this returns: nothing waits for it. */
  static start(world: DiskWorld, log: Log, sources: DiskSources = machineDisks): DiskHealthWatch {
    const watch = new DiskHealthWatch(world, log, sources);
    const look = () => watch.#scope.run((signal) => watch.look(signal));
    look();
    watch.#scope.every(HEALTH_LIMITS.disksEveryMs, look);
    return watch;
  }

  /** Undefined while nothing is known of the folder. */
  of(path: string): DiskHealth | undefined {
    return this.#views.get(path);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  /** One look. A look that is still going on is not overtaken. */
  async look(signal: AbortSignal): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.#findDevices();
      this.#judge();
      for (const device of this.#devices.values()) {
        if (signal.aborted) return;
        if (device.block.virtual || !this.#isDue(device)) continue;
        await this.#ask(device, signal);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #findDevices(): Promise<void> {
    const paths = this.#world.paths().slice(0, HEALTH_LIMITS.disks);
    const found = await Promise.all(paths.map((path) => this.#probes.ask(path, () => this.#sources.beneath(path))));
    this.#beneath = new Map(paths.map((path, i) => [path, found[i] as Known<BlockDevice[]>]));
    const blocks = new Map(found.flatMap((f) => (f === 'unknown' ? [] : f)).map((block) => [block.name, block]));
    // One that does not answer just now is still beneath its folder, and keeps what it said.
    if (!found.includes('unknown'))
      for (const name of this.#devices.keys()) if (!blocks.has(name)) this.#devices.delete(name);
    for (const [name, block] of blocks) {
      if (this.#devices.get(name)?.block.key === block.key) continue;
      const why = block.virtual ? 'virtual' : 'not-asked-yet';
      const reading: SmartReading = { verdict: 'unknown', why };
      this.#devices.set(name, { block, askedAtMs: Number.NEGATIVE_INFINITY, reading, wear: {}, told: '' });
    }
  }

  #isDue({ askedAtMs }: Device): boolean {
    return this.#sources.elapsedMs() - askedAtMs >= HEALTH_LIMITS.smartEveryMs;
  }

  async #ask(device: Device, signal: AbortSignal): Promise<void> {
    const { reading, ended } = await this.#sources.smart(device.block.name, signal);
    if (signal.aborted) return;
    // A program that is not there costs nothing to look for: it is noticed soon after it was installed.
    if (reading.why !== 'no-smartctl') device.askedAtMs = this.#sources.elapsedMs();
    const silent = reading.verdict === 'unknown' && device.reading.verdict !== 'unknown';
    device.reading = silent && reading.why ? { ...device.reading, why: reading.why } : reading;
    if (!silent) device.wear = wearOf(this.#firstOf(device, reading), reading);
    this.#tell(device);
    this.#judge();
    await endOr(ended, signal);
  }

  #firstOf({ block }: Device, reading: SmartReading): BadSectors {
    const key = reading.serial ?? block.serial ?? block.key;
    const before = this.#first.get(key);
    const now = badSectorsOf(reading);
    const first = Object.fromEntries(
      Object.entries(now).map(([name, count]) => [name, before?.[name as keyof BadSectors] ?? count]),
    ) as BadSectors;
    if (!before && this.#first.size >= HEALTH_LIMITS.baselines) this.#first.clear();
    this.#first.set(key, first);
    return first;
  }

  /** One line when something changes; none for a disk that fell asleep. */
  #tell(device: Device): void {
    const { block, reading, wear } = device;
    const { verdict, why, temperatureC } = reading;
    if (why === 'asleep') return;
    const said = `${verdict} ${why} ${wear.worn}`;
    if (said === device.told) return;
    device.told = said;
    const fields = { device: block.name, model: reading.model ?? block.model, verdict, why, temperatureC, ...wear };
    if (wear.worn) this.#log.error('disk-worn', { ...fields, next: 'it gets nothing new while others have room' });
    else this.#log.info('disk-health', fields);
  }

  #judge(): void {
    this.#views = new Map(
      [...this.#beneath].map(([path, blocks]) => [path, blocks === 'unknown' ? noAnswer : this.#viewOf(blocks)]),
    );
    for (const [path, blocks] of this.#beneath)
      if (blocks !== 'unknown') this.#world.distrust(path, this.#views.get(path)?.worn);
  }

  #viewOf(blocks: readonly BlockDevice[]): DiskHealth {
    const devices = blocks.flatMap(({ name }): DeviceHealth[] => {
      const device = this.#devices.get(name);
      if (!device) return [];
      const { model, serial, rotating } = device.block;
      const known = { ...(model && { model }), ...(serial && { serial }), ...(rotating !== undefined && { rotating }) };
      return [{ name, ...known, ...device.reading, ...device.wear }];
    });
    if (devices.length === 0) return { verdict: 'unknown', why: 'no-device', devices };
    const verdict = VERDICTS.find((v) => devices.some((d) => d.verdict === v)) ?? 'unknown';
    const why = devices.find((d) => d.verdict === verdict)?.why;
    const worn = WORN.find((w) => devices.some((d) => d.worn === w));
    return { verdict, ...(why && { why }), ...(worn && { worn }), devices };
  }
}

const noAnswer: DiskHealth = { verdict: 'unknown', why: 'no-answer', devices: [] };

/** Waits for the one or the other. */
async function endOr(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  signal.addEventListener('abort', stop);
  void ended.then(resolve);
  if (!signal.aborted) await promise;
  signal.removeEventListener('abort', stop);
}
