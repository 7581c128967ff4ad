import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import type { Reading } from './reading.ts';
import { Stats } from './stats.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const reading = (some: Partial<Reading> = {}): Reading => ({
  elapsedMs: 0,
  wan: { rxBytes: 0, txBytes: 0 },
  lan: { rxBytes: 0, txBytes: 0 },
  served: 0,
  fresh: 0,
  filled: 0,
  passed: 0,
  clients: 0,
  ...some,
});

/** A box whose clock and counters are turned by hand, over a real index. */
export class TestBox {
  readonly index: Index;
  nowMs: number;
  now: Reading;
  stats: Stats;

  constructor(nowMs: number, index = Index.open(':memory:', silentLog), now: Reading = reading()) {
    this.index = index;
    this.nowMs = nowMs;
    this.now = now;
    this.stats = new Stats({
      nowMs: () => this.nowMs,
      read: () => this.now,
      before: { served: 0, filled: 0, passed: 0 },
      add: (rows) => index.traffic.add(rows),
      between: (grid, fromS, untilS) => index.traffic.between(grid, fromS, untilS),
      sum: (grid, fromS, untilS) => index.traffic.sum(grid, fromS, untilS),
    });
  }

  /** Time goes on, and what is given moves in it; a look is taken at its end. */
  pass(
    ms: number,
    moved: Partial<Omit<Reading, 'elapsedMs' | 'wan' | 'lan' | 'clients'>> & { lanTx?: number; wanRx?: number } = {},
  ): void {
    this.nowMs += ms;
    const { wan, lan } = this.now;
    this.now = {
      ...this.now,
      elapsedMs: this.now.elapsedMs + ms,
      served: this.now.served + (moved.served ?? 0),
      fresh: this.now.fresh + (moved.fresh ?? 0),
      filled: this.now.filled + (moved.filled ?? 0),
      passed: this.now.passed + (moved.passed ?? 0),
      wan: wan && { ...wan, rxBytes: wan.rxBytes + (moved.wanRx ?? 0) },
      lan: lan && { ...lan, txBytes: lan.txBytes + (moved.lanTx ?? 0) },
    };
    this.stats.look();
  }

  /** As after a crash or a stop: counters of the process begin at zero, those of the ports go on. */
  restart(): TestBox {
    const { wan, lan } = this.now;
    return new TestBox(this.nowMs, this.index, reading({ wan, lan }));
  }
}
