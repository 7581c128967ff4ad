import type { Scope } from '#base/scope.ts';
import type { Downloader } from '#downloader/downloader.ts';
import type { AgentState, LimitedWhy } from './agent.ts';
import { AgentLoop } from './agent-loop.ts';
import type { Audience } from './audience.ts';
import type { Holdings } from './holdings.ts';
import type { Ledger } from './ledger.ts';
import { LIMITS } from './limits.ts';
import type { Perception } from './perception.ts';
import { Pulse } from './pulse.ts';
import type { Search } from './search.ts';
import type { TaskWorld } from './task-world.ts';

/** The parts of the task that live by it, and what it asks of the manager. */
export type LifeWorld = {
  readonly manager: Pick<
    TaskWorld,
    'clock' | 'log' | 'askSlot' | 'withdraw' | 'releaseSlot' | 'bid' | 'failed' | 'gone'
  > & { readonly uplink?: { readonly isSpent: boolean } | undefined };
  readonly perception: Pick<Perception, 'facts' | 'awake' | 'stalled'>;
  readonly audience: Pick<Audience, 'tick' | 'dropWaiting' | 'letAllGo' | 'letGoLacking'>;
  readonly holdings: Pick<Holdings, 'shelf'>;
  readonly downloader: Pick<Downloader, 'start' | 'pause' | 'close' | 'status'>;
  readonly search: Pick<Search, 'downloading' | 'rest'>;
  readonly ledger: Pick<Ledger, 'persist'>;
};

/**
 * When a task downloads, when it looks at itself, and when it leaves: it does what its agent decides.
 * Invariants: a slot is held in `down` and nowhere else; the download runs in `down` and nowhere else; who has left lets all clients go.
 */
export class Life {
  readonly #world: LifeWorld;
  readonly #scope: Scope;
  readonly #agent: AgentLoop;
  readonly #pulse: Pulse;

  constructor(world: LifeWorld, scope: Scope) {
    this.#world = world;
    this.#scope = scope;
    this.#agent = this.#newAgent();
    const failed = (error: unknown): void => world.manager.failed(error);
    this.#pulse = new Pulse({ awake: () => this.awake, tick: () => this.#tick(), failed }, scope);
  }

  /** To be called once, when what is known from the start has been told. */
  begin(): void {
    this.#agent.start(this.#scope);
    this.#pulse.stir();
  }

  get state(): AgentState {
    return this.#agent.state;
  }

  /** There is something to look at every second. */
  get awake(): boolean {
    const { kind } = this.#agent.state;
    return kind === 'down' || kind === 'limited' || this.#world.perception.awake;
  }

  /** Something of what it perceives has changed. */
  look(): void {
    this.#agent.tell({ kind: 'look' });
  }

  /** The same, and it may have been asleep. */
  wake(): void {
    this.look();
    this.#pulse.stir();
  }

  cannotWrite(why: Exclude<LimitedWhy, 'no-slot'>): void {
    this.#agent.tell({ kind: 'cannot-write', why });
  }

  /** The clients are better off without the box, or nobody needs it. `refusal`: why, unless it rests. */
  leave(refusal: string | undefined): void {
    const { audience, downloader, manager } = this.#world;
    this.#agent.run({ kind: 'leave' });
    audience.letAllGo(refusal ?? 'the task rests');
    this.#scope.run(() => downloader.close());
    manager.gone(refusal);
  }

  /** Leaves, everything persisted. */
  close(): void {
    this.#agent.run({ kind: 'close' });
  }

  #tick(): void {
    const { manager, audience, downloader, search, ledger } = this.#world;
    const nowMs = manager.clock.nowMs();
    const why = this.#useless(nowMs);
    if (why) {
      this.leave(why);
      return;
    }
    const { state } = this.#agent;
    if (state.kind === 'down' && manager.uplink?.isSpent) this.#stopFetching();
    else if (state.kind === 'down') {
      const up = downloader.status().origins.filter((o) => o.state === 'up').length;
      search.downloading(up, nowMs - state.sinceMs);
    }
    audience.tick();
    ledger.persist();
    this.look();
  }

  /**
   * Why the clients are better off without the box. The swarm may give to them, who give in return, what it does not give
   * to the box.
   */
  #useless(nowMs: number): string | undefined {
    const { audience, holdings, perception } = this.#world;
    const inVain = audience.dropWaiting(nowMs - LIMITS.metainfoWithinMs);
    if (!holdings.shelf) return inVain ? 'no-metainfo' : undefined;
    return perception.stalled() ? 'stalled' : undefined;
  }

  /** The day's bytes are used up: who lacks something is better off without the box. */
  #stopFetching(): void {
    this.cannotWrite('day-used-up');
    this.#world.audience.letGoLacking('day-used-up');
  }

  #newAgent(): AgentLoop {
    const { manager, perception, downloader, search, ledger } = this.#world;
    const { askSlot, withdraw, releaseSlot, failed, log } = manager;
    const granted = (): void => this.#agent.tell({ kind: 'slot-granted' });
    return new AgentLoop(
      {
        facts: () => perception.facts(),
        releaseSlot,
        changed: () => {
          this.#pulse.stir();
          manager.bid();
        },
        failed,
        log,
        effects: {
          'ask-slot': () => askSlot(granted),
          withdraw: () => withdraw(granted),
          'release-slot': releaseSlot,
          'start-download': () => downloader.start(),
          'stop-download': () => {
            downloader.pause();
            search.rest();
          },
          persist: () => ledger.persist(),
          exit: () => this.leave(undefined),
        },
      },
      manager.clock.nowMs(),
    );
  }
}
