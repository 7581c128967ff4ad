import { isIPv4 } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { markToLan } from '#kernel/lane.ts';
import { LSD_PORT } from '#wire/lsd.ts';
import { dhtChain, LOGGED, learnRules, learnSets, optOutRules, optOutSet } from './learn-rules.ts';
import { LIMITS } from './limits.ts';
import { FAMILIES, type Family, type RuleSettings } from './rule-settings.ts';
import { taggedChains, taggedInput } from './tagged-rules.ts';

/**
 * The owned half of the steering: nftables text. The tables carry `flags owner`, so the kernel removes them when the
 * daemon's netlink socket closes, however the daemon ends. The persistent half (the bridge script) is harmless alone.
 *
 * A SYN from the LAN to a steered endpoint is diverted: its destination MAC becomes the bridge's own, so that the frame
 * goes up to the local stack, where tproxy hands it to the listener. Packets of a diverted flow follow it by set lookup,
 * both ways. Everything else is bridged by the kernel and never touched.
 */

/** Its family is `bridge`. */
export const TABLE_NAME = 'swarmbox';
const TABLE = `bridge ${TABLE_NAME}`;
/** "Hand this frame to the local stack": the twelve bits of a mark below the VLAN. */
const MARK_DIVERT = markToLan();
const MARK_BITS = '0xfff';
const SYN = 'tcp flags & (fin|syn|rst|ack) == syn';
const NOT_SYN = 'tcp flags & (fin|syn|rst|ack) != syn';

/** `passed`: pairs of a client and an endpoint that are left alone although the endpoint is steered for others. */
const sets = ({ n, type }: Family): string => `
  set peers${n} { type ${type} . inet_service; flags timeout; size 262144; }
  set passed${n} { type ${type} . ${type} . inet_service; flags timeout; size 65536; }
  set flows${n} { type mark . ${type} . inet_service . ${type} . inet_service; flags dynamic,timeout; timeout 10m; size 65536; }`;

/** Counter of flows that pass because the box has no room for them. */
export const RESTED = 'rested';

/** Diverted flows: they stay diverted whatever the dead-man switch and `room` say. */
const flowRules = ({ n, ip }: Family, s: RuleSettings): string => {
  const out = `meta mark . ${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
  const back = `meta mark . ${ip} daddr . tcp dport . ${ip} saddr . tcp sport`;
  return `
    iifname "${s.lan}" ${NOT_SYN} ${out} @flows${n} update @flows${n} { ${out} } goto divert
    iifname "${s.wan}" ${back} @flows${n} update @flows${n} { ${back} } goto divert`;
};

const toSteered = ({ n, ip }: Family, l4: string): string =>
  `${ip} daddr . ${l4} dport @peers${n} ${ip} saddr . ${ip} daddr . ${l4} dport != @passed${n}`;

/**
 * A SYN begins a flow anew, and where that goes is decided anew: what comes back must not follow an earlier one to the box. So a SYN that the
 * box did not answer in time is repeated by the client, passes when nothing is steered any more, and reaches its peer.
 */
const beginRules = ({ n, ip }: Family, s: RuleSettings): string => {
  const flow = `meta mark . ${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
  return `
    iifname "${s.lan}" ${SYN} ${flow} @flows${n} delete @flows${n} { ${flow} }`;
};

/** A SYN to a steered endpoint is diverted while there is room: each look into that set takes one place of it. What is left over passes, counted. */
const steerRules = (f: Family, s: RuleSettings): string => {
  const { n, ip } = f;
  const flow = `meta mark . ${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
  return `
    iifname "${s.lan}" ${SYN} ${toSteered(f, 'tcp')} iifname @room update @flows${n} { ${flow} } goto divert
    iifname "${s.lan}" ${SYN} ${toSteered(f, 'tcp')} counter name ${RESTED}`;
};

/**
 * A bare uTP SYN (BEP 29: 20 bytes, type 4, version 1) to a steered endpoint is dropped and answered with a reset, so that the client
 * comes back over TCP. One with extension bits (30 bytes) is let through: that is Transmission 3.00, which falls back to TCP, hangs up
 * before it has said a word, and shuns the peer for a quarter of an hour.
 */
const utpRules = (f: Family, s: RuleSettings): string => `
    iifname "${s.lan}" udp length 28 @th,64,8 0x41 ${toSteered(f, 'udp')} log prefix "${LOGGED.utp}" group ${s.logGroup} drop`;

/** So many packets match, and then none: the next one would after a week. */
const places = (count: number): string => `limit rate 1/week burst ${count} packets`;

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
  set armed { type ifname; flags timeout; }
  set room { type ifname; flags timeout; ${places(1)}; }
  counter ${RESTED} { }${FAMILIES.map((f) => sets(f) + learnSets(f) + optOutSet(f, s)).join('')}
  chain divert {
    counter meta mark set meta mark | ${MARK_DIVERT} meta pkttype set host ether daddr set ${s.bridgeMac} accept
  }${taggedChains(s.vlans)}
  chain pre {
    type filter hook prerouting priority -300; policy accept;${lanOnly(s).input}${taggedInput}
    meta l4proto != { tcp, udp } accept${both(flowRules, s)}${both(beginRules, s)}${both(optOutRules, s)}${both(steerRules, s)}
    iifname != @armed accept${both(utpRules, s)}${both(learnRules, s)}
  }${FAMILIES.map((f) => dhtChain(f, s)).join('')}${lanOnly(s).chain}
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

/** Refreshes the dead-man switch: answers are held only while it is there, and SYNs steered, no more than `room` until the next time. */
export const arm = (s: RuleSettings, room: number): string => {
  const timeout = ` timeout ${LIMITS.armedForMs}ms`;
  const armed = refresh('armed', `"${s.lan}"${timeout}, "${s.wan}"${timeout}`);
  const noRoom = `flush set ${TABLE} room\n`;
  return armed + noRoom + (room > 0 ? add('room', `"${s.lan}" ${places(room)}${timeout}`) : '');
};

export const disarm = (): string => `flush set ${TABLE} armed\nflush set ${TABLE} room\n`;

const element = (e: Endpoint): string => `${e.ip} . ${e.port}`;
const split = (endpoints: readonly Endpoint[]): [string, Endpoint[]][] => [
  ['peers4', endpoints.filter((e) => isIPv4(e.ip))],
  ['peers6', endpoints.filter((e) => !isIPv4(e.ip))],
];

const add = (set: string, elements: string): string => `add element ${TABLE} ${set} { ${elements} }\n`;
/** Adding first makes the deletion succeed whether or not the element is there. */
const remove = (set: string, elements: string): string =>
  `${add(set, elements)}delete element ${TABLE} ${set} { ${elements} }\n`;

/** The kernel forgets an endpoint before the worker does: what is new to the worker is new to the kernel. */
const STEER_MS = LIMITS.steerForMs - 5_000;
const timed = (endpoints: readonly Endpoint[]): string =>
  endpoints.map((e) => `${element(e)} timeout ${STEER_MS}ms`).join(', ');

/** All endpoints must be distinct. Renewing costs three times as much as adding. */
export const steer = (added: readonly Endpoint[], renewed: readonly Endpoint[]): string =>
  [...split(added).map(([set, list]) => list.length > 0 && add(set, timed(list)))]
    .concat(split(renewed).map(([set, list]) => list.length > 0 && refresh(set, timed(list))))
    .filter(Boolean)
    .join('');

const passedSet = (client: string): string => (isIPv4(client) ? 'passed4' : 'passed6');

/** This client's flows to the endpoint go over the bridge. */
export const pass = (client: string, endpoint: Endpoint, forMs: number): string =>
  refresh(passedSet(client), `${client} . ${element(endpoint)} timeout ${forMs}ms`);

const askSet = (client: Endpoint): string => (isIPv4(client.ip) ? 'asks4' : 'asks6');
const flowElement = (client: Endpoint, server: Endpoint): string => `${element(client)} . ${element(server)}`;

/** Holds what comes back on an HTTP tracker's flow from now on. */
export const hold = (client: Endpoint, server: Endpoint): string =>
  refresh(askSet(client), `${flowElement(client, server)} timeout ${LIMITS.trackerFlowForMs}ms`);

export const stopHolding = (client: Endpoint, server: Endpoint): string =>
  remove(askSet(client), flowElement(client, server));

/** Fails when the endpoint is not in the kernel's set. */
export const isSteered = (endpoint: Endpoint): string =>
  `get element ${TABLE} ${isIPv4(endpoint.ip) ? 'peers4' : 'peers6'} { ${element(endpoint)} }\n`;

/** Fails when the pair is not in the kernel's set. */
export const isPassed = (client: string, endpoint: Endpoint): string =>
  `get element ${TABLE} ${passedSet(client)} { ${client} . ${element(endpoint)} }\n`;
