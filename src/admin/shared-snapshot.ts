import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { BoxSnapshot, RateSample } from './contract.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { trimSnapshot } from './snapshot-trim.ts';

export type SnapshotWorld = {
  snapshot(): BoxSnapshot;
  /** The last five minutes, oldest first, so that a page just opened has a chart at once. */
  history(): readonly RateSample[];
};

/** Timers fire a little early or late: without this slack every second beat would repeat the one before. */
const SLACK_MS = 50;

/** What is told once a second, made once for all who look. */
export class SharedJson {
  readonly #of: () => unknown;
  readonly #log: Log;
  readonly #elapsedMs: () => number;
  #json: string | undefined;
  #madeAtMs = Number.NEGATIVE_INFINITY;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(of: () => unknown, log: Log, elapsedMs: () => number = () => performance.now()) {
    this.#of = of;
    this.#log = log;
    this.#elapsedMs = elapsedMs;
  }

  /** JSON not older than a second; undefined when it could not be made. */
  json(): string | undefined {
    const now = this.#elapsedMs();
    if (now - this.#madeAtMs < ADMIN_LIMITS.snapshotMs - SLACK_MS) return this.#json;
    this.#madeAtMs = now;
    this.#json = this.jsonOf(this.#of);
    return this.#json;
  }

  // The page is not worth the data path: a snapshot that throws is told and missed, and all else goes on.
  protected jsonOf(make: () => unknown): string | undefined {
    try {
      return JSON.stringify(make());
    } catch (error) {
      const now = this.#elapsedMs();
      if (now - this.#toldAtMs >= ADMIN_LIMITS.quietMs) {
        this.#toldAtMs = now;
        this.#log.error('snapshot-failed', { why: errorText(error) });
      }
      return undefined;
    }
  }
}

/** Of the box. */
export class SharedSnapshot extends SharedJson {
  readonly #world: SnapshotWorld;

  constructor(world: SnapshotWorld, log: Log, elapsedMs?: () => number) {
    super(() => trimSnapshot(world.snapshot()), log, elapsedMs);
    this.#world = world;
  }

  /** JSON of RateSample[]. */
  historyJson(): string | undefined {
    return this.jsonOf(() => this.#world.history());
  }
}
