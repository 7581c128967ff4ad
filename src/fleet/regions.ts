/**
 * A region with a RabbitMQ of its own: its nodes connect there alone, with the names, rights and messages that they have anyway. The region's broker fetches what the central says (federation of `fleet.down`
 * and `fleet.data`: only what somebody there is bound to crosses the line, and once) and hands on what its nodes say (a shovel from `region.up` to the central's `fleet.up`). While the line is down, each
 * side keeps what it has for the other.
 */
import { DATA, DOWN, UP } from './names.ts';
import { type BrokerUser, definitionsOf } from './rights.ts';

/** What its nodes said and has not left the region yet. */
export const REGION_QUEUE = 'region.up';
/** Plugins of the region's broker; the central's needs none. */
export const REGION_PLUGINS = ['rabbitmq_federation', 'rabbitmq_shovel'] as const;

/** Of what was said to a region that is away: kept so long at the central's broker, ms, and in so many messages. */
const AWAY_MS = 14 * 86_400_000;
const UP_MESSAGES = 100_000;

const escaped = (name: string): string => name.replaceAll('.', '\\.');

/** The user as which a region comes to the central's broker: it hears what is for nodes, and speaks for its own nodes alone. */
export function regionUser(region: string, password: string, nodes: readonly string[]): BrokerUser {
  const own = '(federation: fleet\\.(down|data) -> .*)';
  const hears = [DOWN, DATA].map(escaped).join('|');
  return {
    name: region,
    password,
    rights: {
      configure: `^${own}$`,
      write: `^(${own}|${escaped(UP)})$`,
      read: `^(${own}|${hears})$`,
      topics: [{ exchange: UP, write: `^(${nodes.join('|')})\\.`, read: '^$' }],
    },
  };
}

/**
 * A definitions file for the region's broker (`rabbitmqctl import_definitions`). `centre`: AMQP URI of the central's broker with the region's user, whose path is the virtual host. `users`: the region's nodes.
 */
export function regionDefinitions(vhost: string, centre: string, users: readonly BrokerUser[]): object {
  const exchange = (name: string) => ({
    ...{ name, vhost, type: 'topic', durable: true },
    ...{ auto_delete: false, internal: false, arguments: {} },
  });
  return {
    ...definitionsOf(vhost, users),
    exchanges: [DOWN, DATA, UP].map(exchange),
    queues: [
      {
        ...{ name: REGION_QUEUE, vhost, durable: true, auto_delete: false },
        arguments: { 'x-queue-type': 'quorum', 'x-max-length': UP_MESSAGES, 'x-overflow': 'reject-publish' },
      },
    ],
    bindings: [
      {
        ...{ source: UP, vhost, destination: REGION_QUEUE },
        ...{ destination_type: 'queue', routing_key: '#', arguments: {} },
      },
    ],
    parameters: [
      {
        ...{ vhost, component: 'federation-upstream', name: 'centre' },
        value: { uri: centre, expires: AWAY_MS, 'ack-mode': 'on-confirm', 'reconnect-delay': 2 },
      },
      {
        ...{ vhost, component: 'shovel', name: 'up' },
        value: {
          ...{
            'src-protocol': 'amqp091',
            'src-uri': `amqp:///${encodeURIComponent(vhost)}`,
            'src-queue': REGION_QUEUE,
          },
          ...{ 'dest-protocol': 'amqp091', 'dest-uri': centre, 'dest-exchange': UP },
          ...{ 'ack-mode': 'on-confirm', 'reconnect-delay': 2 },
        },
      },
    ],
    policies: [
      {
        ...{ vhost, name: 'fleet', pattern: '^fleet\\.(down|data)$', 'apply-to': 'exchanges', priority: 0 },
        definition: { 'federation-upstream': 'centre' },
      },
    ],
  };
}
