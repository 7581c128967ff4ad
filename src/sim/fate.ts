import type { Random } from '#base/seeded-random.ts';
import type { BoxLife } from './box-life.ts';
import type { Cut, Fault, Spell } from './faults.ts';

import type { SimDisk } from './sim-disk.ts';
import type { SimNet } from './sim-net.ts';
import { WAN } from './sim-origin.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export const LAN = 'lan';
/** Share of connections that fall silent together. */
const SILENT = 0.3;

export type FateWorld = {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly random: Random;
  readonly net: SimNet;
  readonly disk: SimDisk;
  readonly life: BoxLife;
};

/** Has things go wrong when their time has come, and mends what is to be mended. */
export class Fate {
  readonly #world: FateWorld;

  constructor(world: FateWorld) {
    this.#world = world;
  }

  await(faults: readonly Fault[]): void {
    for (const fault of faults) this.#world.time.after(fault.atMs, () => this.#strike(fault), 'fate');
  }

  #strike(fault: Fault): void {
    const { trace, disk, life } = this.#world;
    trace.note(`fate ${JSON.stringify(fault)}`);
    switch (fault.kind) {
      case 'disk full':
      case 'disk fails':
      case 'disk slow':
        this.#spell(fault);
        break;
      case 'disk gone':
        life.tell(() => disk.plug('gone'));
        this.#later(fault.forMs, () => life.tell(() => disk.plug('back')));
        break;
      case 'disk room':
        disk.faults.roomBytes = fault.bytes;
        break;
      case 'rot':
        disk.rot();
        break;
      case 'memory forgotten':
        disk.forgetMemory();
        break;
      case 'reset all':
      case 'half-open':
      case 'line cut':
        this.#cut(fault.kind);
        break;
      case 'killed':
      case 'stopped':
        life.end(fault);
    }
  }

  #spell({ kind, forMs }: Spell): void {
    const { disk } = this.#world;
    const set = (on: boolean): void => {
      if (kind === 'disk full') disk.faults.full = on;
      else if (kind === 'disk fails') disk.fails = on;
      else disk.slow = on;
    };
    set(true);
    this.#later(forMs, () => set(false));
  }

  #later(ms: number, undo: () => void): void {
    this.#world.time.after(ms, undo, 'fate');
  }

  /** Of every connection one end is a client's or an origin's. */
  #cut(kind: Cut): void {
    const { net, random } = this.#world;
    for (const socket of [LAN, WAN].flatMap((owner) => net.openOf(owner))) {
      if (kind === 'reset all') socket.reset();
      else if (kind === 'line cut' ? socket.owner === WAN : random.chance(SILENT)) socket.fallSilent();
    }
  }
}
