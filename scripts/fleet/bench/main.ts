/** `make bench-fleet`: RabbitMQ alone, libtorrent alone and ours, over nodes, sizes and lines. See README.md. */
import { randomBytes } from 'node:crypto';
import { access, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { cpus, freemem, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { PrivateBroker } from '../private-broker.ts';
import { startBittorrent } from './bittorrent.ts';
import type { Contestant, Site, Went } from './contestant.ts';
import { type Cell, type Left, percentile, type Row, rounded, summaries, table, verdicts } from './figures.ts';
import { Ground } from './ground.ts';
import { oursUsers, startOurs } from './ours.ts';
import {
  type BenchPlan,
  bytesFor,
  computedSeconds,
  minutesOf,
  PlanError,
  readPlan,
  SHAPES,
  type Shape,
  type System,
} from './plan.ts';
import { ALONE, startRabbitmq } from './rabbitmq.ts';
import { type Bounds, cpuSeconds, NotMeasured } from './workers.ts';

const MB = 1e6;
const GB = 1e9;
const MAY_DO_ALL = { configure: '.*', write: '.*', read: '.*', topics: [] };
/** Load for each processor above which others must have been at work: the bench itself keeps about three busy. */
const BUSY = 3;
const say = (text: string): void => console.error(text);

class Bench {
  readonly rows: Row[] = [];
  readonly #plan: BenchPlan;
  readonly #dir: string;
  readonly #signal: AbortSignal;
  readonly #password = randomBytes(12).toString('hex');

  constructor(plan: BenchPlan, dir: string, signal: AbortSignal) {
    this.#plan = plan;
    this.#dir = dir;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    for (const shape of this.#plan.shapes) await this.#onGround(shape);
  }

  async #onGround(shape: Shape): Promise<void> {
    await using ground = await Ground.lay(SHAPES[shape]);
    const users = [
      { name: ALONE, password: this.#password, rights: MAY_DO_ALL },
      ...oursUsers(this.#password, Math.max(...this.#plan.nodes)),
    ];
    await using broker = await PrivateBroker.start({ vhost: 'fleet', netns: ground.name, address: '0.0.0.0', users });
    for (let repeat = 1; repeat <= this.#plan.repeat; repeat++)
      for (const nodes of this.#plan.nodes)
        for (const system of this.#plan.systems) await this.#cells(shape, nodes, system, repeat, ground, broker);
  }

  /** All sizes, one after the other, by the same nodes; after one that went wrong, by new ones. */
  async #cells(shape: Shape, nodes: number, system: System, repeat: number, ground: Ground, broker: PrivateBroker) {
    const left = [...this.#plan.sizes];
    while (left.length > 0) {
      const sizes = left.filter((mb) => this.#notToRun({ shape, nodes, mb }, system, repeat) === undefined);
      const dir = await mkdtemp(join(this.#dir, `${system}-`));
      const { workers, trace } = this.#plan;
      const site: Site = { ground, broker, dir, nodes, sizes, workers, trace };
      try {
        await using contestant = sizes.length > 0 ? await this.#start(system, site) : undefined;
        for (let mb = left.shift(); mb !== undefined; mb = left.shift())
          if (!(await this.#cell({ shape, nodes, mb }, system, repeat, site, contestant))) break;
      } catch (error) {
        if (this.#signal.aborted || !(error instanceof NotMeasured)) throw error;
        for (const mb of left.splice(0)) this.#leave({ shape, nodes, mb }, system, repeat, error.message);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    }
  }

  #notToRun(cell: Cell, system: System, repeat: number): Row | string | undefined {
    const { shape, nodes, mb } = cell;
    const seconds = computedSeconds(system, shape, nodes, mb);
    if (seconds !== undefined) {
      const figures = { seconds: rounded(seconds, 3), rateMBps: rounded(mb / seconds, 3) };
      return { bench: 'fleet', ...cell, system, repeat, computed: true, ...figures };
    }
    const needed = bytesFor(nodes, mb);
    const free = freemem();
    return needed > free
      ? `it needs ${rounded(needed / GB, 1)} GB of memory, ${rounded(free / GB, 1)} are free`
      : undefined;
  }

  get #bounds(): Bounds {
    return { signal: this.#signal, limitS: this.#plan.limitS };
  }

  /** With its code warm, and with what it has learned of the lines where it learns. */
  async #start(system: System, site: Site): Promise<Contestant> {
    const starts = {
      rabbitmq: () => startRabbitmq(site, this.#password, this.#bounds),
      bittorrent: () => startBittorrent(site, this.#bounds),
      ours: () => startOurs(site, this.#password, false, this.#bounds),
      relay: () => startOurs(site, this.#password, true, this.#bounds),
    };
    const contestant = await starts[system]();
    try {
      for (const mb of contestant.warmUp) {
        await contestant.distribute(await this.#file(mb), this.#bounds);
        await contestant.forget(this.#bounds);
      }
    } catch (error) {
      await contestant[Symbol.asyncDispose]();
      throw error;
    }
    return contestant;
  }

  /** False: whoever was measured is to be started anew. */
  async #cell(
    cell: Cell,
    system: System,
    repeat: number,
    site: Site,
    contestant: Contestant | undefined,
  ): Promise<boolean> {
    const known = this.#notToRun(cell, system, repeat);
    if (typeof known === 'object') this.#tell(known);
    else if (known || !contestant) this.#leave(cell, system, repeat, known ?? 'it was not started');
    else
      try {
        this.#tell(await this.#measured(cell, system, repeat, site, contestant));
      } catch (error) {
        if (this.#signal.aborted || !(error instanceof NotMeasured)) throw error;
        this.#leave(cell, system, repeat, error.message);
        return false;
      }
    return true;
  }

  async #measured(
    cell: Cell,
    system: System,
    repeat: number,
    { ground, broker, nodes }: Site,
    contestant: Contestant,
  ): Promise<Row> {
    const path = await this.#file(cell.mb);
    const server = contestant.usesBroker ? [Number(await readFile(join(broker.folder, 'pid'), 'utf8'))] : [];
    const pids = [...contestant.pids, ...server];
    const load = rounded(loadavg()[0] as number, 1);
    const before = { cpu: await cpuSeconds(pids), sent: await ground.sent() };
    await contestant.distribute(path, this.#bounds);
    const after = { cpu: await cpuSeconds(pids), sent: await ground.sent() };
    const went = await contestant.went(this.#bounds);
    await contestant.forget(this.#bounds);
    const from = system === 'relay' ? 'relay' : 'giver';
    return {
      bench: 'fleet',
      ...cell,
      system,
      repeat,
      ...figuresOf(went, cell.mb),
      load,
      copies: rounded((after.sent[from] - before.sent[from]) / (cell.mb * MB), 3),
      cpuSPerGB: rounded((after.cpu - before.cpu) / ((nodes * cell.mb * MB) / GB), 2),
    };
  }

  /** Random bytes, made once. */
  async #file(mb: number): Promise<string> {
    const path = join(this.#dir, `${mb}-mb.bin`);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
    await using file = await open(path, 'w');
    for (let i = 0; i < mb; i++) await file.write(randomBytes(MB));
    return path;
  }

  #tell(row: Row): void {
    this.rows.push(row);
    console.log(JSON.stringify(row));
  }

  #leave(cell: Cell, system: System, repeat: number, left: string): void {
    console.log(JSON.stringify({ bench: 'fleet', ...cell, system, repeat, left } satisfies Left));
    process.exitCode = 1;
  }
}

function figuresOf({ startMs, nodesMs, prepareS, way, trace }: Went, mb: number) {
  const seconds = nodesMs.map((atMs) => Math.max(0.001, (atMs - startMs) / 1_000));
  const all = Math.max(...seconds);
  return {
    seconds: rounded(all, 3),
    rateMBps: rounded(mb / all, 3),
    p50S: rounded(percentile(seconds, 0.5), 3),
    p99S: rounded(percentile(seconds, 0.99), 3),
    prepareS: rounded(prepareS, 3),
    ...(way !== undefined && { way }),
    ...(trace && { trace }),
  };
}

async function run(): Promise<void> {
  const plan = readPlan(env);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stopping.abort(new NotMeasured('it was stopped')));
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-bench-fleet-'));
  const bench = new Bench(plan, dir, stopping.signal);
  say(
    `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}; nodes in ${plan.workers} processes: about ${minutesOf(plan)} min`,
  );
  try {
    await mkdir(dir, { recursive: true });
    await bench.run();
  } finally {
    await rm(dir, { recursive: true, force: true });
    const cells = summaries(bench.rows);
    if (cells.length > 0) say(`\n${table(cells)}\n\n${[...verdicts(cells)].join('\n')}`);
    const most = Math.max(...bench.rows.map(({ load = 0 }) => load));
    if (most > BUSY * cpus().length)
      say(
        `The load average was up to ${most}, much of it the bench's own: if others worked here, too, no ratio is to be trusted.`,
      );
    if (cells.some(({ computed }) => computed)) say('* computed: nodes x size / line');
  }
}

try {
  await run();
} catch (error) {
  const expected = error instanceof NotMeasured || error instanceof PlanError;
  console.error(`bench-fleet: ${expected ? error.message : ((error as Error).stack ?? error)}`);
  process.exitCode = 1;
}
