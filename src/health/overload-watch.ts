import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { LoopWait } from './loop-wait.ts';
import { type Bounds, type Load, nextOverload, type OverloadEffect, type OverloadState } from './overload.ts';
import { overloadBounds } from './overload-bounds.ts';
import { reclaim } from './reclaim.ts';
import type { OverloadView } from './view.ts';

const LIMITS = HEALTH_LIMITS.overload;

/** What the watch asks of the rest of the house. */
export type OverloadWorld = {
  /** What the process itself cannot be asked for; and that part of it which every new flow is measured by. */
  load(): Omit<Load, 'waitMs' | 'residentBytes' | 'heapBytes' | 'clients'>;
  clients(): number;
  /** New flows are steered, or pass; those that the box has stay. */
  steer(on: boolean): void;
  /** Lets so many clients go, the coldest first; how many went. */
  shed(clients: number): number;
};

export type OverloadOptions = { readonly clients: number; readonly cacheBytes: number; readonly log: Log };

/** proc_pid_limits(5). */
function descriptors(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return limit ? Number(limit[1]) : Number.POSITIVE_INFINITY;
}

const boundsFor = (clients: number, cacheBytes: number): Bounds =>
  overloadBounds({
    memoryBytes: totalmem(),
    groupBytes: process.constrainedMemory() || Number.POSITIVE_INFINITY, // 0: the kernel does not tell
    heapBytes: getHeapStatistics().heap_size_limit,
    cacheBytes,
    clients,
    descriptors: descriptors(),
  });

/** Looks several times a second whether the box bears what comes, and sees to it that it does. */
export class OverloadWatch {
  readonly #world: OverloadWorld;
  readonly #log: Log;
  #bounds: Bounds;
  readonly #scope: Scope;
  #state: OverloadState = { kind: 'calm' };
  /** When the box was last calm. */
  #calmAtMs = Date.now();
  #shed = 0;
  #reclaimedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ clients, cacheBytes, log }: OverloadOptions, world: OverloadWorld) {
    this.#world = world;
    this.#log = log.with({ part: 'health' });
    this.#bounds = boundsFor(clients, cacheBytes);
    this.#scope = new Scope((error) => log.error('overload watch failed', { why: errorText(error) }));
  }

  /** From now on the operator wants so many clients served at most, and so much memory used for pieces. */
  change({ clients, cacheBytes }: Omit<OverloadOptions, 'log'>): void {
    this.#bounds = boundsFor(clients, cacheBytes);
  }

  /** To be called when flows are steered: what it takes to start is no overload. */
  start(): void {
    const wait = new LoopWait();
    this.#scope.defer(() => wait.close());
    this.#scope.every(LIMITS.everyMs, () => this.#look(wait.look()));
  }

  /** Nothing new is to be taken on now, whatever the last look said. */
  get refuses(): boolean {
    return this.#state.kind !== 'calm' || this.bears <= 0;
  }

  /** As `refuses`, of what was diverted when that was not so yet: it costs least as a client. Spliced, it takes two sockets for as long as it lives. */
  get refusesDiverted(): boolean {
    return this.#state.kind === 'shedding' || this.bears <= 0;
  }

  /** Clients that the box bears beside those that it has. */
  get bears(): number {
    return this.#bounds.clients.busy - this.#world.clients();
  }

  view(): OverloadView {
    const { kind } = this.#state;
    return kind === 'calm'
      ? { level: kind, shed: this.#shed }
      : { level: kind, why: this.#state.why, sinceMs: this.#calmAtMs, shed: this.#shed };
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  #look(waitMs: number): void {
    const nowMs = performance.now();
    const load: Load = {
      waitMs,
      residentBytes: process.memoryUsage.rss(),
      heapBytes: getHeapStatistics().used_heap_size,
      clients: this.#world.clients(),
      ...this.#world.load(),
    };
    const before = this.#state;
    const { state, effects } = nextOverload(before, load, this.#bounds, nowMs);
    this.#state = state;
    if (state.kind === 'calm') this.#calmAtMs = Date.now();
    if (state.kind !== before.kind) this.#tell(state, load);
    for (const effect of effects) this.#run(effect);
    if (state.kind !== 'calm' && this.#isShortOfMemory(load) && nowMs - this.#reclaimedAtMs >= LIMITS.reclaimEveryMs) {
      this.#reclaimedAtMs = nowMs;
      reclaim();
    }
  }

  #isShortOfMemory({ residentBytes, heapBytes }: Load): boolean {
    return residentBytes >= this.#bounds.residentBytes.leave || heapBytes >= this.#bounds.heapBytes.leave;
  }

  #run(effect: OverloadEffect): void {
    if (effect.kind === 'shed') this.#shed += this.#world.shed(effect.clients);
    else this.#world.steer(effect.kind === 'steer');
  }

  #tell(state: OverloadState, load: Load): void {
    if (state.kind === 'calm') this.#log.info('overload is over', { shed: this.#shed });
    else
      this.#log.warn('overload', {
        state: state.kind,
        why: state.why,
        is: Math.round(load[state.why]),
        bears: Math.round(this.#bounds[state.why].busy),
      });
  }
}
