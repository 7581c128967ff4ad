/** The central, as `swarmbox central` runs it, asked at its desk as a person does. Started by `ours.ts`. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';
import { logTo } from '#base/log.ts';
import { runCentral } from '../../../src/fleet/central/role.ts';
import { CENTRAL_QUEUE, controlInbox, DATA, DOWN, dataInbox, LOG_QUEUE, UP } from '../../../src/fleet/names.ts';
import { answering } from './lines.ts';
import type { Begun, OursCentral, OursWent } from './ours-words.ts';

type Said = {
  readonly nodes: readonly { readonly name: string; readonly online: boolean }[];
  readonly distributions: readonly {
    readonly id: string;
    readonly state: string;
    readonly createdMs: number;
    readonly orders: { readonly ways: Readonly<Record<string, string>> };
    readonly targets: readonly object[];
  }[];
};

const { config, socket, url, trace } = JSON.parse(process.argv[2] ?? '{}') as OursCentral;
const LOOK_EVERY_MS = 50;

const complete = new Set<string>();
let completed = (): void => {};
const log = logTo(({ level, event, fields }) => {
  if (event === 'distribution' && fields.state === 'complete') {
    complete.add(String(fields.id));
    completed();
  }
  if (level !== 'info') console.error(event, JSON.stringify(fields));
});
const central = await runCentral(config, log);
const broker = await amqp.connect(url);

function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const asked = request({ socketPath: socket, method, path }, async (answer) => {
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
    else reject(new Error(text));
  });
  asked.on('error', reject);
  asked.end(body && JSON.stringify(body));
  return promise;
}

/** When each kind of control message passed the broker, by distribution. */
const passed = new Map<string, Record<string, [number, number]>>();

async function watch(): Promise<void> {
  const channel = await broker.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const exchange of [DOWN, UP]) await channel.bindQueue(queue, exchange, '#');
  await channel.consume(
    queue,
    (message) => {
      if (!message) return;
      const { correlationId: id, type } = message.properties as { correlationId?: string; type: string };
      const nowMs = Date.now();
      const of = passed.get(id ?? '') ?? {};
      of[type] = [of[type]?.[0] ?? nowMs, nowMs];
      passed.set(id ?? '', of);
    },
    { noAck: true },
  );
}
if (trace) await watch();

await answering({
  /** Resolves when so many nodes have been heard of. */
  here: async ({ nodes }) => {
    for (;;) {
      const said = await ask<Said>('GET', '/fleet');
      if (said.nodes.filter(({ online }) => online).length === nodes) return;
      await sleep(LOOK_EVERY_MS);
    }
  },
  publish: async ({ path }): Promise<Begun> => {
    const beganMs = Date.now();
    const { id } = await ask<{ id: string }>('POST', '/publish', { path });
    return { id, beganMs };
  },
  complete: async ({ id }) => {
    while (!complete.has(String(id)))
      await new Promise<void>((resolve) => {
        completed = resolve;
      });
    return {};
  },
  /** How it went: a long answer of the desk, which must not be made while others work. */
  went: async ({ id }): Promise<OursWent> => {
    const row = (await ask<Said>('GET', '/fleet')).distributions.find((d) => d.id === id);
    const way = Object.entries(row?.orders.ways ?? {}).map(([, by]) => by);
    const startMs = row?.createdMs ?? 0;
    const times = Object.entries(passed.get(String(id)) ?? {});
    const since = (atMs: number): number => atMs - startMs;
    return {
      startMs,
      way: way.join('+'),
      ...(trace && {
        trace: Object.fromEntries(times.map(([type, [first, last]]) => [type, [since(first), since(last)]])),
      }),
    };
  },
  cancel: async ({ id }) => ask('POST', '/cancel', { id }),
  /** The next fleet finds nothing of this one. */
  end: async ({ names }) => {
    await central.close();
    const channel = await broker.createChannel();
    const inboxes = (names as string[]).flatMap((name) => [controlInbox(name), dataInbox(name)]);
    for (const queue of [...inboxes, CENTRAL_QUEUE, LOG_QUEUE]) await channel.deleteQueue(queue);
    for (const exchange of [DOWN, DATA, UP]) await channel.deleteExchange(exchange);
  },
});
