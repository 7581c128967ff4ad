import { isIPv4 } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { markToLan } from '#kernel/lane.ts';
import { LSD_GROUP, LSD_PORT } from '#wire/lsd.ts';
import { LIMITS } from './limits.ts';
import { taggedChains, taggedInput } from './tagged-rules.ts';

/**
 * The owned half of the steering: nftables text. The tables carry `flags owner`, so the kernel removes them when the
 * daemon's netlink socket closes, however the daemon ends. The persistent half (the bridge script) is harmless alone.
 *
 * A SYN from the LAN to a steered endpoint is diverted: its destination MAC becomes the bridge's own, so that the frame
 * goes up to the local stack, where tproxy hands it to the listener. Packets of a diverted flow follow it by set lookup,
 * both ways. Everything else is bridged by the kernel and never touched.
 */

export type RuleSettings = {
  readonly lan: string;
  readonly wan: string;
  /** 802.1Q ids whose clients are served; the bridge has a device for each. */
  readonly vlans: readonly number[];
  /** The bridge's own MAC address. */
  readonly bridgeMac: string;
  readonly listenPort: number;
  /** TCP port at which the box is a neighbour of its clients; undefined when it is none. */
  readonly localPort?: number;
  readonly logGroup: number;
};

/** Prefixes of logged packets: which rule selected them. */
export const LOGGED = {
  request: 'request',
  held: 'held',
  handshake: 'handshake',
  lsd: 'lsd',
  utp: 'utp',
  qvodUdp: 'qvod-udp',
  delivery: 'ms-do',
} as const;

const TABLE = 'bridge swarmbox';
/** "Hand this frame to the local stack": the twelve bits of a mark below the VLAN. */
const MARK_DIVERT = markToLan();
const MARK_BITS = '0xfff';
const GET_ANNOUNCE = `0x${Buffer.from('GET /announce').toString('hex')}`;
const BT_HANDSHAKE = `0x${Buffer.from('\x13BitTorrent prot', 'latin1').toString('hex')}`;
const QVOD_HANDSHAKE = `0x${Buffer.from('\x13QVOD protocol', 'latin1').toString('hex')}`;
/** Behind UDP's own header, Qvod's of 13 bytes and the name's length: bit 8 * (8 + 13 + 1). */
const QVOD_NAME = `0x${Buffer.from('QVOD protocol').toString('hex')}`;
const DELIVERY_HANDSHAKE = `0x${Buffer.from('\x0eSwarm protocol', 'latin1').toString('hex')}`;
/** Of what only passes, a few are enough to say so. */
const A_FEW = 'limit rate 20/second';
/** BEP 15 connect request: the protocol id that every client must send. */
const UDP_TRACKER_MAGIC = '0x41727101980';
const SYN = 'tcp flags & (fin|syn|rst|ack) == syn';
const NOT_SYN = 'tcp flags & (fin|syn|rst|ack) != syn';

type Family = { readonly n: '4' | '6'; readonly ip: 'ip' | 'ip6'; readonly type: string; readonly lsd: string };
const FAMILIES: readonly Family[] = [
  { n: '4', ip: 'ip', type: 'ipv4_addr', lsd: LSD_GROUP[4] },
  { n: '6', ip: 'ip6', type: 'ipv6_addr', lsd: LSD_GROUP[6] },
];

const sets = ({ n, type }: Family): string => {
  const flow = `${type} . inet_service . ${type} . inet_service`;
  const seconds = LIMITS.trackerFlowForMs / 1000;
  return `
  set peers${n} { type ${type} . inet_service; flags timeout; size 262144; }
  set flows${n} { type mark . ${flow}; flags dynamic,timeout; timeout 10m; size 65536; }
  set asks${n} { type ${flow}; flags dynamic,timeout; timeout ${seconds}s; size 8192; }
  set udpasks${n} { type ${flow}; flags dynamic,timeout; timeout 2m; size 8192; }`;
};

/** Diverted flows: they stay diverted whatever the dead-man switch says. */
const flowRules = ({ n, ip }: Family, s: RuleSettings): string => {
  const out = `meta mark . ${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
  const back = `meta mark . ${ip} daddr . tcp dport . ${ip} saddr . tcp sport`;
  return `
    iifname "${s.lan}" ${NOT_SYN} ${out} @flows${n} update @flows${n} { ${out} } goto divert
    iifname "${s.wan}" ${back} @flows${n} update @flows${n} { ${back} } goto divert`;
};

/**
 * An announce is let through and noted; the answer is held (logged and dropped), read, and sent on by the daemon once
 * the peers that it names are steered. Only then can the client dial them. TCP would repeat a lost answer by itself.
 */
const learnRules = ({ n, ip, lsd }: Family, s: RuleSettings): string => {
  const out = (l4: string) => `${ip} saddr . ${l4} sport . ${ip} daddr . ${l4} dport`;
  const back = (l4: string) => `${ip} daddr . ${l4} dport . ${ip} saddr . ${l4} sport`;
  const log = (prefix: string) => `log prefix "${prefix}" group ${s.logGroup}`;
  return `
    iifname "${s.lan}" ${SYN} ${ip} daddr . tcp dport @peers${n} update @flows${n} { meta mark . ${out('tcp')} } goto divert
    iifname "${s.lan}" meta l4proto tcp @ih,0,104 ${GET_ANNOUNCE} update @asks${n} { ${out('tcp')} } ${log(LOGGED.request)} accept
    iifname "${s.wan}" ${back('tcp')} @asks${n} ${log(LOGGED.held)} drop
    iifname "${s.lan}" meta l4proto tcp @ih,0,128 ${BT_HANDSHAKE} ${ip} version ${n} ${log(LOGGED.handshake)} accept
    iifname "${s.lan}" meta l4proto tcp @ih,0,112 ${QVOD_HANDSHAKE} ${ip} version ${n} ${log(LOGGED.handshake)} accept
    iifname "${s.lan}" ${ip} version ${n} tcp dport 7680 @ih,0,120 ${DELIVERY_HANDSHAKE} ${A_FEW} ${log(LOGGED.delivery)} accept
    iifname "${s.lan}" ${ip} version ${n} udp length >= 89 @th,176,104 ${QVOD_NAME} ${A_FEW} ${log(LOGGED.qvodUdp)} accept
    iifname "${s.lan}" udp length 24 @th,64,64 ${UDP_TRACKER_MAGIC} update @udpasks${n} { ${out('udp')} } accept
    iifname "${s.lan}" udp length >= 106 ${out('udp')} @udpasks${n} ${log(LOGGED.request)} accept
    iifname "${s.wan}" udp length >= 28 ${back('udp')} @udpasks${n} @th,64,32 1 ${log(LOGGED.held)} drop
    iifname "${s.lan}" ${ip} daddr ${lsd} udp dport ${LSD_PORT} ${log(LOGGED.lsd)} accept`;
};

/**
 * A bare uTP SYN (BEP 29: 20 bytes, type 4, version 1) to a steered endpoint is dropped and answered with a reset, so that
 * the client comes back over TCP. One with extension bits (30 bytes) is let through: that is Transmission 3.00, which
 * falls back to TCP, hangs up before it has said a word, and shuns the peer for a quarter of an hour. IPv4 only, as the
 * reset is: dropping alone would cost seconds.
 */
const utpRule = (s: RuleSettings): string => `
    iifname "${s.lan}" udp length 28 @th,64,8 0x41 ip daddr . udp dport @peers4 log prefix "${LOGGED.utp}" group ${s.logGroup} drop`;

const both = (rules: (f: Family, s: RuleSettings) => string, s: RuleSettings): string =>
  FAMILIES.map((f) => rules(f, s)).join('');

/**
 * The box is a neighbour to the LAN alone: the router's side can neither open a connection to it nor hear it announce
 * itself. First of all rules, tagged frames included, and whether or not anything is steered.
 */
const lanOnly = (s: RuleSettings): { input: string; chain: string } =>
  s.localPort === undefined
    ? { input: '', chain: '' }
    : {
        input: `
    iifname "${s.wan}" ether daddr ${s.bridgeMac} tcp flags & (syn|ack) == syn tcp dport ${s.localPort} drop`,
        chain: `
  chain own {
    type filter hook output priority 0; policy accept;
    oifname "${s.wan}" udp dport ${LSD_PORT} drop
  }`,
      };

/** The whole owned half, as one transaction. */
export const ownedHalf = (s: RuleSettings): string => `
table ${TABLE} {
  flags owner;
  set armed { type ifname; flags timeout; }${FAMILIES.map(sets).join('')}
  chain divert {
    counter meta mark set meta mark | ${MARK_DIVERT} meta pkttype set host ether daddr set ${s.bridgeMac} accept
  }${taggedChains(s.vlans)}
  chain pre {
    type filter hook prerouting priority -300; policy accept;${lanOnly(s).input}${taggedInput}
    meta l4proto != { tcp, udp } accept${both(flowRules, s)}
    iifname != @armed accept${both(learnRules, s)}${utpRule(s)}
  }${lanOnly(s).chain}
}
table inet swarmbox_listener {
  flags owner;
  chain pre {
    type filter hook prerouting priority -2147483648; policy accept;
    meta mark & ${MARK_BITS} == ${MARK_DIVERT} meta nfproto ipv4 meta l4proto tcp tproxy ip to :${s.listenPort} accept
    meta mark & ${MARK_BITS} == ${MARK_DIVERT} meta nfproto ipv6 meta l4proto tcp tproxy ip6 to :${s.listenPort} accept
  }
}
`;

export const removeOwnedHalf = (): string => `
delete table ${TABLE}
delete table inet swarmbox_listener
`;

/** Old kernels (6.1) do not refresh a present element's time-out by adding it: add, delete, add does on all. */
const refresh = (set: string, elements: string): string => {
  const bare = elements.replaceAll(/ timeout \d+ms/g, '');
  return `add element ${TABLE} ${set} { ${bare} }
delete element ${TABLE} ${set} { ${bare} }
add element ${TABLE} ${set} { ${elements} }
`;
};

/** Refreshes the dead-man switch: SYNs are steered, and answers held, only while it is there. */
export const arm = (s: RuleSettings): string => {
  const timeout = ` timeout ${LIMITS.armedForMs}ms`;
  return refresh('armed', `"${s.lan}"${timeout}, "${s.wan}"${timeout}`);
};

export const disarm = (): string => `flush set ${TABLE} armed\n`;

const element = (e: Endpoint): string => `${e.ip} . ${e.port}`;
const split = (endpoints: readonly Endpoint[]): [string, Endpoint[]][] => [
  ['peers4', endpoints.filter((e) => isIPv4(e.ip))],
  ['peers6', endpoints.filter((e) => !isIPv4(e.ip))],
];

/** Endpoints must be distinct. */
export const steer = (endpoints: readonly Endpoint[], forMs: number): string =>
  split(endpoints)
    .filter(([, list]) => list.length > 0)
    .map(([set, list]) => refresh(set, list.map((e) => `${element(e)} timeout ${forMs}ms`).join(', ')))
    .join('');

/** Adding first makes the deletion succeed whether or not the element is there. */
export const unsteer = (endpoints: readonly Endpoint[]): string =>
  split(endpoints)
    .filter(([, list]) => list.length > 0)
    .map(([set, list]) => {
      const elements = list.map(element).join(', ');
      return `add element ${TABLE} ${set} { ${elements} }\ndelete element ${TABLE} ${set} { ${elements} }\n`;
    })
    .join('');

/** Stops holding what comes back on an HTTP tracker's flow. */
export const stopHolding = (client: Endpoint, server: Endpoint): string => {
  const set = isIPv4(client.ip) ? 'asks4' : 'asks6';
  const flow = `{ ${element(client)} . ${element(server)} }`;
  return `add element ${TABLE} ${set} ${flow}\ndelete element ${TABLE} ${set} ${flow}\n`;
};
