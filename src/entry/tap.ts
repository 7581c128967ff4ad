import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { parseLsd } from '#wire/lsd.ts';
import { parseQvodHandshake } from '#wire/qvod/handshake.ts';
import { qvodDatagram } from '#wire/qvod/udp.ts';
import { type AnnounceRequest, HttpAnswerReader, parseAnnounceRequest } from '#wire/tracker-http.ts';
import { parseUdpAnnounceAnswer, parseUdpAnnounceRequest } from '#wire/tracker-udp.ts';
import { LIMITS } from './limits.ts';
import { LOGGED } from './steering-rules.ts';

/** A code that the page knows. */
export type LearnedFrom = 'http-tracker' | 'udp-tracker' | 'plain-handshake' | 'qvod-handshake';

/** A LAN client was told, or has shown, that these endpoints belong to this torrent. */
export type Learned = {
  readonly client: string;
  readonly infoHash: InfoHash;
  readonly endpoints: readonly Endpoint[];
  readonly from: LearnedFrom;
};

/** A LAN client told a tracker (or its neighbours, by LSD) that it takes part in a torrent. */
export type Announced = {
  readonly client: string;
  readonly infoHash: InfoHash;
  /** Undefined when it did not say (LSD). 0: it has everything. */
  readonly leftBytes: number | undefined;
  readonly event: string | undefined;
  /** Where it announced, as a tracker URL. */
  readonly tracker: string | undefined;
  /** Set when it told its neighbours; `cookie` is what it knows its own announces by. */
  readonly lsd?: { readonly cookie: string | undefined };
};

/** A flow that is recognised and that the box has no part in. */
export type Passed = { readonly client: string; readonly endpoint: Endpoint; readonly why: 'qvod' | 'ms-do' };

export type Seen =
  | { readonly kind: 'learned'; readonly value: Learned }
  | { readonly kind: 'announced'; readonly value: Announced }
  | { readonly kind: 'passed'; readonly value: Passed }
  /** There is nothing more to learn from this TCP flow: its packets need not be held any longer. */
  | { readonly kind: 'done'; readonly client: Endpoint; readonly server: Endpoint };

/** An announce whose answer has not been read to its end. */
type Ask = {
  readonly client: string;
  readonly infoHash: InfoHash;
  readonly transactionId: number | undefined;
  readonly expiresAtMs: number;
  readonly reader: HttpAnswerReader;
  /** TCP sequence number of the next byte that the reader needs; undefined before the first. */
  nextSeq: number | undefined;
  named: number;
};

const flowKey = (client: Endpoint, server: Endpoint): string => `${endpointKey(client)} ${endpointKey(server)}`;
const source = (p: IpPacket): Endpoint => ({ ip: p.src, port: p.srcPort });
const destination = (p: IpPacket): Endpoint => ({ ip: p.dst, port: p.dstPort });
const usable = (e: Endpoint): boolean => e.port !== 0 && e.ip !== '0.0.0.0' && e.ip !== '::';

/**
 * Reads the packets that the rules select and says what they teach. No clock and no sockets of its own.
 * Invariant: what a held packet names is returned before that packet is released.
 */
export class Tap {
  readonly #asks = new Map<string, Ask>();
  /** Passing flows that were told of, oldest first. */
  readonly #told = new Set<string>();

  /** `prefix` tells which rule selected the packet. Packets that teach nothing, or lie, teach nothing. */
  read(prefix: string, packet: IpPacket, nowMs: number): Seen[] {
    if (prefix === LOGGED.request) return this.#request(packet, nowMs);
    if (prefix === LOGGED.held) return packet.proto === 'tcp' ? this.#httpAnswer(packet) : this.#udpAnswer(packet);
    if (prefix === LOGGED.handshake) return this.#handshake(packet);
    if (prefix === LOGGED.lsd) return this.#lsd(packet);
    if (prefix === LOGGED.qvodUdp)
      return qvodDatagram(packet.payload) === 'handshake' ? this.#passed(packet, 'qvod') : [];
    if (prefix === LOGGED.delivery) return this.#passed(packet, 'ms-do');
    return [];
  }

  get pending(): number {
    return this.#asks.size;
  }

  #request(p: IpPacket, nowMs: number): Seen[] {
    const asked = p.proto === 'udp' ? udpAsk(p) : httpAsk(p);
    if (!asked) return p.proto === 'tcp' ? [{ kind: 'done', client: source(p), server: destination(p) }] : [];
    const { value, transactionId, tracker } = asked;
    this.#forget(nowMs);
    const key = flowKey(source(p), destination(p));
    this.#asks.delete(key);
    this.#asks.set(key, {
      client: p.src,
      infoHash: value.infoHash,
      transactionId,
      expiresAtMs: nowMs + LIMITS.trackerFlowForMs,
      reader: new HttpAnswerReader(),
      nextSeq: undefined,
      named: 0,
    });
    return [{ kind: 'announced', value: announced(p.src, value, tracker) }];
  }

  /** Asks are kept in the order of their time, so the first are the oldest. */
  #forget(nowMs: number): void {
    for (const [key, ask] of this.#asks) {
      if (ask.expiresAtMs > nowMs && this.#asks.size < LIMITS.trackerFlows) break;
      this.#asks.delete(key);
    }
  }

  #httpAnswer(p: IpPacket): Seen[] {
    const key = flowKey(destination(p), source(p));
    const done: Seen = { kind: 'done', client: destination(p), server: source(p) };
    const ask = this.#asks.get(key);
    if (!ask || !p.tcp) return [done];
    if (p.payload.length === 0) return [];
    const fresh = inOrder(ask, p.tcp.seq, p.payload);
    if (!fresh) return [];
    ask.reader.push(fresh);
    const peers = ask.reader.peersSoFar();
    const endpoints = peers.slice(ask.named, LIMITS.peersPerAnswer).filter(usable);
    ask.named = peers.length;
    const seen = learned(ask, endpoints, 'http-tracker');
    if (ask.reader.body === undefined && !ask.reader.broken) return seen;
    this.#asks.delete(key);
    return [...seen, done];
  }

  #udpAnswer(p: IpPacket): Seen[] {
    const key = flowKey(destination(p), source(p));
    const ask = this.#asks.get(key);
    if (!ask) return [];
    const answer = parseUdpAnnounceAnswer(p.payload, p.version);
    if (answer.kind === 'bad' || answer.value.transactionId !== ask.transactionId) return [];
    this.#asks.delete(key);
    return learned(ask, answer.value.peers.slice(0, LIMITS.peersPerAnswer).filter(usable), 'udp-tracker');
  }

  #handshake(p: IpPacket): Seen[] {
    if (p.payload.length < HANDSHAKE_BYTES || !usable(destination(p))) return [];
    const plain = parseHandshake(p.payload);
    const h = plain.kind === 'ok' ? plain : parseQvodHandshake(p.payload);
    if (h.kind === 'bad') return [];
    const value = { client: p.src, infoHash: h.value.infoHash, endpoints: [destination(p)] };
    return [{ kind: 'learned', value: { ...value, from: plain === h ? 'plain-handshake' : 'qvod-handshake' } }];
  }

  /** Each flow is told of once: such peers come back all day. */
  #passed(p: IpPacket, why: Passed['why']): Seen[] {
    const endpoint = destination(p);
    const key = flowKey({ ip: p.src, port: 0 }, endpoint);
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    const oldest = this.#told.values().next().value;
    if (oldest !== undefined && this.#told.size > LIMITS.toldFlows) this.#told.delete(oldest);
    return [{ kind: 'passed', value: { client: p.src, endpoint, why } }];
  }

  #lsd(p: IpPacket): Seen[] {
    const lsd = parseLsd(p.payload);
    if (lsd.kind === 'bad') return [];
    const said = { leftBytes: undefined, event: undefined, tracker: undefined, lsd: { cookie: lsd.value.cookie } };
    return lsd.value.infoHashes.map((infoHash) => ({ kind: 'announced', value: { client: p.src, infoHash, ...said } }));
  }
}

type Asked = { value: AnnounceRequest; transactionId: number | undefined; tracker: string | undefined };

function udpAsk(p: IpPacket): Asked | undefined {
  const ask = parseUdpAnnounceRequest(p.payload);
  if (ask.kind === 'bad') return undefined;
  const { transactionId, ...value } = ask.value;
  return { value, transactionId, tracker: `udp://${endpointKey(destination(p))}` };
}

function httpAsk(p: IpPacket): Asked | undefined {
  const ask = parseAnnounceRequest(p.payload);
  return ask.kind === 'bad' ? undefined : { value: ask.value, transactionId: undefined, tracker: httpTracker(p) };
}

const announced = (client: string, a: AnnounceRequest, tracker: string | undefined): Announced => ({
  client,
  infoHash: a.infoHash,
  leftBytes: a.leftBytes,
  event: a.event,
  tracker,
});

const learned = (ask: Ask, endpoints: readonly Endpoint[], from: LearnedFrom): Seen[] =>
  endpoints.length === 0
    ? []
    : [{ kind: 'learned', value: { client: ask.client, infoHash: ask.infoHash, endpoints, from } }];

/**
 * The part of a TCP segment that the reader has not seen. A segment from further ahead is dropped: a lost one before it
 * comes again, and so does this one's successor; a tracker answer rarely has more than two.
 */
function inOrder(ask: Ask, seq: number, payload: Buffer): Buffer | undefined {
  ask.nextSeq ??= seq;
  const behind = (ask.nextSeq - seq) | 0;
  if (behind < 0 || behind >= payload.length) return undefined;
  ask.nextSeq = (seq + payload.length) >>> 0;
  return payload.subarray(behind);
}

/**
 * `http://ip:port/path` of an announce: the address on the wire, never the Host header, which could send the box anywhere.
 * Undefined when the path is not plain.
 */
function httpTracker(p: IpPacket): string | undefined {
  const path = /^GET (\/[\x21-\x3e\x40-\x7e]*)\?/.exec(p.payload.toString('latin1', 0, 4096))?.[1];
  return path === undefined ? undefined : `http://${endpointKey(destination(p))}${path}`;
}
