/**
 * What the fleet's exchanges, queues and routing keys are called, and who declares which of them.
 *
 *     central -> fleet.down, fleet.data -- all.T, site.S.T, node.N.T --> inbox.N.ctl, inbox.N.data -> node N
 *     node N  -> fleet.up -- N.T --> central.up -> central, and fleet.log keeps it
 *     central -> fleet.told -- T --> fleet.log keeps it
 */
import { GIB, MIB } from '#base/units.ts';
import type { Binding, Topology } from './broker.ts';

/** Control messages from the central. */
export const DOWN = 'fleet.down';
/** Chunks of files from the central. */
export const DATA = 'fleet.data';
/** What nodes say. */
export const UP = 'fleet.up';
/** What the central's diary says. */
export const TOLD = 'fleet.told';
/** What nodes said and the central has yet to read. */
export const CENTRAL_QUEUE = 'central.up';
/** Everything that nodes said, and the central's diary, for a month. */
export const LOG_QUEUE = 'fleet.log';

/** Of a node, a site, or a type of message: no dot, which divides a routing key, and nothing that means more in a pattern. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const isName = (text: string): boolean => NAME.test(text);

function named(text: string): string {
  if (!isName(text)) throw new RangeError(`bug: ${JSON.stringify(text)} cannot be part of a routing key`);
  return text;
}

export const controlInbox = (node: string): string => `inbox.${named(node)}.ctl`;
export const dataInbox = (node: string): string => `inbox.${named(node)}.data`;

export const keyToAll = (type: string): string => `all.${named(type)}`;
export const keyToSite = (site: string, type: string): string => `site.${named(site)}.${named(type)}`;
export const keyToNode = (node: string, type: string): string => `node.${named(node)}.${named(type)}`;
export const keyFrom = (node: string, type: string): string => `${named(node)}.${named(type)}`;

/** Who is to have a message: the whole fleet, all of a site, one node. */
export type Receiver = { readonly all: true } | { readonly site: string } | { readonly node: string };

export function keyTo(receiver: Receiver, type: string): string {
  if ('all' in receiver) return keyToAll(type);
  return 'site' in receiver ? keyToSite(receiver.site, type) : keyToNode(receiver.node, type);
}

/** Who said it, by a key of `fleet.up`: the broker has checked that the node may use it. */
export function senderOf(key: string): { readonly node: string; readonly type: string } | undefined {
  const [node = '', type = '', ...more] = key.split('.');
  return more.length === 0 && isName(node) && isName(type) ? { node, type } : undefined;
}

const EXCHANGES = [{ name: DOWN }, { name: DATA }, { name: UP }, { name: TOLD }];

/** What the central declares: nobody else may declare an exchange. */
export const centralTopology = (): Topology => ({
  exchanges: EXCHANGES,
  queues: [
    // One central reads at a time, and a second one that stands by goes on when the first is gone.
    { name: CENTRAL_QUEUE, kind: 'quorum', maxMessages: 100_000, oneReader: true },
    { name: LOG_QUEUE, kind: 'stream', maxBytes: GIB, maxAgeS: 30 * 86_400 },
  ],
  bindings: [
    { queue: CENTRAL_QUEUE, exchange: UP, key: '#' },
    { queue: LOG_QUEUE, exchange: UP, key: '#' },
    { queue: LOG_QUEUE, exchange: TOLD, key: '#' },
  ],
});

/** Seconds after which the inbox of a node that has not come for it goes: a full one refuses what is meant for all. */
const INBOX_EXPIRES_S = 14 * 86_400;

/** What an inbox for chunks holds: all of the largest distribution that goes by AMQP, for a node that reads slowly. Those of all nodes share the memory of what is for all. */
export const INBOX_BYTES = 256 * MIB;

const bindingsOf = (queue: string, exchange: string, node: string, site: string): Binding[] =>
  ['all.*', `site.${named(site)}.*`, `node.${named(node)}.*`].map((key) => ({ queue, exchange, key }));

/** What a node declares on the connection for control messages. */
export const controlTopology = (node: string, site: string): Topology => ({
  exchanges: [],
  queues: [{ name: controlInbox(node), kind: 'quorum', maxMessages: 1_000, expiresS: INBOX_EXPIRES_S }],
  bindings: bindingsOf(controlInbox(node), DOWN, node, site),
});

/** What a node declares on the connection for chunks. */
export const dataTopology = (node: string, site: string): Topology => ({
  exchanges: [],
  queues: [{ name: dataInbox(node), kind: 'classic', maxBytes: INBOX_BYTES, expiresS: INBOX_EXPIRES_S }],
  bindings: bindingsOf(dataInbox(node), DATA, node, site),
});
