/** What the fleet asks of a message broker, in the words of AMQP 0-9-1 and of RabbitMQ's extensions, and no more than that. */

/** A durable topic exchange. */
export type Exchange = { readonly name: string };

/**
 * A durable queue. What is beyond its bounds is refused to whoever publishes it (`reject-publish`), and a message that goes
 * to several queues is refused when one of them is full, though the others have it; a stream forgets its oldest.
 */
export type Queue = {
  readonly name: string;
  /** `quorum` for what must not be lost, `classic` for what can be had again, `stream` for what is kept after it was read. */
  readonly kind: 'quorum' | 'classic' | 'stream';
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  /** Of a stream. */
  readonly maxAgeS?: number;
  /** It goes when nobody consumed from it or declared it for so long. */
  readonly expiresS?: number;
  /** Of all its consumers one is given messages; another one, when that one is gone. */
  readonly oneReader?: boolean;
};

export type Binding = { readonly queue: string; readonly exchange: string; readonly key: string };

export type Topology = {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
  readonly bindings: readonly Binding[];
};

export type Message = {
  readonly exchange: string;
  readonly key: string;
  readonly type: string;
  readonly messageId: string;
  readonly correlationId?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  /** It is on a disk before it is confirmed. */
  readonly persistent: boolean;
  readonly body: Buffer;
};

/**
 * What became of a message.
 * - `ok`: every queue it goes to has it, or none does and it was not `mandatory`
 * - `unroutable`: it was `mandatory` and goes to no queue
 * - `refused`: a queue is full, or too much waits here already; later it may be taken
 * - `lost`: the connection is gone or the broker takes too long, and nobody knows whether the broker has it: whoever sends it again may send it twice
 * - `impossible`: never, as it stands: too big, no such exchange, no right to it
 */
export type Published =
  | { readonly kind: 'ok' }
  | { readonly kind: 'unroutable' }
  | { readonly kind: 'refused' | 'lost' | 'impossible'; readonly why: string };

export type Declared = { readonly kind: 'ok' } | { readonly kind: 'lost' | 'impossible'; readonly why: string };

/**
 * A message in the hands of a consumer. It is answered once; an answer after its connection is gone does nothing, as the
 * broker gives the message to somebody again (`redelivered`). So whoever consumes knows what it has done already.
 */
export type Delivery = Message & {
  readonly redelivered: boolean;
  /** When it was published, by its sender's clock, to the second. */
  readonly sentMs?: number;
  /** It is done with. */
  ack(): void;
  /** Somebody shall have it again, at once. */
  requeue(): void;
  /** Nobody can use it. */
  reject(): void;
  /** Nobody looks at its body any more: the memory is given back now. Else it goes when garbage is collected, which bulk makes come soon and often. */
  release?(): void;
};

/** `blocked`: the broker is short of memory or disk and takes no messages; those that are published wait. */
export type BrokerState =
  | { readonly kind: 'up' }
  | { readonly kind: 'blocked'; readonly why: string }
  | { readonly kind: 'down'; readonly why: string }
  | { readonly kind: 'closed' };

export type Consuming = {
  readonly queue: string;
  /** Deliveries that wait for an answer at the same time. */
  readonly prefetch: number;
  /** Of a stream, which is read by several and from anywhere on: asked on each connection. A number is that of the next message, one after the header `x-stream-offset` of the last. */
  readonly from?: () => 'first' | number;
  /** Called in the order of the queue. What it throws goes to `onError`, and the message stays unanswered. */
  readonly onDelivery: (delivery: Delivery) => void;
};

/**
 * A connection to a broker that comes back by itself. On each new one it declares the topology and then consumes again; when
 * that fails it is `down`, and tries again. The bounds are in `broker-limits.ts`.
 */
export type Broker = AsyncDisposable & {
  readonly state: BrokerState;
  /** Called with each change from now on, until what it returns is called. */
  onState(listener: (state: BrokerState) => void): () => void;
  /** Now, and on no later connection: that is for the topology to say. `lost` when there is no connection. */
  declare(topology: Topology): Promise<Declared>;
  /** A queue and what is in it. Nothing when there is none. */
  remove(queue: string): Promise<Declared>;
  /** Resolves when the broker has it. What is published in order is sent in order. At once `lost` when there is no connection. */
  publish(message: Message, mandatory: boolean): Promise<Published>;
  /** From now on, over all connections. Closing it gives back what was not answered. */
  consume(consuming: Consuming): AsyncDisposable;
  /** What is in flight is `lost`, what is unanswered goes back to its queue. */
  close(): Promise<void>;
};
