/** Messages and queues as amqplib and RabbitMQ spell them. */
import type { Channel, ConsumeMessage, Options } from 'amqplib';
import type { BulkMemory } from './amqp-frames.ts';
import type { Delivery, Message, Queue } from './broker.ts';

/** Of a mandatory message: a returned one is known by nothing else (basic.return has no delivery tag). */
export const PUBLISH_NUMBER = 'x-publish';

export function propertiesOf(message: Message, mandatory: boolean, number: number): Options.Publish {
  const { type, messageId, correlationId, contentType, headers, persistent } = message;
  return {
    type,
    messageId,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(contentType === undefined ? {} : { contentType }),
    timestamp: Math.floor(Date.now() / 1_000),
    headers: mandatory ? { ...headers, [PUBLISH_NUMBER]: number } : { ...headers },
    persistent,
    mandatory,
  };
}

/** What a stranger with an account sent may lack anything, or have another type: that counts as nothing. */
export function deliveryOf(received: ConsumeMessage, channel: Channel, memory: BulkMemory): Delivery {
  const { fields, properties, content } = received;
  let isAnswered = false;
  const answer = (say: () => void) => (): void => {
    if (isAnswered) return;
    isAnswered = true;
    try {
      say();
    } catch (error) {
      // Its connection is gone: the broker gives it to somebody again.
      if ((error as Error).name !== 'IllegalOperationError') throw error;
    }
  };
  return {
    exchange: fields.exchange,
    key: fields.routingKey,
    type: textOf(properties.type) ?? '',
    messageId: textOf(properties.messageId) ?? '',
    ...optional('correlationId', textOf(properties.correlationId)),
    ...optional('contentType', textOf(properties.contentType)),
    headers: headersOf(properties.headers ?? {}),
    ...(typeof properties.timestamp === 'number' && { sentMs: properties.timestamp * 1_000 }),
    persistent: properties.deliveryMode === 2,
    body: content,
    redelivered: fields.redelivered,
    ack: answer(() => channel.ack(received)),
    requeue: answer(() => channel.nack(received, false, true)),
    reject: answer(() => channel.reject(received, false)),
    release: () => memory.release(content),
  };
}

export function queueOptions({
  kind,
  maxMessages,
  maxBytes,
  maxAgeS,
  expiresS,
  oneReader,
}: Queue): Options.AssertQueue {
  const isBounded = maxMessages !== undefined || maxBytes !== undefined;
  return {
    durable: true,
    arguments: {
      'x-queue-type': kind,
      ...(maxMessages === undefined ? {} : { 'x-max-length': maxMessages }),
      ...(maxBytes === undefined ? {} : { 'x-max-length-bytes': maxBytes }),
      ...(isBounded && kind !== 'stream' ? { 'x-overflow': 'reject-publish' } : {}),
      ...(maxAgeS === undefined ? {} : { 'x-max-age': `${maxAgeS}s` }),
      ...(expiresS === undefined ? {} : { 'x-expires': expiresS * 1_000 }),
      ...(oneReader ? { 'x-single-active-consumer': true } : {}),
    },
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });

function headersOf(table: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  const headers: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(table))
    if (
      name !== PUBLISH_NUMBER &&
      (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    )
      headers[name] = value;
  return headers;
}
