import { isIPv6 } from 'node:net';
import { DELIVERY_NAME } from '#wire/delivery-optimization.ts';
import { PROTOCOL_NAME } from '#wire/handshake.ts';
import { LSD_PORT } from '#wire/lsd.ts';
import { QVOD_NAME } from '#wire/qvod/handshake.ts';
import { LIMITS } from './limits.ts';
import type { Family, RuleSettings } from './rule-settings.ts';

/**
 * The rules that choose what the tap reads. Each selects by bytes at a fixed place, so that the kernel hands over only what
 * may teach something, and the chatter around it costs one comparison.
 */

/** Prefixes of logged packets: which rule selected them. */
export const LOGGED = {
  /** A tracker announce on a flow whose answers are held. */
  request: 'request',
  /** A UDP tracker scrape. */
  scrape: 'scrape',
  /** Any other HTTP request: its beginning, to be searched for an info-hash. */
  get: 'get',
  /** A DHT get_peers or announce_peer of a LAN client. */
  dht: 'dht',
  /** An answer that the kernel has dropped and the daemon must send on. */
  held: 'held',
  handshake: 'handshake',
  lsd: 'lsd',
  utp: 'utp',
  qvodUdp: 'qvod-udp',
  delivery: 'ms-do',
} as const;

const hex = (bytes: string | Uint8Array): string => `0x${Buffer.from(bytes as string, 'latin1').toString('hex')}`;
/** nft reads raw bytes of a UDP datagram from its 8-byte header on, in bits. */
const udpBytes = (offset: number, count: number): string => `@th,${(8 + offset) * 8},${count * 8}`;
const udpText = (offset: number, text: string | Uint8Array): string => `${udpBytes(offset, text.length)} ${hex(text)}`;

const GET_ANNOUNCE = hex('GET /announce');
const GET = hex('GET /');
/** The head that is logged of a request with another path: a request line with room for a passkey and 60 escaped bytes. */
const GET_SNAPLEN = 768;
/** One comparison takes 16 bytes; those of Qvod's name that are not zero will do. */
const BT_HANDSHAKE = hex(PROTOCOL_NAME.subarray(0, 16));
const QVOD_HANDSHAKE = hex(QVOD_NAME.subarray(0, 14));
/** Behind Qvod's header of 13 bytes and the name's length. */
const QVOD_NAME_AT = 14;
const QVOD_TEXT = QVOD_NAME.subarray(1, 14);
const DELIVERY_HANDSHAKE = hex(DELIVERY_NAME);
/** Of what only passes, a few are enough to say so. */
const A_FEW = 'limit rate 20/second';
/** BEP 15 connect request: the protocol id that every client must send. */
const UDP_TRACKER_MAGIC = '0x41727101980';
const DHT_QUERY = 'd1:ad';
const INFO_HASH = '9:info_hash20:';
/**
 * Where `9:info_hash20:` stands in get_peers, whose keys are sorted: after `d1:ad2:id20:` and the id; uTorrent puts `2:bsi1e`
 * before the id and `4:ifpsi1e` after it.
 */
const GET_PEERS_AT = [32, 32 + 7, 32 + 9, 32 + 7 + 9];
/** In announce_peer `12:implied_porti1e` comes between. Without it, it looks like get_peers here, at the cost of one held answer. */
const ANNOUNCE_PEER_AT = [32 + 18, 32 + 7 + 18];

export const learnSets = ({ n, type }: Family): string => {
  const flow = `type ${type} . inet_service . ${type} . inet_service; flags dynamic,timeout`;
  return `
  set asks${n} { ${flow}; timeout ${LIMITS.trackerFlowForMs / 1000}s; size 8192; }
  set udpasks${n} { ${flow}; timeout 2m; size 8192; }
  set dhtasks${n} { ${flow}; timeout ${LIMITS.dhtAskForMs / 1000}s; size 32768; }
  set dhtrate${n} { type ${type}; flags dynamic,timeout; timeout 1m; size 8192; }`;
};

export const optOutSet = ({ n, type }: Family, { optOut }: RuleSettings): string => {
  const own = optOut.filter((network) => isIPv6(network.split('/')[0] as string) === (n === '6'));
  const elements = own.length > 0 ? ` elements = { ${own.join(', ')} }` : '';
  return `
  set optout${n} { type ${type}; flags interval; auto-merge;${elements} }`;
};

/** Who opted out is bridged before any rule that logs, holds or steers. */
export const optOutRules = ({ n, ip }: Family, s: RuleSettings): string => `
    iifname "${s.lan}" ${ip} saddr @optout${n} accept
    iifname "${s.wan}" ${ip} daddr @optout${n} accept`;

/**
 * An announce is let through and noted; the answer is held (logged and dropped), read, and sent on by the daemon once
 * the peers that it names are steered. Only then can the client dial them. TCP would repeat a lost answer by itself.
 */
export const learnRules = ({ n, ip, lsd }: Family, s: RuleSettings): string => {
  const out = (l4: string) => `${ip} saddr . ${l4} sport . ${ip} daddr . ${l4} dport`;
  const back = (l4: string) => `${ip} daddr . ${l4} dport . ${ip} saddr . ${l4} sport`;
  const log = (prefix: string, more = '') => `log prefix "${prefix}" group ${s.logGroup}${more}`;
  const lan = `iifname "${s.lan}"`;
  const wan = `iifname "${s.wan}"`;
  return `
    ${lan} meta l4proto tcp @ih,0,104 ${GET_ANNOUNCE} update @asks${n} { ${out('tcp')} } ${log(LOGGED.request)} accept
    ${lan} meta l4proto tcp @ih,0,40 ${GET} ${ip} version ${n} limit rate ${LIMITS.getsPerS}/second burst ${2 * LIMITS.getsPerS} packets ${log(LOGGED.get, ` snaplen ${GET_SNAPLEN}`)} accept
    ${wan} ${back('tcp')} @asks${n} ${log(LOGGED.held)} drop
    ${lan} meta l4proto tcp @ih,0,128 ${BT_HANDSHAKE} ${ip} version ${n} ${log(LOGGED.handshake)} accept
    ${lan} meta l4proto tcp @ih,0,112 ${QVOD_HANDSHAKE} ${ip} version ${n} ${log(LOGGED.handshake)} accept
    ${lan} ${ip} version ${n} tcp dport 7680 @ih,0,120 ${DELIVERY_HANDSHAKE} ${A_FEW} ${log(LOGGED.delivery)} accept
    ${lan} ${ip} version ${n} udp length >= 89 ${udpText(QVOD_NAME_AT, QVOD_TEXT)} ${A_FEW} ${log(LOGGED.qvodUdp)} accept
    ${lan} udp length 24 @th,64,64 ${UDP_TRACKER_MAGIC} update @udpasks${n} { ${out('udp')} } accept
    ${lan} udp length >= 106 ${udpBytes(8, 4)} 1 ${out('udp')} @udpasks${n} ${log(LOGGED.request)} accept
    ${lan} udp length >= 44 ${udpBytes(8, 4)} 2 ${out('udp')} @udpasks${n} ${log(LOGGED.scrape)} accept
    ${wan} udp length >= 28 ${udpBytes(0, 4)} 1 ${back('udp')} @udpasks${n} ${log(LOGGED.held)} drop
    ${lan} meta l4proto udp ${udpText(0, DHT_QUERY)} ${ip} version ${n} goto dht${n}
    ${wan} meta l4proto udp ${udpText(0, 'd')} ${udpBytes(0, 5)} != ${hex(DHT_QUERY)} ${back('udp')} @dhtasks${n} ${log(LOGGED.held)} drop
    ${lan} ${ip} daddr ${lsd} udp dport ${LSD_PORT} ${log(LOGGED.lsd)} accept`;
};

/**
 * A LAN client's DHT query. Only those that name an info-hash are logged, and what comes back from a node that was asked for
 * peers is held for a while: its answers to pings on the same flow, too, but not its own queries. A client that asks faster
 * than any download does (a crawler) is not listened to.
 */
export const dhtChain = ({ n, ip }: Family, s: RuleSettings): string => {
  const flow = `${ip} saddr . udp sport . ${ip} daddr . udp dport`;
  const rate = `limit rate ${LIMITS.dhtAsksPerS}/second burst ${5 * LIMITS.dhtAsksPerS} packets`;
  const meter = `update @dhtrate${n} { ${ip} saddr ${rate} }`;
  const log = `log prefix "${LOGGED.dht}" group ${s.logGroup} accept`;
  const rules = [
    ...GET_PEERS_AT.map((at) => `${udpText(at, INFO_HASH)} ${meter} update @dhtasks${n} { ${flow} } ${log}`),
    ...ANNOUNCE_PEER_AT.map((at) => `${udpText(at, INFO_HASH)} ${meter} ${log}`),
  ];
  return `
  chain dht${n} {
    ${rules.join('\n    ')}
  }`;
};
