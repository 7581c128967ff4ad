import { HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { parseLsd } from '#wire/lsd.ts';
import { parseQvodHandshake } from '#wire/qvod/handshake.ts';
import { qvodDatagram } from '#wire/qvod/udp.ts';
import { DhtTap } from './dht-tap.ts';
import { HttpTrackerTap } from './http-tracker-tap.ts';
import { LOGGED } from './learn-rules.ts';
import { PassingTap } from './passing-tap.ts';
import { destination, learned, type Seen, takesPart, usable } from './seen.ts';
import { UdpTrackerTap } from './udp-tracker-tap.ts';

/** Bencode's `d`, which every DHT message begins with. A UDP tracker's answer begins with a zero. */
const DICTIONARY = 0x64;

/**
 * Reads the packets that the rules select and says what they teach. No clock and no sockets of its own.
 * Invariant: what a held packet names is returned before that packet is released.
 */
export class Tap {
  readonly #http = new HttpTrackerTap();
  readonly #udp = new UdpTrackerTap();
  readonly #dht = new DhtTap();
  readonly #passing = new PassingTap();

  /** `prefix` tells which rule selected the packet. Packets that teach nothing, or lie, teach nothing. */
  read(prefix: string, p: IpPacket, nowMs: number): Seen[] {
    if (prefix === LOGGED.request)
      return p.proto === 'udp' ? this.#udp.request(p, nowMs) : this.#http.request(p, nowMs);
    if (prefix === LOGGED.held) return this.#held(p, nowMs);
    if (prefix === LOGGED.dht) return this.#dht.query(p, nowMs);
    if (prefix === LOGGED.get) return this.#http.get(p, nowMs);
    if (prefix === LOGGED.scrape) return this.#udp.scrape(p);
    if (prefix === LOGGED.handshake) return handshake(p);
    if (prefix === LOGGED.lsd) return lsd(p);
    if (prefix === LOGGED.qvodUdp)
      return qvodDatagram(p.payload) === 'handshake' ? this.#passing.passed(p, 'qvod') : [];
    if (prefix === LOGGED.delivery) return this.#passing.passed(p, 'ms-do');
    return [];
  }

  /** Questions that await their answer. */
  pending(nowMs: number): number {
    return this.#http.pending(nowMs) + this.#udp.pending(nowMs) + this.#dht.pending(nowMs);
  }

  #held(p: IpPacket, nowMs: number): Seen[] {
    if (p.proto === 'tcp') return this.#http.answer(p, nowMs);
    return p.payload[0] === DICTIONARY ? this.#dht.answer(p, nowMs) : this.#udp.answer(p, nowMs);
  }
}

function handshake(p: IpPacket): Seen[] {
  if (p.payload.length < HANDSHAKE_BYTES) return [];
  const plain = parseHandshake(p.payload);
  const h = plain.kind === 'ok' ? plain : parseQvodHandshake(p.payload);
  if (h.kind === 'bad') return [];
  const from = h === plain ? 'plain-handshake' : 'qvod-handshake';
  return learned({ client: p.src, infoHash: h.value.infoHash, endpoints: [destination(p)].filter(usable), from });
}

function lsd(p: IpPacket): Seen[] {
  const read = parseLsd(p.payload);
  if (read.kind === 'bad') return [];
  const { infoHashes, cookie } = read.value;
  return infoHashes.map((infoHash) => takesPart(p.src, infoHash, 'lsd', { lsd: { cookie } }));
}
