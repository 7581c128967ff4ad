/** Where a fleet of the bench stands: one network namespace whose loopback is every line, each uplink shaped by the address that a packet comes from. */
import { Net, type Place } from '../../cafe/net.ts';
import { type Lines, MOST_NODES } from './plan.ts';

/** What everybody dials. The broker is at the giver's line; whoever is on the giver's own machine reaches it at 127.0.0.1, past the line. */
export const ADDRESSES = { giver: '127.76.0.1', broker: '127.75.0.1', relay: '127.78.0.1' } as const;
export const BESIDE_THE_BROKER = '127.0.0.1';
export const nodeAddress = (node: number): string => `127.77.0.${node + 1}`;

/** Bytes that left, headers included. */
export type Sent = { readonly giver: number; readonly relay: number };

/** Of every run; its process's number follows. What a run that was killed has left, the next one takes away. */
export const GROUNDS = 'sbx-bench-fleet-';

/** A line lets so much through at once, and holds so much back. */
const BURST = '256k';
const BUFFER = '4mb';
/** Packets as large as Ethernet's jumbo frames. */
const MTU = 9_000;
const [GIVER_CLASS, RELAY_CLASS, FIRST_NODE_CLASS] = [2, 3, 16];

export class Ground implements AsyncDisposable {
  readonly #net: Net;
  readonly place: Place;

  private constructor(net: Net, place: Place) {
    this.#net = net;
    this.place = place;
  }

  static async lay(lines: Lines | undefined): Promise<Ground> {
    for (const old of await Net.named(GROUNDS))
      if (!isAlive(Number.parseInt(old.name.slice(GROUNDS.length), 10))) await old.remove();
    const net = new Net(`${GROUNDS}${process.pid}-`);
    const ground = new Ground(net, await net.add('lines'));
    try {
      if (lines) await ground.#shape(lines);
      await ground.place.run(['nft', '-f', '-'], rules(lines !== undefined));
      return ground;
    } catch (error) {
      await ground[Symbol.asyncDispose]();
      throw error;
    }
  }

  get name(): string {
    return this.place.name;
  }

  async sent(): Promise<Sent> {
    const said = await this.place.run(['nft', '-j', 'list', 'counters']);
    const { nftables } = JSON.parse(said) as { nftables: { counter?: { name: string; bytes: number } }[] };
    const of = (name: string): number => nftables.find(({ counter }) => counter?.name === name)?.counter?.bytes ?? 0;
    return { giver: of('giver'), relay: of('relay') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#net.close();
  }

  async #shape({ giver, node }: Lines): Promise<void> {
    await this.place.ip(`link set lo mtu ${MTU}`);
    const classOf = (id: number, bytesPerS: number): string[] => {
      const minor = id.toString(16);
      return [
        `class add dev lo parent 1: classid 1:${minor} htb rate ${8 * bytesPerS}bit burst ${BURST} cburst ${BURST} quantum 60000`,
        `qdisc add dev lo parent 1:${minor} bfifo limit ${BUFFER}`,
      ];
    };
    const nodes = Array.from({ length: MOST_NODES }, (_, i) => classOf(FIRST_NODE_CLASS + i, node));
    const lines = [
      // What has no class of its own is not held back.
      'qdisc add dev lo root handle 1: htb default 0',
      ...classOf(GIVER_CLASS, giver),
      ...classOf(RELAY_CLASS, giver),
      ...nodes.flat(),
    ];
    await this.place.run(['tc', '-batch', '-'], `${lines.join('\n')}\n`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Counts what the giver (with the broker) and the relay send, and says which line a packet takes. */
function rules(isShaped: boolean): string {
  const { giver, broker, relay } = ADDRESSES;
  const nodes = Array.from({ length: MOST_NODES }, (_, i) => [nodeAddress(i), FIRST_NODE_CLASS + i] as const);
  const classes = [[giver, GIVER_CLASS], [broker, GIVER_CLASS], [relay, RELAY_CLASS], ...nodes] as const;
  const map = classes.map(([address, id]) => `${address} : 1:${id.toString(16)}`).join(', ');
  return `table ip bench {
    counter giver {}
    counter relay {}
    chain out {
      type filter hook output priority filter
      ip saddr { ${giver}, ${broker} } counter name giver
      ip saddr ${relay} counter name relay
      ${isShaped ? `meta priority set ip saddr map { ${map} }` : ''}
    }
  }`;
}
