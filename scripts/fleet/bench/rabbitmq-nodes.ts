/** Nodes of RabbitMQ alone: for each file a queue of its own, `ready` when it stands, then chunks, written and hashed; `done`. Started by `rabbitmq.ts`. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import amqp, { type Channel, type ChannelModel } from 'amqplib';
import { Arrivals, answering } from './lines.ts';
import { type Announced, CONTROL, PREFETCH, type RabbitmqNodes } from './rabbitmq-words.ts';

const { url, nodes, dir } = JSON.parse(process.argv[2] ?? '{}') as RabbitmqNodes;
const arrivals = new Arrivals();
const pathOf = (node: number): string => join(dir, `rabbitmq-${node}`);

async function stand(node: number): Promise<void> {
  const model = await amqp.connect(url, { noDelay: true });
  const channel = await model.createChannel();
  await channel.assertExchange(CONTROL, 'fanout');
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await channel.bindQueue(queue, CONTROL, '');
  const announced = (body: Buffer): Promise<void> =>
    receive(node, model, channel, JSON.parse(body.toString('utf8')) as Announced);
  await channel.consume(queue, (message) => message && void announced(message.content), { noAck: true });
}

async function receive(node: number, model: ChannelModel, control: Channel, file: Announced): Promise<void> {
  const say = (what: string): boolean =>
    control.sendToQueue(file.answerTo, Buffer.from(JSON.stringify({ what, node })));
  const { queue } = await control.assertQueue('', { exclusive: true, autoDelete: true });
  await control.bindQueue(queue, file.exchange, '');
  const to = openSync(pathOf(node), 'w');
  const hash = createHash('sha256');
  let [gotBytes, unanswered] = [0, 0];
  const chunks = await model.createChannel();
  await chunks.prefetch(PREFETCH);
  await chunks.consume(queue, (chunk) => {
    if (!chunk) return;
    const { content } = chunk;
    hash.update(content);
    writeSync(to, content);
    gotBytes += content.length;
    if (++unanswered >= PREFETCH / 2 || gotBytes >= file.bytes) {
      chunks.ack(chunk, true);
      unanswered = 0;
    }
    if (gotBytes < file.bytes) return;
    closeSync(to);
    if (hash.digest('hex') !== file.sha256) throw new Error('wrong bytes');
    arrivals.arrived(file.id, node);
    say('done');
    void chunks.close();
  });
  say('ready');
}

await answering({
  stand: async () => void (await Promise.all(nodes.map(stand))),
  all: async ({ id }) => ({ nodesMs: await arrivals.all(String(id), nodes.length) }),
  forget: async () => {
    for (const node of nodes) rmSync(pathOf(node), { force: true });
  },
});
