import { KIB, MIB } from '#base/units.ts';

/** Every bound of a connection to the broker, with its unit and why it has that size. */
export const BROKER_LIMITS = {
  /** Bytes of one message's body: a parcel is the longest, a chunk a fifth of it. RabbitMQ itself is told to take no more than 16 MiB. */
  bodyBytes: MIB + 256 * KIB,
  /** Bytes of one message's headers, as JSON: a few numbers. The client library throws beyond 64 KiB. */
  headerBytes: 4 * KIB,
  /** Sent and not yet confirmed: more does not make it faster, and all of it is in memory. */
  unconfirmedMessages: 128,
  unconfirmedBytes: 32 * MIB,
  /** Waiting for room among the unconfirmed: what comes on top is refused. */
  waitingMessages: 1_024,
  waitingBytes: 32 * MIB,
  /** Milliseconds for the broker to have a message, while it is not blocked: a queue that has lost its leader never answers. */
  confirmMs: 60_000,
  /** Handed to a consumer and not yet answered; the consumer says how many, up to this. */
  prefetch: 256,
  /** Consumers of one connection: each has a channel. */
  consumers: 16,
  /** Names of queues, exchanges and keys (AMQP 0-9-1, shortstr). */
  nameBytes: 255,
  /** Milliseconds for a connection to be made, and for one to be closed in order. */
  connectMs: 15_000,
  closeMs: 3_000,
  /** Seconds between signs of life: a peer that is silent is gone after two to three of them. */
  heartbeatS: 10,
  /** Milliseconds before the first try after a connection went, doubled with each further one up to the second; from half of it to all. */
  retryMs: [250, 30_000],
  /** Milliseconds that a connection must last before the next try is a first one again. */
  steadyMs: 30_000,
} as const;

/** How long to wait before a try: `failures` went before it, `random` is in [0, 1). All of a fleet must not come at once. */
export function retryAfterMs(
  failures: number,
  random: number,
  [first, most]: readonly [number, number] = BROKER_LIMITS.retryMs,
): number {
  const full = Math.min(most, first * 2 ** Math.min(failures, 20));
  return full * (0.5 + random / 2);
}
