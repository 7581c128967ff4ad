import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { HttpAnswerReader, parseAnnounceRequest, parseScrapeRequest } from '#wire/tracker-http.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';
import { destination, flowKey, learned, type Seen, source, takesPart, usable } from './seen.ts';

/** An announce whose answer has not been read to its end. */
type Ask = {
  readonly client: string;
  readonly infoHash: InfoHash;
  readonly reader: HttpAnswerReader;
  /** TCP sequence number of the next byte that the reader needs; undefined before the first. */
  nextSeq: number | undefined;
  named: number;
};

/** Reads HTTP announces and their answers (BEP 3), segment by segment as they are held. */
export class HttpTrackerTap {
  readonly #asks = new AgingMap<Ask>(LIMITS.trackerFlows, LIMITS.trackerFlowForMs);

  pending(nowMs: number): number {
    return this.#asks.sizeAt(nowMs);
  }

  /** A request on a flow whose answers the kernel holds already. */
  request(p: IpPacket, nowMs: number): Seen[] {
    const seen = this.#ask(p, nowMs);
    return seen ? [seen] : [{ kind: 'done', client: source(p), server: destination(p) }];
  }

  /**
   * The beginning of any request: a tracker's path may be anything. Its flow is held from now on, which an answer from
   * across the internet does not overtake.
   */
  get(p: IpPacket, nowMs: number): Seen[] {
    if (p.payload.indexOf('info_hash=') < 0) return [];
    const scrape = parseScrapeRequest(p.payload);
    if (scrape.kind === 'ok') return scrape.value.map((infoHash) => takesPart(p.src, infoHash, 'http-tracker'));
    const seen = this.#ask(p, nowMs);
    return seen ? [{ kind: 'hold', client: source(p), server: destination(p) }, seen] : [];
  }

  #ask(p: IpPacket, nowMs: number): Seen | undefined {
    const ask = parseAnnounceRequest(p.payload);
    if (ask.kind === 'bad') return undefined;
    const { infoHash, leftBytes, event } = ask.value;
    const value = { client: p.src, infoHash, reader: new HttpAnswerReader(), nextSeq: undefined, named: 0 };
    this.#asks.set(flowKey(source(p), destination(p)), value, nowMs);
    const tracker = trackerUrl(p);
    return { kind: 'announced', value: { client: p.src, infoHash, from: 'http-tracker', leftBytes, event, tracker } };
  }

  answer(p: IpPacket, nowMs: number): Seen[] {
    const key = flowKey(destination(p), source(p));
    const done: Seen = { kind: 'done', client: destination(p), server: source(p) };
    const ask = this.#asks.get(key, nowMs);
    if (!ask || !p.tcp) return [done];
    if (p.payload.length === 0) return [];
    const fresh = inOrder(ask, p.tcp.seq, p.payload);
    if (!fresh) return [];
    ask.reader.push(fresh);
    const peers = ask.reader.peersSoFar();
    const endpoints: Endpoint[] = peers.slice(ask.named, LIMITS.peersPerAnswer).filter(usable);
    ask.named = peers.length;
    const seen = learned({ client: ask.client, infoHash: ask.infoHash, endpoints, from: 'http-tracker' });
    if (ask.reader.body === undefined && !ask.reader.broken) return seen;
    this.#asks.delete(key);
    return [...seen, done];
  }
}

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
function trackerUrl(p: IpPacket): string | undefined {
  const path = /^GET (\/[\x21-\x3e\x40-\x7e]*)\?/.exec(p.payload.toString('latin1', 0, 4096))?.[1];
  return path === undefined ? undefined : `http://${endpointKey(destination(p))}${path}`;
}
