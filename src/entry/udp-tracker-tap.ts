import { endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { parseUdpAnnounceAnswer, parseUdpAnnounceRequest, parseUdpScrapeRequest } from '#wire/tracker-udp.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';
import { destination, flowKey, learned, type Seen, source, takesPart, usable } from './seen.ts';

/** Reads UDP announces and their answers (BEP 15). One flow carries a client's announces for all its torrents. */
export class UdpTrackerTap {
  readonly #asks = new AgingMap<{ client: string; infoHash: InfoHash }>(LIMITS.trackerFlows, LIMITS.trackerFlowForMs);

  pending(nowMs: number): number {
    return this.#asks.sizeAt(nowMs);
  }

  request(p: IpPacket, nowMs: number): Seen[] {
    const ask = parseUdpAnnounceRequest(p.payload);
    if (ask.kind === 'bad') return [];
    const { transactionId, infoHash, leftBytes, event } = ask.value;
    const client = p.src;
    this.#asks.set(`${flowKey(source(p), destination(p))} ${transactionId}`, { client, infoHash }, nowMs);
    const tracker = `udp://${endpointKey(destination(p))}`;
    return [{ kind: 'announced', value: { client, infoHash, from: 'udp-tracker', leftBytes, event, tracker } }];
  }

  scrape(p: IpPacket): Seen[] {
    const scrape = parseUdpScrapeRequest(p.payload);
    return scrape.kind === 'bad' ? [] : scrape.value.map((infoHash) => takesPart(p.src, infoHash, 'udp-tracker'));
  }

  answer(p: IpPacket, nowMs: number): Seen[] {
    const answer = parseUdpAnnounceAnswer(p.payload, p.version);
    if (answer.kind === 'bad') return [];
    const key = `${flowKey(destination(p), source(p))} ${answer.value.transactionId}`;
    const ask = this.#asks.get(key, nowMs);
    if (!ask) return [];
    this.#asks.delete(key);
    const endpoints = answer.value.peers.slice(0, LIMITS.peersPerAnswer).filter(usable);
    return learned({ ...ask, endpoints, from: 'udp-tracker' });
  }
}
