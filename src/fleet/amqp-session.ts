import type { Duplex } from 'node:stream';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, Message as Returned } from 'amqplib';
import { errorText } from '#base/errors.ts';
import { BulkMemory, frameBodies, joinFrames } from './amqp-frames.ts';
import { deliveryOf, PUBLISH_NUMBER, propertiesOf, queueOptions } from './amqp-messages.ts';
import type { Consuming, Declared, Message, Published, Topology } from './broker.ts';
import { BROKER_LIMITS } from './broker-limits.ts';
import type { Consumed, Session } from './broker-session.ts';

type Flight = {
  readonly message: Message;
  readonly answer: (published: Published) => void;
  sentMs: number;
  isReturned: boolean;
  /** Where its frames lie, if they are many: nobody's once the broker has answered. */
  memory?: Buffer | undefined;
};
export type SessionOptions = {
  readonly onBlocked: (why: string | undefined) => void;
  readonly onError: (error: unknown) => void;
  /** As in `BROKER_LIMITS`. */
  readonly confirmMs: number;
};
type Settled = { readonly kind: 'ok' } | { readonly kind: 'lost' | 'impossible'; readonly why: string };

/** What the broker answers when something may not be, or is not there (AMQP 0-9-1, reply codes). */
const REFUSALS = [403, 404];
const LATE = 'the broker did not confirm a message in time';
const GONE = 'the connection to the broker is gone';

/**
 * One connection to RabbitMQ: a channel for what is published, one for each consumer, and one for each declaration, because
 * an error closes the channel that it happened on. A channel that closes without our will ends the whole connection: what was
 * under way on it is as lost as by a cable that was pulled, and there is one way back from both.
 */
export class AmqpSession implements Session {
  readonly ended: Promise<string>;
  readonly #model: ChannelModel;
  readonly #options: SessionOptions;
  readonly #patience: NodeJS.Timeout;
  readonly #resolveEnded: (why: string) => void;
  readonly #closed = Promise.withResolvers<void>();
  readonly #flights = new Map<number, Flight>();
  readonly #memory = new BulkMemory();
  readonly #frames: ReturnType<typeof frameBodies>;
  readonly #consumers = new Set<Channel>();
  #publisher: ConfirmChannel | undefined;
  #published = 0;
  #late = 0;
  #isBlocked = false;
  /** A channel has closed and the connection is about to: what is sent now goes nowhere. */
  #isDead = false;
  #why: string | undefined;
  #shut: Promise<void> | undefined;

  private constructor(model: ChannelModel, options: SessionOptions) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#model = model;
    this.#options = options;
    joinFrames(model.connection, this.#memory);
    this.#frames = frameBodies(model.connection, this.#memory);
    this.#patience = setInterval(() => this.#loseLate(), options.confirmMs / 4);
    this.#patience.unref();
    // Without a listener an error would end the process. `close` follows it and has it.
    model.on('error', () => {});
    model.on('close', (error) => {
      this.#closed.resolve();
      this.end(error ? errorText(error) : GONE);
    });
    model.on('blocked', (why) => this.#blocked(why));
    model.on('unblocked', () => this.#blocked(undefined));
  }

  static async open(model: ChannelModel, options: SessionOptions): Promise<AmqpSession> {
    const session = new AmqpSession(model, options);
    try {
      const publisher = await model.createConfirmChannel();
      session.#publisher = publisher;
      session.#watch(publisher, () => false);
      publisher.on('return', (message) => session.#returned(message));
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async declare({ exchanges, queues, bindings }: Topology): Promise<Declared> {
    return this.#onChannel(async (channel) => {
      for (const { name } of exchanges) await channel.assertExchange(name, 'topic', { durable: true });
      for (const queue of queues) await channel.assertQueue(queue.name, queueOptions(queue));
      for (const { queue, exchange, key } of bindings) await channel.bindQueue(queue, exchange, key);
    });
  }

  async remove(queue: string): Promise<Declared> {
    return this.#onChannel(async (channel) => void (await channel.deleteQueue(queue)));
  }

  send(message: Message, mandatory: boolean): Promise<Published> {
    return new Promise((answer) => {
      const publisher = this.#publisher;
      if (this.#why !== undefined || !publisher) return answer({ kind: 'lost', why: this.#why ?? GONE });
      const number = ++this.#published;
      const flight: Flight = { message, answer, sentMs: performance.now(), isReturned: false };
      this.#flights.set(number, flight);
      if (this.#isDead) return;
      try {
        const properties = propertiesOf(message, mandatory, number);
        publisher.publish(message.exchange, message.key, message.body, properties, (error: unknown) =>
          this.#confirmed(number, error !== null),
        );
        flight.memory = this.#frames.memory();
      } catch (error) {
        // It cannot be written as a frame.
        this.#settle(number, { kind: 'impossible', why: errorText(error) });
      }
    });
  }

  async consume(consuming: Consuming): Promise<Consumed> {
    const { queue, prefetch, from, onDelivery } = consuming;
    let isClosing = false;
    try {
      const channel = await this.#model.createChannel();
      this.#watch(channel, () => isClosing);
      this.#consumers.add(channel);
      await channel.prefetch(prefetch);
      const onMessage = (message: ConsumeMessage | null): void => {
        if (!message) this.end(`the queue ${queue} is gone`);
        if (!message || isClosing || this.#why !== undefined) return;
        const isTooLong = message.content.length > BROKER_LIMITS.bodyBytes;
        try {
          if (isTooLong) channel.reject(message, false);
          else onDelivery(deliveryOf(message, channel, this.#memory));
        } catch (error) {
          this.#options.onError(error);
        }
      };
      await channel.consume(queue, onMessage, from ? { arguments: { 'x-stream-offset': from() } } : {});
      const close = async (): Promise<void> => {
        if (isClosing || this.#why !== undefined) return;
        isClosing = true;
        this.#consumers.delete(channel);
        await Promise.race([channel.close().catch(() => {}), this.ended]);
      };
      return { kind: 'ok', close };
    } catch (error) {
      return troubleOf(error);
    }
  }

  end(why: string): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#isDead = true;
    clearInterval(this.#patience);
    this.#resolveEnded(why);
    this.#shut = this.#shutDown();
    // Later, when it is known to be down: whoever sends again at once must not find it up.
    setImmediate(() => {
      for (const number of [...this.#flights.keys()]) this.#settle(number, { kind: 'lost', why });
    });
  }

  async close(): Promise<void> {
    this.end('closed');
    await this.#shut;
  }

  async #shutDown(): Promise<void> {
    const { stream } = this.#model.connection as unknown as { stream: Duplex };
    // An error, so that the library forgets whoever waits for an answer on it.
    const late = setTimeout(
      () => stream.destroy(new Error('the broker did not answer in time')),
      BROKER_LIMITS.closeMs,
    );
    // Each channel first, or the end of the connection overtakes what was answered last on them.
    const inOrder = async (): Promise<void> => {
      await Promise.all([...this.#consumers].map((channel) => channel.close().catch(() => {})));
      await this.#model.close();
    };
    // It rejects when it is closed already, and never settles when the other side goes meanwhile.
    await Promise.race([inOrder().catch(() => {}), this.#closed.promise]);
    clearTimeout(late);
    stream.destroy();
  }

  /** `isExpected`: we close it ourselves. */
  #watch(channel: Channel, isExpected: () => boolean): void {
    channel.on('error', (error: Error & { code?: number }) => {
      if (REFUSALS.includes(error.code ?? 0)) this.#refuse(error.message);
      this.end(errorText(error));
    });
    // Before the library tells those whose confirms are missing, in words that do not say why.
    channel.prependListener('close', () => {
      if (isExpected()) return;
      this.#isDead = true;
      // The connection tells its reason after its channels have closed.
      setImmediate(() => this.end('the broker closed a channel'));
    });
  }

  async #onChannel(work: (channel: Channel) => Promise<void>): Promise<Settled> {
    try {
      const channel = await this.#model.createChannel();
      // What it is about is told to whoever asked; the next one has a channel of its own.
      channel.on('error', () => {});
      await work(channel);
      await Promise.race([channel.close(), this.ended]);
      return { kind: 'ok' };
    } catch (error) {
      return troubleOf(error);
    }
  }

  #returned({ properties }: Returned): void {
    const flight = this.#flights.get(Number(properties.headers?.[PUBLISH_NUMBER]));
    if (flight) flight.isReturned = true;
  }

  #confirmed(number: number, isRefused: boolean): void {
    if (this.#isDead) return;
    const memory = this.#flights.get(number)?.memory;
    if (memory) this.#memory.release(memory);
    if (isRefused) this.#settle(number, { kind: 'refused', why: 'a queue is full' });
    else this.#settle(number, { kind: this.#flights.get(number)?.isReturned ? 'unroutable' : 'ok' });
  }

  #blocked(why: string | undefined): void {
    this.#isBlocked = why !== undefined;
    for (const flight of this.#flights.values()) flight.sentMs = performance.now();
    this.#options.onBlocked(why);
  }

  /** The library and the broker keep what they owe an answer: they forget it with the connection. */
  #loseLate(): void {
    if (this.#isBlocked) return;
    const sinceMs = performance.now() - this.#options.confirmMs;
    for (const [number, { sentMs }] of [...this.#flights]) {
      if (sentMs > sinceMs) break;
      this.#settle(number, { kind: 'lost', why: LATE });
      this.#late++;
    }
    if (this.#late > BROKER_LIMITS.unconfirmedMessages) this.end(LATE);
  }

  #settle(number: number, published: Published): void {
    const flight = this.#flights.get(number);
    this.#flights.delete(number);
    flight?.answer(published);
  }

  /** RabbitMQ closes the channel on a message that may not be, and names it only in words: `topic 'k' in exchange 'x'`, or `exchange 'x'`. */
  #refuse(text: string): void {
    const isMeant = ({ exchange, key }: Message) =>
      text.includes(`exchange '${exchange || 'amq.default'}'`) &&
      (!text.includes("topic '") || text.includes(`topic '${key}'`));
    for (const [number, { message }] of [...this.#flights])
      if (isMeant(message)) this.#settle(number, { kind: 'impossible', why: text });
  }
}

/** The broker's own refusals have a number; anything else means that nobody is there to refuse. */
function troubleOf(error: unknown): { kind: 'lost' | 'impossible'; why: string } {
  const isRefusal = typeof (error as { code?: unknown }).code === 'number';
  return { kind: isRefusal ? 'impossible' : 'lost', why: errorText(error) };
}
