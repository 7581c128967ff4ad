import type { Log } from '#base/log.ts';
import { Mailbox } from '#base/mailbox.ts';
import type { Scope } from '#base/scope.ts';
import { type AgentEvent, type AgentFacts, type AgentState, type Effect, next } from './agent.ts';
import { LIMITS } from './limits.ts';

export type AgentLoopWorld = {
  facts(): AgentFacts;
  readonly effects: Readonly<Record<Effect, () => void>>;
  releaseSlot(): void;
  /** Its state is another now. */
  changed(): void;
  /** It threw: it is of no use any more. */
  failed(error: unknown): void;
  readonly log: Log;
};

/** Runs a task's agent: takes one event after the other, and carries out what follows from it. */
export class AgentLoop {
  readonly #world: AgentLoopWorld;
  readonly #mail = new Mailbox<AgentEvent>(LIMITS.mailbox);
  #state: AgentState;
  #lookDue = false;

  constructor(world: AgentLoopWorld, nowMs: number) {
    this.#world = world;
    this.#state = { kind: 'sleep', sinceMs: nowMs };
  }

  get state(): AgentState {
    return this.#state;
  }

  start(scope: Scope): void {
    scope.run(async (signal) => {
      signal.addEventListener('abort', () => this.#mail.close(), { once: true });
      for await (const event of this.#mail) {
        try {
          this.run(event);
        } catch (error) {
          this.#world.failed(error);
        }
      }
    });
  }

  tell(event: AgentEvent): void {
    if (event.kind === 'look') {
      // One look sees everything that has changed until it is taken.
      if (this.#lookDue) return;
      this.#lookDue = true;
    }
    if (!this.#mail.post(event) && event.kind === 'slot-granted') this.#world.releaseSlot();
  }

  /** At once, before what waits. */
  run(event: AgentEvent): void {
    if (event.kind === 'look') this.#lookDue = false;
    const { state, effects } = next(this.#state, event, this.#world.facts());
    const from = this.#state.kind;
    this.#state = state;
    if (state.kind !== from) this.#world.log.info('task', { state: state.kind, from });
    for (const effect of effects) this.#world.effects[effect]();
    if (state.kind !== from) this.#world.changed();
  }
}
