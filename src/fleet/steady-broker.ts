import { type Clock, realClock } from '#base/clock.ts';
import { bug, errorText } from '#base/errors.ts';
import { Scope } from '#base/scope.ts';
import type { Broker, BrokerState, Consuming, Declared, Message, Published, Topology } from './broker.ts';
import { BROKER_LIMITS, retryAfterMs } from './broker-limits.ts';
import type { Consumed, Dial, Session } from './broker-session.ts';
import { ConfirmWindow } from './confirm-window.ts';

export type SteadyOptions = {
  /** Asked on each new connection. */
  readonly topology: () => Topology;
  readonly onError: (error: unknown) => void;
  readonly parent?: Scope;
  readonly clock?: Clock;
  /** In [0, 1), as Math.random. */
  readonly random?: () => number;
};

type Consumer = { readonly consuming: Consuming; opened: Promise<Consumed> | undefined };

const LOST = 'there is no connection to the broker';

/**
 * A broker over connections that come and go: one at a time, a new one after a while when it is gone, on which the topology
 * is declared and everybody consumes again before it is `up`.
 */
export class SteadyBroker implements Broker {
  readonly #dial: Dial;
  readonly #options: SteadyOptions;
  readonly #clock: Clock;
  readonly #scope: Scope;
  readonly #listeners = new Set<(state: BrokerState) => void>();
  readonly #consumers = new Set<Consumer>();
  readonly #window = new ConfirmWindow();
  #state: BrokerState = { kind: 'down', why: 'the first connection is being made' };
  #session: Session | undefined;

  constructor(dial: Dial, options: SteadyOptions) {
    this.#dial = dial;
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#scope = new Scope(options.onError, options.parent);
    this.#scope.run((signal) => this.#keep(signal));
    this.#scope.defer(() => this.#set({ kind: 'closed' }));
  }

  get state(): BrokerState {
    return this.#state;
  }

  onState(listener: (state: BrokerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async declare(topology: Topology): Promise<Declared> {
    return this.#session?.declare(topology) ?? { kind: 'lost', why: LOST };
  }

  async remove(queue: string): Promise<Declared> {
    return this.#session?.remove(queue) ?? { kind: 'lost', why: LOST };
  }

  publish(message: Message, mandatory: boolean): Promise<Published> {
    const why = faultOf(message);
    if (why) return Promise.resolve({ kind: 'impossible', why });
    if (!this.#session) return Promise.resolve({ kind: 'lost', why: LOST });
    const bytes = message.body.length;
    return new Promise((resolve) => {
      this.#window.enter(bytes, (entry) => {
        if (entry === 'full') return resolve({ kind: 'refused', why: 'too many messages wait for the broker already' });
        if (entry === 'lost' || !this.#session) return resolve({ kind: 'lost', why: LOST });
        void this.#session.send(message, mandatory).then((answer) => {
          this.#window.leave(bytes);
          resolve(answer);
        });
      });
    });
  }

  consume(consuming: Consuming): AsyncDisposable {
    const { prefetch } = consuming;
    if (!(prefetch >= 1 && prefetch <= BROKER_LIMITS.prefetch)) bug(`a prefetch of ${prefetch}`);
    if (this.#consumers.size >= BROKER_LIMITS.consumers) bug('too many consumers on one connection');
    const consumer: Consumer = { consuming, opened: undefined };
    this.#consumers.add(consumer);
    if (this.#session) void this.#open(consumer, this.#session);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#consumers.delete(consumer);
        const opened = await consumer.opened;
        if (opened?.kind === 'ok') await opened.close();
      },
    };
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures++) {
      let upMs = Number.POSITIVE_INFINITY;
      const why = await this.#connection(signal, () => {
        upMs = this.#clock.nowMs();
      });
      signal.throwIfAborted();
      this.#set({ kind: 'down', why });
      if (this.#clock.nowMs() - upMs >= BROKER_LIMITS.steadyMs) failures = 0;
      await this.#clock.sleep(retryAfterMs(failures, (this.#options.random ?? Math.random)()), signal);
    }
  }

  /** One connection from beginning to end. Why it ended. */
  async #connection(signal: AbortSignal, onUp: () => void): Promise<string> {
    let blocked: string | undefined;
    const onBlocked = (why: string | undefined): void => {
      blocked = why;
      if (!this.#session) return;
      this.#window.hold(why !== undefined);
      this.#set(why === undefined ? { kind: 'up' } : { kind: 'blocked', why });
    };
    let session: Session;
    try {
      session = await this.#dial(signal, onBlocked, this.#options.onError);
    } catch (error) {
      return errorText(error);
    }
    const end = () => session.end('closed');
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      const trouble = await this.#prepare(session);
      if (trouble) return trouble;
      onUp();
      this.#session = session;
      onBlocked(blocked);
      const why = await session.ended;
      this.#session = undefined;
      if (!signal.aborted) this.#set({ kind: 'down', why });
      return why;
    } finally {
      signal.removeEventListener('abort', end);
      this.#window.lose();
      await session.close();
    }
  }

  /** What is missing before it is up. */
  async #prepare(session: Session): Promise<string | undefined> {
    const declared = await session.declare(this.#options.topology());
    if (declared.kind !== 'ok') return declared.why;
    for (const consumer of this.#consumers) {
      const why = await this.#open(consumer, session);
      if (why) return why;
    }
    return undefined;
  }

  /** Without one of its consumers a connection is of no use. Why it has not got this one. */
  async #open(consumer: Consumer, session: Session): Promise<string | undefined> {
    consumer.opened = session.consume(consumer.consuming);
    const opened = await consumer.opened;
    if (opened.kind === 'ok') return undefined;
    session.end(opened.why);
    return opened.why;
  }

  #set(state: BrokerState): void {
    const was = this.#state;
    if (was.kind === 'closed' || (was.kind === state.kind && whyOf(was) === whyOf(state))) return;
    this.#state = state;
    if (state.kind === 'closed') this.#session = undefined;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}

const whyOf = (state: BrokerState): string => ('why' in state ? state.why : '');

/** Why no broker would take it. */
function faultOf({ exchange, key, headers = {}, body }: Message): string | undefined {
  const { bodyBytes, headerBytes, nameBytes } = BROKER_LIMITS;
  if (body.length > bodyBytes) return `its body has ${body.length} bytes, and may have ${bodyBytes}`;
  if (Buffer.byteLength(JSON.stringify(headers)) > headerBytes)
    return `its headers have more than ${headerBytes} bytes`;
  const isLong = [exchange, key].some((name) => Buffer.byteLength(name) > nameBytes);
  return isLong ? `a name of more than ${nameBytes} bytes` : undefined;
}
