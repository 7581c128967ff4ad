/**
 * Nodes of a fleet that only speak: each with its own two connections and inboxes, it answers what it is told and keeps nothing. As a program, `played-nodes.ts PORT FILE`: the broker's port on
 * loopback, and a JSON list of names, sites, roles and passwords; commands come as JSON lines on standard input.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { amqpBroker, type BrokerServer } from '../../src/fleet/amqp-broker.ts';
import type { Broker, Delivery } from '../../src/fleet/broker.ts';
import type { Role } from '../../src/fleet/message-types.ts';
import { decodeDown, encodeUp, type UpMessage } from '../../src/fleet/messages.ts';
import { controlInbox, controlTopology, dataInbox, dataTopology, keyFrom, UP } from '../../src/fleet/names.ts';
import { PARCEL_TYPE } from '../../src/fleet/parcel.ts';

export type Played = { readonly name: string; readonly site: string; readonly role: Role; readonly password: string };
/** `have`: distributions that all of them name in `hello` from now on, beside those that they got. */
export type Command = { readonly have: readonly string[] };

/** Connections that are made at the same time: RabbitMQ declares each one's queues. */
const AT_ONCE = 16;

export class PlayedNode {
  readonly #who: Played;
  readonly #control: Broker;
  readonly #data: Broker;
  readonly #have = new Set<string>();
  readonly #beganMs = Date.now();
  #epoch = 0;

  constructor(who: Played, server: (what: string) => BrokerServer) {
    const onError = (error: unknown): void => console.error(who.name, error);
    const { name, site } = who;
    this.#who = who;
    this.#control = amqpBroker(server('control'), { topology: () => controlTopology(name, site), onError });
    this.#data = amqpBroker(server('data'), { topology: () => dataTopology(name, site), onError });
    this.#control.consume({ queue: controlInbox(name), prefetch: 32, onDelivery: (delivery) => this.#heard(delivery) });
    this.#data.consume({ queue: dataInbox(name), prefetch: 64, onDelivery: (delivery) => this.#piece(delivery) });
    this.#control.onState(({ kind }) => kind === 'up' && this.#hello());
  }

  async up(): Promise<void> {
    while (this.#control.state.kind !== 'up' || this.#data.state.kind !== 'up') await sleep(20);
  }

  has(ids: readonly string[]): void {
    for (const id of ids) this.#have.add(id);
  }

  async close(): Promise<void> {
    await Promise.all([this.#control.close(), this.#data.close()]);
  }

  #hello(): void {
    const { role, site } = this.#who;
    const [epoch, beganMs, have] = [this.#epoch, this.#beganMs, [...this.#have]];
    const swarm = { ip: '127.0.0.1', port: 6_881 };
    this.#say({ kind: 'hello', role, site, version: 'played', epoch, beganMs, swarm, freeBytes: 1e12, have });
  }

  #say(message: UpMessage): void {
    const carried = encodeUp(message);
    const sent = {
      exchange: UP,
      key: keyFrom(this.#who.name, carried.type),
      messageId: randomUUID(),
      persistent: true,
    };
    void this.#control.publish({ ...sent, ...carried }, false);
  }

  #heard(delivery: Delivery): void {
    const { type, contentType = '', body } = delivery;
    const read = decodeDown({ type, contentType, body });
    if (read.kind !== 'ok') throw new Error(`${type}: ${read.why}`);
    const message = read.value;
    switch (message.kind) {
      case 'discover':
        this.#epoch = message.epoch;
        this.#hello();
        break;
      case 'offer':
        this.#say({ kind: 'ready', id: message.id, have: [] });
        break;
      case 'start':
        this.#done(message.id);
        break;
      default:
        break;
    }
    delivery.ack();
  }

  /** A parcel is all of it, and the first piece is taken for that. */
  #piece({ type, correlationId = '', ack }: Delivery): void {
    ack();
    if ((type === PARCEL_TYPE || type === 'piece') && !this.#have.has(correlationId)) this.#done(correlationId);
  }

  #done(id: string): void {
    this.#have.add(id);
    this.#say({ kind: 'done', id, ms: 1, amqpBytes: 0, swarmBytes: 0 });
  }
}

/** Resolves when all of them are connected. */
export async function playAll(port: number, all: readonly Played[]): Promise<PlayedNode[]> {
  const nodes: PlayedNode[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const some = all.slice(from, from + AT_ONCE).map((who) => {
      const login = { user: who.name, password: who.password };
      return new PlayedNode(who, (what) => ({
        host: '127.0.0.1',
        port,
        vhost: 'fleet',
        name: `${who.name} ${what}`,
        login,
      }));
    });
    await Promise.all(some.map((node) => node.up()));
    nodes.push(...some);
  }
  return nodes;
}

if (argv[1] === import.meta.filename) {
  const [port = '', path = ''] = argv.slice(2);
  const nodes = await playAll(Number(port), JSON.parse(readFileSync(path, 'utf8')) as Played[]);
  stdout.write('up\n');
  for await (const line of createInterface({ input: stdin })) {
    const { have } = JSON.parse(line) as Command;
    for (const node of nodes) node.has(have);
    stdout.write('heard\n');
  }
}
