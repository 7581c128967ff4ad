import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { DatagramClassifier, type Finding, type FlowClassifier, StreamClassifier } from '#wire/flow-classifier.ts';
import { type IpPacket, TCP_FLAGS } from '#wire/ip-packet.ts';
import type { Side } from '#wire/signatures.ts';
import { CAPTURE_LIMITS } from './limits.ts';
import { TcpOrder } from './tcp-order.ts';

/** `a` opened the flow: it sent the SYN or, where none was seen, the first packet. */
export type FlowVerdict = { readonly l4: 'tcp' | 'udp'; readonly a: Endpoint; readonly b: Endpoint } & Finding;

type Flow = {
  readonly l4: 'tcp' | 'udp';
  readonly a: Endpoint;
  readonly b: Endpoint;
  classifier: FlowClassifier;
  order: { readonly [side in Side]: TcpOrder } | undefined;
  /** Something was said, or the connection ended: another SYN opens another connection. */
  used: boolean;
};

/**
 * The flows of a capture. A connection that is opened anew between the same two ports is another flow. Flows come out when
 * the capture ends, or earlier when there are more of them than may be remembered.
 */
export class FlowTable {
  /** In the order of their last packet. */
  readonly #flows = new Map<string, Flow>();
  /** Ends that were seen to speak BitTorrent, oldest first: what opens a uTP connection to one of them is just that. */
  readonly #peers = new Set<string>();
  readonly #tell: (verdict: FlowVerdict) => void;
  readonly #most: number;

  /** `most`: flows to remember. */
  constructor(tell: (verdict: FlowVerdict) => void, most: number = CAPTURE_LIMITS.flows) {
    this.#tell = tell;
    this.#most = most;
  }

  push(packet: IpPacket): void {
    const source = { ip: packet.src, port: packet.srcPort };
    const destination = { ip: packet.dst, port: packet.dstPort };
    const [x, y] = [`${source.ip} ${source.port}`, `${destination.ip} ${destination.port}`];
    const key = x < y ? `${packet.proto} ${x} ${y}` : `${packet.proto} ${y} ${x}`;
    const opens = packet.tcp !== undefined && (packet.tcp.flags & (TCP_FLAGS.syn | TCP_FLAGS.ack)) === TCP_FLAGS.syn;
    let flow = this.#flows.get(key);
    this.#flows.delete(key);
    if (flow && opens && flow.used) {
      this.#finish(flow);
      flow = undefined;
    }
    if (!flow || (opens && !sameEnd(flow.a, source))) flow = newFlow(packet, source, destination, opens);
    this.#flows.set(key, flow);
    const from: Side = sameEnd(flow.a, source) ? 'a' : 'b';
    if (packet.tcp) segment(flow, from, packet, packet.tcp);
    else flow.classifier.push(from, packet.payload);
    this.#makeRoom();
  }

  end(): void {
    for (const flow of this.#flows.values()) this.#settle(flow);
    for (const flow of this.#flows.values()) this.#judge(flow);
    this.#flows.clear();
  }

  /** Many at a time: finding a map's oldest entry costs as much as there were deletions before. */
  #makeRoom(): void {
    if (this.#flows.size <= this.#most) return;
    let count = 0;
    for (const [key, oldest] of this.#flows) {
      if (++count > CAPTURE_LIMITS.flowsAtOnce) return;
      this.#flows.delete(key);
      this.#finish(oldest);
    }
  }

  /** Hears what still waits, and notes the peers that the flow shows. */
  #settle({ a, b, classifier, order }: Flow): void {
    for (const side of ['a', 'b'] as const) order?.[side].end(listener(classifier, side));
    const { verdict } = classifier.finding;
    if (verdict === 'bittorrent' || verdict === 'utp' || verdict === 'dht') this.#peers.add(endpointKey(b));
    // Over UDP both ends speak from the port at which they listen.
    if (verdict === 'utp' || verdict === 'dht') this.#peers.add(endpointKey(a));
    for (const oldest of this.#peers) {
      if (this.#peers.size <= CAPTURE_LIMITS.peers) break;
      this.#peers.delete(oldest);
    }
  }

  #finish(flow: Flow): void {
    this.#settle(flow);
    this.#judge(flow);
  }

  #judge(flow: Flow): void {
    const { l4, a, b, classifier } = flow;
    const ifPeer = this.#peers.has(endpointKey(b)) ? classifier.findingIfPeer : undefined;
    this.#tell({ l4, a, b, ...(ifPeer ?? classifier.finding) });
  }
}

const sameEnd = (x: Endpoint, y: Endpoint): boolean => x.ip === y.ip && x.port === y.port;

function newFlow(packet: IpPacket, source: Endpoint, destination: Endpoint, opens: boolean): Flow {
  const flags = packet.tcp?.flags ?? 0;
  const accepts = (flags & TCP_FLAGS.syn) !== 0 && !opens;
  const [a, b] = accepts ? [destination, source] : [source, destination];
  if (!packet.tcp) {
    return { l4: 'udp', a, b, classifier: new DatagramClassifier(), order: undefined, used: false };
  }
  const order = { a: new TcpOrder(), b: new TcpOrder() };
  return { l4: 'tcp', a, b, classifier: new StreamClassifier(opens || accepts), order, used: false };
}

const listener = (classifier: FlowClassifier, from: Side) => ({
  bytes: (payload: Buffer): void => classifier.push(from, payload),
  gap: (): void => classifier.gap(from),
});

function segment(flow: Flow, from: Side, packet: IpPacket, tcp: { seq: number; flags: number }): void {
  const { payload, lackingBytes = 0 } = packet;
  if (payload.length + lackingBytes > 0 || (tcp.flags & (TCP_FLAGS.fin | TCP_FLAGS.rst)) !== 0) flow.used = true;
  // What is known for certain needs no more bytes.
  if (flow.classifier.settled) flow.order = undefined;
  const order = flow.order?.[from];
  if (!order) return;
  const isSyn = (tcp.flags & TCP_FLAGS.syn) !== 0;
  // A SYN takes a sequence number itself.
  const seq = (tcp.seq + (isSyn ? 1 : 0)) >>> 0;
  if (isSyn && !(flow.used && order.hasBegun)) order.start(seq);
  order.push(seq, payload, lackingBytes, listener(flow.classifier, from));
}
