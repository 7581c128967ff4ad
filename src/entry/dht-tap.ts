import { isLikelyPeer } from '#base/public-ip.ts';
import type { InfoHash } from '#base/units.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { parseKrpc } from '#wire/krpc.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';
import { destination, flowKey, learned, type Seen, source, takesPart } from './seen.ts';

/**
 * Reads the DHT's get_peers queries of LAN clients and the answers to them (BEP 5, 32). A query alone shows nothing: libtorrent
 * looks for nodes with get_peers, too, for torrents that it makes up; those have no peers. What comes from outside unasked
 * teaches nothing either: a node is asked about torrents by their distance from its id, not because it takes part. Anybody can put
 * any address into the DHT, so only likely ones are believed: a client that talks to a server must not meet the box.
 */
export class DhtTap {
  readonly #asks = new AgingMap<{ client: string; infoHash: InfoHash }>(LIMITS.dhtAsks, LIMITS.dhtAskForMs);
  /** Client -> the torrents that it was told peers of: tells a crawler from a downloader. */
  readonly #told = new AgingMap<Set<InfoHash>>(LIMITS.dhtClients, LIMITS.steerForMs);

  pending(nowMs: number): number {
    return this.#asks.sizeAt(nowMs);
  }

  query(p: IpPacket, nowMs: number): Seen[] {
    const krpc = parseKrpc(p.payload);
    if (krpc.kind === 'bad' || krpc.value.kind !== 'query' || !krpc.value.infoHash) return [];
    const { transactionId, method, infoHash } = krpc.value;
    if (method === 'announce_peer') return [takesPart(p.src, infoHash, 'dht')];
    const key = `${flowKey(source(p), destination(p))} ${transactionId.toString('hex')}`;
    if (method === 'get_peers') this.#asks.set(key, { client: p.src, infoHash }, nowMs);
    return [];
  }

  answer(p: IpPacket, nowMs: number): Seen[] {
    const krpc = parseKrpc(p.payload);
    if (krpc.kind === 'bad' || krpc.value.kind !== 'response') return [];
    const key = `${flowKey(destination(p), source(p))} ${krpc.value.transactionId.toString('hex')}`;
    const ask = this.#asks.get(key, nowMs);
    if (!ask) return [];
    this.#asks.delete(key);
    const endpoints = krpc.value.peers.slice(0, LIMITS.peersPerAnswer).filter(isLikelyPeer);
    if (endpoints.length === 0 || !this.#isDownloader(ask.client, ask.infoHash, nowMs)) return [];
    return learned({ ...ask, endpoints, from: 'dht' });
  }

  /** False for one torrent too many. */
  #isDownloader(client: string, infoHash: InfoHash, nowMs: number): boolean {
    const torrents = this.#told.get(client, nowMs) ?? new Set();
    if (torrents.size === 0) this.#told.set(client, torrents, nowMs);
    if (torrents.size >= LIMITS.dhtTorrents) return torrents.has(infoHash);
    torrents.add(infoHash);
    return true;
  }
}
