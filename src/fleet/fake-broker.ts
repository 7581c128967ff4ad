/** RabbitMQ in memory, for tests: the promises of `broker.ts` without a network, and the hand of fate over its connections. */
import { bug } from '#base/errors.ts';
import type { Binding, Consuming, Declared, Delivery, Message, Published, Queue, Topology } from './broker.ts';
import type { Consumed, Session } from './broker-session.ts';
import { SteadyBroker, type SteadyOptions } from './steady-broker.ts';
import { topicMatches } from './topic.ts';

type Stored = { readonly message: Message; isRedelivered: boolean };
type FakeConsumer = {
  readonly consuming: Consuming;
  readonly session: FakeSession;
  readonly unanswered: Set<Stored>;
  isLive: boolean;
};

class FakeQueue {
  readonly queue: Queue;
  readonly bindings: Binding[] = [];
  readonly consumers: FakeConsumer[] = [];
  ready: Stored[] = [];

  constructor(queue: Queue) {
    this.queue = queue;
  }

  get isFull(): boolean {
    const { maxMessages = Infinity, maxBytes = Infinity } = this.queue;
    const bytes = this.ready.reduce((sum, { message }) => sum + message.body.length, 0);
    return this.ready.length >= maxMessages || bytes >= maxBytes;
  }

  take(message: Message): void {
    // What a stream keeps is read by its own protocol.
    if (this.queue.kind === 'stream') return;
    this.ready.push({ message, isRedelivered: false });
    this.pump();
  }

  /** To whoever has room, each in turn. */
  pump(): void {
    for (;;) {
      const able = this.queue.oneReader ? this.consumers.slice(0, 1) : this.consumers;
      const consumer = able.find(({ consuming, unanswered }) => unanswered.size < consuming.prefetch);
      const next = consumer && this.ready.shift();
      if (!next) return;
      consumer.unanswered.add(next);
      if (!this.queue.oneReader) this.consumers.push(...this.consumers.splice(this.consumers.indexOf(consumer), 1));
      setImmediate(() => this.#deliver(consumer, next));
    }
  }

  /** What it has not answered goes back to where it was. */
  leave(consumer: FakeConsumer): void {
    if (!consumer.isLive) return;
    consumer.isLive = false;
    this.consumers.splice(this.consumers.indexOf(consumer), 1);
    for (const stored of consumer.unanswered) stored.isRedelivered = true;
    this.ready.unshift(...consumer.unanswered);
    consumer.unanswered.clear();
    this.pump();
  }

  #deliver(consumer: FakeConsumer, stored: Stored): void {
    if (!consumer.isLive) return;
    const answer = (then: () => void) => (): void => {
      if (!consumer.isLive || !consumer.unanswered.delete(stored)) return;
      then();
      this.pump();
    };
    const delivery: Delivery = {
      ...stored.message,
      redelivered: stored.isRedelivered,
      ack: answer(() => {}),
      requeue: answer(() => {
        stored.isRedelivered = true;
        this.ready.unshift(stored);
      }),
      reject: answer(() => {}),
    };
    try {
      consumer.consuming.onDelivery(delivery);
    } catch (error) {
      consumer.session.onError(error);
    }
  }
}

export class FakeRabbit {
  readonly exchanges = new Set<string>();
  readonly queues = new Map<string, FakeQueue>();
  readonly sessions = new Set<FakeSession>();
  readonly #sessionOf = new WeakMap<SteadyBroker, { session?: FakeSession }>();
  /** What is published gets there no more, and nobody hears of it: as just before a connection is found to be gone. */
  isDeaf = false;
  #blocked: string | undefined;
  #isRunning = true;

  connect(options: SteadyOptions): SteadyBroker {
    const link: { session?: FakeSession } = {};
    const broker = new SteadyBroker(async (signal, onBlocked, onError) => {
      await new Promise(setImmediate);
      signal.throwIfAborted();
      if (!this.#isRunning) throw new Error('made up: connection refused');
      link.session = new FakeSession(this, onBlocked, onError);
      onBlocked(this.#blocked);
      return link.session;
    }, options);
    this.#sessionOf.set(broker, link);
    return broker;
  }

  /** The connection goes without a word. */
  cut(broker: SteadyBroker): void {
    (this.#sessionOf.get(broker) ?? bug('not of this fake')).session?.end('made up: the connection was cut');
  }

  /** A memory alarm, or its end. */
  block(why: string | undefined): void {
    this.#blocked = why;
    for (const session of this.sessions) session.onBlocked(why);
  }

  /** What is persistent stays, as do exchanges, queues and bindings. */
  stop(): void {
    this.#isRunning = false;
    for (const session of [...this.sessions]) session.end('made up: the broker stops');
    for (const queue of this.queues.values())
      if (queue.queue.kind === 'classic') queue.ready = queue.ready.filter(({ message }) => message.persistent);
  }

  start(): void {
    this.#isRunning = true;
  }

  /** Messages that wait in a queue, without those in the hands of a consumer. */
  depth(queue: string): number {
    return this.queues.get(queue)?.ready.length ?? 0;
  }

  declare({ exchanges, queues, bindings }: Topology): string | undefined {
    for (const { name } of exchanges) this.exchanges.add(name);
    for (const queue of queues) {
      const known = this.queues.get(queue.name);
      if (known && JSON.stringify(known.queue) !== JSON.stringify(queue)) return `inequivalent arg for ${queue.name}`;
      if (!known) this.queues.set(queue.name, new FakeQueue(queue));
    }
    for (const binding of bindings) {
      const queue = this.queues.get(binding.queue);
      if (!queue || !this.exchanges.has(binding.exchange)) return `nothing to bind: ${JSON.stringify(binding)}`;
      if (!queue.bindings.some(({ exchange, key }) => exchange === binding.exchange && key === binding.key))
        queue.bindings.push(binding);
    }
    return undefined;
  }

  remove(name: string): void {
    const gone = this.queues.get(name);
    this.queues.delete(name);
    for (const { session } of [...(gone?.consumers ?? [])]) session.end(`the queue ${name} is gone`);
  }

  route(message: Message, mandatory: boolean): Published {
    const { exchange, key } = message;
    if (!this.exchanges.has(exchange)) return { kind: 'impossible', why: `no exchange '${exchange}'` };
    const meant = [...this.queues.values()].filter(({ bindings }) =>
      bindings.some((binding) => binding.exchange === exchange && topicMatches(binding.key, key)),
    );
    const full = meant.filter(({ isFull }) => isFull);
    for (const queue of meant) if (!full.includes(queue)) queue.take(message);
    if (full.length > 0) return { kind: 'refused', why: 'a queue is full' };
    return { kind: mandatory && meant.length === 0 ? 'unroutable' : 'ok' };
  }
}

class FakeSession implements Session {
  readonly ended: Promise<string>;
  readonly onBlocked: (why: string | undefined) => void;
  readonly onError: (error: unknown) => void;
  readonly #rabbit: FakeRabbit;
  readonly #resolveEnded: (why: string) => void;
  readonly #flights = new Set<(published: Published) => void>();
  readonly #consumers = new Map<FakeConsumer, FakeQueue>();
  #why: string | undefined;

  constructor(rabbit: FakeRabbit, onBlocked: (why: string | undefined) => void, onError: (error: unknown) => void) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#rabbit = rabbit;
    this.onBlocked = onBlocked;
    this.onError = onError;
    rabbit.sessions.add(this);
  }

  async declare(topology: Topology): Promise<Declared> {
    if (this.#why !== undefined) return { kind: 'lost', why: this.#why };
    const why = this.#rabbit.declare(topology);
    return why === undefined ? { kind: 'ok' } : { kind: 'impossible', why };
  }

  async remove(queue: string): Promise<Declared> {
    if (this.#why !== undefined) return { kind: 'lost', why: this.#why };
    this.#rabbit.remove(queue);
    return { kind: 'ok' };
  }

  send(message: Message, mandatory: boolean): Promise<Published> {
    if (this.#why !== undefined) return Promise.resolve({ kind: 'lost', why: this.#why });
    return new Promise((answer) => {
      this.#flights.add(answer);
      if (this.#rabbit.isDeaf) return;
      const published = this.#rabbit.route({ ...message, body: Buffer.from(message.body) }, mandatory);
      // The broker has it; whether that is heard of is another matter.
      setImmediate(() => {
        if (!this.#flights.delete(answer)) return;
        answer(published);
        if (published.kind === 'impossible') this.end(published.why);
      });
    });
  }

  async consume(consuming: Consuming): Promise<Consumed> {
    const queue = this.#rabbit.queues.get(consuming.queue);
    if (this.#why !== undefined) return { kind: 'lost', why: this.#why };
    if (!queue) return { kind: 'impossible', why: `no queue '${consuming.queue}'` };
    const consumer: FakeConsumer = { consuming, session: this, unanswered: new Set(), isLive: true };
    queue.consumers.push(consumer);
    this.#consumers.set(consumer, queue);
    queue.pump();
    return { kind: 'ok', close: async () => queue.leave(consumer) };
  }

  end(why: string): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#rabbit.sessions.delete(this);
    for (const [consumer, queue] of this.#consumers) queue.leave(consumer);
    this.#resolveEnded(why);
    // Later, when it is known to be down: whoever sends again at once must not find it up.
    const lost = [...this.#flights];
    this.#flights.clear();
    setImmediate(() => {
      for (const answer of lost) answer({ kind: 'lost', why });
    });
  }

  async close(): Promise<void> {
    this.end('closed');
  }
}
