/** RabbitMQ alone, as the paper has it: a fanout for all, a queue set up for each file, confirmed before the first byte; everybody's SHA-256. */

import { bug } from '#base/errors.ts';
import type { Contestant, Site, Went } from './contestant.ts';
import { ADDRESSES, BESIDE_THE_BROKER } from './ground.ts';
import type { RabbitmqGiver, RabbitmqNodes } from './rabbitmq-words.ts';
import type { Bounds } from './workers.ts';
import { Crew, shares } from './workers.ts';

/** The user of the broker that all of it goes by; it may do everything. */
export const ALONE = 'alone';

export async function startRabbitmq(
  { ground, broker, dir, nodes, workers }: Site,
  password: string,
  bounds: Bounds,
): Promise<Contestant> {
  const crew = new Crew(ground.place, dir);
  const urlAt = (address: string): string =>
    `amqp://${ALONE}:${password}@${address}:${broker.port}/${broker.vhost}?heartbeat=60`;
  const giver = crew.node('rabbitmq-giver.ts', { url: urlAt(BESIDE_THE_BROKER) } satisfies RabbitmqGiver);
  const receivers = shares(nodes, workers).map((own) =>
    crew.node('rabbitmq-nodes.ts', { url: urlAt(ADDRESSES.broker), dir, nodes: own } satisfies RabbitmqNodes),
  );
  const all = <T>(what: string, more: object, by: Bounds): Promise<T[]> =>
    Promise.all(receivers.map((worker) => worker.ask<T>({ what, ...more }, by)));
  let count = 0;
  let last: Went | undefined;
  const distribute = async (path: string, by: Bounds): Promise<void> => {
    const id = `${++count}`;
    const arriving = all<{ nodesMs: number[] }>('all', { id }, by);
    const [sent, arrived] = await Promise.all([
      giver.ask<{ startMs: number; prepareS: number }>({ what: 'distribute', id, path, nodes }, by),
      arriving,
    ]);
    last = { ...sent, nodesMs: arrived.flatMap(({ nodesMs }) => nodesMs) };
  };
  try {
    await all('stand', {}, bounds);
  } catch (error) {
    await crew[Symbol.asyncDispose]();
    throw error;
  }
  return {
    get pids() {
      return crew.pids;
    },
    usesBroker: true,
    warmUp: [1, 1],
    distribute,
    went: async () => last ?? bug('nothing was distributed'),
    forget: async (by) => void (await all('forget', {}, by)),
    [Symbol.asyncDispose]: () => crew[Symbol.asyncDispose](),
  };
}
