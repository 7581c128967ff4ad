import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import { Box, type BoxWorld } from './box.ts';
import type { BoxPlan } from './scenario.ts';
import type { SimDisk } from './sim-disk.ts';
import type { SimNet } from './sim-net.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A stop that takes longer is ended, as main.ts has it. */
const STOP_MS = 10_000;

export type LifeWorld = Pick<BoxWorld, 'swarmOf' | 'dial'> & {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly net: SimNet;
  readonly disk: SimDisk;
  violated(what: string): void;
};

export type Ending = {
  readonly kind: 'killed' | 'stopped';
  /** Until the next process begins; infinite: there is none. */
  readonly forMs: number;
  readonly losesIndex: boolean;
};

/** One process of the box after the other, on the same disk and, mostly, with the same index. */
export class BoxLife {
  /** What outlives the process. SQLite's commits do survive a kill; a power cut is not simulated. */
  index = Index.open(':memory:', silentLog);
  /** The process that runs now. */
  box: Box | undefined;
  readonly all: Box[] = [];
  readonly #plan: BoxPlan;
  readonly #world: LifeWorld;
  readonly #begunFolder = mkdtempSync(join(tmpdir(), 'swarmbox-sim-'));

  constructor(plan: BoxPlan, world: LifeWorld) {
    this.#plan = plan;
    this.#world = world;
  }

  begin(afterMs = 0): void {
    const owner = `box ${this.all.length + 1}`;
    const start = (): void => {
      const { index } = this;
      this.box = new Box(owner, this.#plan, { ...this.#world, index, begunFolder: this.#begunFolder });
      this.all.push(this.box);
    };
    this.#world.time.after(afterMs, start, owner);
  }

  /** What the box hears of at once is the box's own doing from then on. */
  tell(work: (box: Box | undefined) => void): void {
    const { box } = this;
    this.#world.time.after(0, () => work(box), box?.owner ?? 'fate');
  }

  /** What does not stop in time is killed. */
  end({ kind, forMs, losesIndex }: Ending): void {
    const { box } = this;
    if (!box) return;
    this.box = undefined;
    let isClosed = false;
    const over = (): void => {
      if (kind === 'stopped') this.#check(box, isClosed);
      this.#world.net.kill(box.owner);
      box.abandon();
      if (losesIndex) this.#loseIndex();
      if (forMs < Number.POSITIVE_INFINITY) this.begin(forMs);
    };
    const close = (): void =>
      void box.close(this.index).then(() => {
        isClosed = true;
      });
    if (kind === 'stopped') this.#world.time.after(0, close, box.owner);
    this.#world.time.after(kind === 'stopped' ? STOP_MS : 0, over, 'fate');
  }

  /** As a service manager does it, for good. */
  async stop(): Promise<void> {
    this.end({ kind: 'stopped', forMs: Number.POSITIVE_INFINITY, losesIndex: false });
    await this.#world.time.run(this.#world.time.exactMs + STOP_MS + 1);
  }

  dispose(): void {
    for (const box of this.all) box.abandon();
    this.index.close();
    rmSync(this.#begunFolder, { recursive: true, force: true });
  }

  #loseIndex(): void {
    this.index.close();
    this.index = Index.open(':memory:', silentLog);
  }

  /** Nothing of a process that has stopped is left. */
  #check(box: Box, isClosed: boolean): void {
    const { time, net, violated } = this.#world;
    if (!isClosed) violated(`${box.owner} did not stop in time`);
    const timers = time.pending(box.owner);
    const sockets = net.openOf(box.owner).length;
    if (timers > 0 || sockets > 0) violated(`${box.owner} left ${timers} timers and ${sockets} sockets`);
    const { free, waiting } = box.manager.slots;
    if (free !== box.slots || waiting > 0)
      violated(`${box.owner} left ${box.slots - free} slots taken, ${waiting} waiting`);
  }
}
