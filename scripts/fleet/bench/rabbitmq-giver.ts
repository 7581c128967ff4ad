/** Who sends, of RabbitMQ alone: describes the file to all, waits until every node's queue stands, and sends chunks with confirms. Started by `rabbitmq.ts`. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import amqp, { type ConfirmChannel } from 'amqplib';
import { answering } from './lines.ts';
import { type Announced, CHUNK_BYTES, CONTROL, type RabbitmqGiver, WINDOW } from './rabbitmq-words.ts';

const { url } = JSON.parse(process.argv[2] ?? '{}') as RabbitmqGiver;

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function sendChunks(channel: ConfirmChannel, exchange: string, path: string, bytes: number): Promise<void> {
  const file = openSync(path, 'r');
  let [unconfirmed, wake] = [0, (): void => {}];
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, bytes - at));
    readSync(file, chunk, 0, chunk.length, at);
    while (unconfirmed >= WINDOW)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    unconfirmed++;
    channel.publish(exchange, '', chunk, { headers: { at } }, (error) => {
      if (error) throw new Error('a chunk was refused', { cause: error });
      unconfirmed--;
      wake();
    });
  }
  closeSync(file);
  await channel.waitForConfirms();
}

const model = await amqp.connect(url, { noDelay: true });
const channel = await model.createConfirmChannel();
await channel.assertExchange(CONTROL, 'fanout');
const { queue: answerTo } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
let heard = (_what: string): void => {};
await channel.consume(
  answerTo,
  (message) => message && heard((JSON.parse(message.content.toString('utf8')) as { what: string }).what),
  { noAck: true },
);

/** Resolves when so many have said it. */
function counted(nodes: number): Record<'ready' | 'done', Promise<void>> {
  const [ready, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const left: Record<string, number> = { ready: nodes, done: nodes };
  heard = (what) => {
    left[what] = (left[what] ?? 0) - 1;
    if (left[what] === 0) (what === 'ready' ? ready : done).resolve();
  };
  return { ready: ready.promise, done: done.promise };
}

await answering({
  distribute: async ({ id, path, nodes }) => {
    const [beganMs, bytes] = [Date.now(), statSync(String(path)).size];
    const digest = await sha256(String(path));
    const { ready, done } = counted(Number(nodes));
    const startMs = Date.now();
    const exchange = `alone.file.${id}`;
    await channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });
    const announced: Announced = { id: String(id), bytes, sha256: digest, exchange, answerTo };
    channel.publish(CONTROL, '', Buffer.from(JSON.stringify(announced)));
    await ready;
    await sendChunks(channel, exchange, String(path), bytes);
    await done;
    return { startMs, prepareS: (startMs - beganMs) / 1_000 };
  },
});
