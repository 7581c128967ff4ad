import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LogLine, logTo } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Prefill, type PrefillSettings, type PrefillWorld } from './prefill.ts';
import type { Held } from './prefill-view.ts';
import type { OrderedTask } from './turns.ts';

export const NIGHT: PrefillSettings = { hours: [{ from: '02:00', to: '07:00' }], dayShare: 0.5 };
export const GB = 1e9;

/** A day of the test, local time. */
export const at = (hours: number, minutes = 0, day = 1): number => new Date(2026, 10, day, hours, minutes).getTime();

export class FakeTask implements OrderedTask {
  ordered = true;
  whole = false;
  gone = false;
  progress = { name: '', totalBytes: 0, haveBytes: 0 };

  order(): void {
    this.ordered = false;
  }

  view() {
    return this.progress;
  }
}

/** A box around a drop folder, on a clock turned by hand. */
export class PrefillBench {
  readonly folder: string;
  readonly lines: LogLine[] = [];
  readonly tasks = new Map<InfoHash, FakeTask>();
  /** The tasks that were started, in order. */
  readonly started: InfoHash[] = [];
  readonly takenIn: Metainfo[] = [];
  readonly whole = new Set<InfoHash>();
  readonly box = {
    nowMs: at(12),
    kept: undefined as string | undefined,
    writes: true,
    held: undefined as Exclude<Held, 'window-shut'> | undefined,
    refusal: undefined as string | undefined,
    /** What `start` says instead of a task. */
    none: undefined as string | undefined,
    twin: undefined as InfoHash | undefined,
    room: { largest: 1_000 * GB, all: 1_000 * GB },
    hasDht: true,
  };
  prefill: Prefill;

  constructor(t: TestContext, settings = NIGHT) {
    const dir = mkdtempSync(join(tmpdir(), 'swarmbox-prefill-'));
    t.after(() => rmSync(dir, { recursive: true }));
    this.folder = join(dir, 'prefill');
    this.prefill = new Prefill(settings, this.folder, this.world());
  }

  world(): PrefillWorld {
    const { box } = this;
    return {
      clock: { nowMs: () => box.nowMs },
      log: logTo((line) => this.lines.push(line)),
      kept: () => box.kept,
      keep: (text) => {
        if (box.writes) box.kept = text;
        return box.writes;
      },
      nameOf: ([first]) => first as InfoHash,
      byPieces: () => box.twin,
      refusal: () => box.refusal,
      takeIn: (meta) => box.writes && this.takenIn.push(meta) > 0,
      isWhole: (infoHash) => this.whole.has(infoHash),
      start: (infoHash) => {
        if (box.none) return box.none;
        const task = new FakeTask();
        this.tasks.set(infoHash, task);
        this.started.push(infoHash);
        return task;
      },
      held: () => box.held,
      room: () => box.room,
      get hasDht() {
        return box.hasDht;
      },
    };
  }

  /** The process is another. */
  restart(settings = NIGHT): void {
    this.tasks.clear();
    this.prefill = new Prefill(settings, this.folder, this.world());
  }

  drop(name: string, text: string | Buffer): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Looks every other second. */
  async pass(ms: number): Promise<void> {
    for (const end = this.box.nowMs + ms; this.box.nowMs < end; ) {
      this.box.nowMs += 2_000;
      await this.prefill.look();
    }
  }

  async goTo(nowMs: number): Promise<void> {
    this.box.nowMs = nowMs;
    await this.prefill.look();
  }

  /** Of the list, by the first digit of each hash. */
  whys(): [string | undefined, string][] {
    return this.prefill.view().orders.map(({ infoHash, why }) => [infoHash[0], why]);
  }

  fetching(): (string | undefined)[] {
    return [...this.tasks].filter(([, task]) => task.ordered).map(([infoHash]) => infoHash[0]);
  }
}
