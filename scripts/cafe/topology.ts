/**
 * The cafe's machines and cables:
 *
 *     seed1.. -- inet ==(shaped)== router -- wan0 [box] lan0 -- switch -- pc1..pcN
 *
 * The internet and the router speak IPv4 and IPv6 (documentation prefixes, RFC 5737 and 3849); what a PC speaks is chosen.
 */
import { join } from 'node:path';
import { type Net, type Place, words } from './net.ts';

export const TRACKER_IP = '198.51.100.10';
export const SERVER_IP = '198.51.100.20';
export const SEED_NET = '203.0.113';
export const BOX_IP = '192.168.77.2';
const LAN_NET = '192.168.77';
const ROUTER_LAN_IP = `${LAN_NET}.1`;
const ROUTER_WAN_IP = '192.0.2.2';

export const TRACKER_IP6 = '2001:db8:10::10';
export const SERVER_IP6 = '2001:db8:10::20';
/** The bridge's own, with `boxIp6`: the box serves without it, but who answers neighbours needs one. */
export const BOX_IP6 = '2001:db8:77::2';
const SEED_NET6 = '2001:db8:113::';
const LAN_NET6 = '2001:db8:77::';
const TRANSIT_NET6 = '2001:db8:2::';

export const seedIp = (number: number): string => `${SEED_NET}.${10 + number}`;
export const seedIp6 = (number: number): string => `${SEED_NET6}${10 + number}`;
export const pcIp = (number: number, lan?: Lan): string => `${lan?.net ?? LAN_NET}.${100 + number}`;
export const pcIp6 = (number: number): string => `${LAN_NET6}${100 + number}`;

/** The addresses that a machine has. */
export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

/** A LAN beside the usual one on the same wire: its first three numbers (a /24), and its VLAN where its frames are tagged. */
export type Lan = { readonly net: string; readonly vlan?: number };

export type Topology = {
  readonly net: Net;
  readonly inet: Place;
  readonly router: Place;
  readonly box: Place;
  readonly lanSwitch: Place;
  readonly seeds: readonly Place[];
  readonly pcs: readonly Place[];
};

/**
 * As in a real cafe: PCs go out under the router's IPv4 address and under their own IPv6 ones, and nobody outside can dial
 * them. Counts what comes in for each PC, but not what DHT nodes say (it begins with a d): aria2 asks such near ones thousands of
 * times a second. Nobody outside knows names, and who asks is told so every time: a libtorrent that is not waits for the answer before it ends, five seconds
 * after it began.
 */
const ROUTER_RULES = `
table ip cafe {
  chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
}
table inet cafe {
  set down4 { type ipv4_addr; size 256; flags dynamic; counter; }
  set down6 { type ipv6_addr; size 256; flags dynamic; counter; }
  chain count {
    meta l4proto udp @th,64,8 0x64 return
    update @down4 { ip daddr }
    update @down6 { ip6 daddr }
  }
  chain in { type filter hook forward priority filter; policy accept;
    oifname "wan" udp dport 53 reject
    iifname "wan" jump count
    iifname "wan" ct state established,related accept
    iifname "wan" drop
  }
}`;

/** A line of `mbit`, with a queue of a tenth of a second: a modem's, not a fault's. */
async function shape(place: Place, device: string, mbit: number): Promise<void> {
  await place.wireSized(device);
  const burst = Math.max(16, Math.ceil((mbit * 1e6) / 8 / 250 / 1024)); // KiB, what a tick of 4 ms lets through
  await place.run(words(`tc qdisc replace dev ${device} root tbf rate ${mbit}mbit burst ${burst}kb latency 100ms`));
}

async function internet(net: Net, seedCount: number): Promise<{ inet: Place; seeds: Place[] }> {
  const inet = await net.add('inet');
  await inet.ip(
    'link add isp type bridge forward_delay 0 mcast_snooping 0',
    `addr add ${SEED_NET}.1/24 dev isp`,
    'link set isp up',
    `addr add ${TRACKER_IP}/32 dev lo`,
    `addr add ${SERVER_IP}/32 dev lo`,
    `addr add ${SEED_NET6}1/64 dev isp nodad`,
    `addr add ${TRACKER_IP6}/128 dev lo`,
    `addr add ${SERVER_IP6}/128 dev lo`,
  );
  await inet.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  const seeds: Place[] = [];
  for (let n = 1; n <= seedCount; n++) {
    const seed = await net.add(`seed${n}`);
    await net.cable(seed, 'eth0', inet, `seed${n}`);
    await inet.ip(`link set seed${n} master isp`);
    await seed.ip(
      `addr add ${seedIp(n)}/24 dev eth0`,
      `route add default via ${SEED_NET}.1`,
      `addr add ${seedIp6(n)}/64 dev eth0 nodad`,
      `route add ::/0 via ${SEED_NET6}1`,
    );
    await seed.wireSized('eth0');
    seeds.push(seed);
  }
  return { inet, seeds };
}

async function router(net: Net, inet: Place, wanMbit: number): Promise<Place> {
  const place = await net.add('router');
  await net.cable(inet, 'cafe', place, 'wan');
  await inet.ip(
    'addr add 192.0.2.1/24 dev cafe',
    `addr add ${TRANSIT_NET6}1/64 dev cafe nodad`,
    `route add ${LAN_NET6}/64 via ${TRANSIT_NET6}2`,
  );
  await place.ip(
    `addr add ${ROUTER_WAN_IP}/24 dev wan`,
    'route add default via 192.0.2.1',
    `addr add ${TRANSIT_NET6}2/64 dev wan nodad`,
    `route add ::/0 via ${TRANSIT_NET6}1`,
  );
  await shape(inet, 'cafe', wanMbit);
  await shape(place, 'wan', wanMbit);
  await place.sysctl('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.icmp_ratelimit=0');
  await place.run(['nft', '-f', '-'], ROUTER_RULES);
  return place;
}

async function boxAndSwitch(net: Net, wan: Place, o: TopologyOptions): Promise<{ box: Place; lanSwitch: Place }> {
  const box = await net.add('box');
  await net.cable(wan, 'lan', box, 'wan0');
  await wan.ip(`addr add ${ROUTER_LAN_IP}/24 dev lan`, `addr add ${LAN_NET6}1/64 dev lan nodad`);
  await wan.wireSized('lan');
  const lanSwitch = await net.add('switch');
  await lanSwitch.ip('link add sw type bridge forward_delay 0 mcast_snooping 0', 'link set sw up');
  await net.cable(lanSwitch, 'box', box, 'lan0');
  await lanSwitch.ip('link set box master sw');
  const up = [join(o.root, 'firmware/network/bridge-up.sh'), 'lan0', 'wan0', 'br0'];
  await box.run(['env', `VLANS=${(o.vlans ?? []).join(' ')}`, ...up]);
  await box.wireSized('wan0');
  await box.ip(`addr add ${BOX_IP}/24 dev br0`, `route add default via ${ROUTER_LAN_IP}`);
  if (o.boxIp6) await box.ip(`addr add ${BOX_IP6}/64 dev br0 nodad`, `route replace ::/0 via ${LAN_NET6}1`);
  return { box, lanSwitch };
}

/** Where a machine stands in a LAN: the device that carries the LAN's address. Made here where frames are tagged. */
async function deviceIn(place: Place, device: string, { vlan }: Lan): Promise<string> {
  if (vlan === undefined) return device;
  const tagged = `${device}.${vlan}`;
  const there = (await place.run(['ls', '/sys/class/net'])).split('\n').includes(tagged);
  if (!there) await place.ip(`link add link ${device} name ${tagged} type vlan id ${vlan}`, `link set ${tagged} up`);
  return tagged;
}

type Pc = { readonly number: number; readonly has: readonly Family[]; readonly lan: Lan; readonly alone: boolean };

async function addPc(net: Net, { number, has, lan, alone }: Pc, lanSwitch: Place, wan: Place): Promise<Place> {
  const pc = await net.add(`pc${number}`);
  await net.cable(pc, 'eth0', lanSwitch, `pc${number}`);
  await lanSwitch.ip(`link set pc${number} master sw`);
  if (alone) await lanSwitch.run(words(`bridge link set dev pc${number} isolated on`));
  if (has.includes('ipv4')) await wan.ip(`addr replace ${lan.net}.1/24 dev ${await deviceIn(wan, 'lan', lan)}`);
  await giveAddresses(pc, await deviceIn(pc, 'eth0', lan), number, has, lan);
  if (!has.includes('ipv6')) await pc.sysctl('net.ipv6.conf.eth0.disable_ipv6=1');
  return pc;
}

async function giveAddresses(pc: Place, device: string, n: number, has: readonly Family[], lan: Lan): Promise<void> {
  if (has.includes('ipv4'))
    await pc.ip(`addr add ${pcIp(n, lan)}/24 dev ${device}`, `route add default via ${lan.net}.1`);
  // As a PC does that finds no IPv4 router (RFC 3927). With no such address at all, aria2 and Transmission bind nothing.
  else await pc.ip(`addr add 169.254.1.${n}/16 dev ${device}`);
  if (has.includes('ipv6'))
    await pc.ip(`addr add ${pcIp6(n)}/64 dev ${device} nodad`, `route replace ::/0 via ${LAN_NET6}1`);
}

/** A PC of the usual LAN gets the addresses of PC `number`, up to 150, and its own go: to the box it is another one. */
export async function readdress(pc: Place, number: number, has: readonly Family[]): Promise<void> {
  await pc.ip('addr flush dev eth0 scope global');
  await giveAddresses(pc, 'eth0', number, has, { net: LAN_NET });
}

export type TopologyOptions = {
  readonly wanMbit: number;
  readonly seeders: number;
  /** What each PC speaks, PC 1 first. */
  readonly pcs: readonly (readonly Family[])[];
  /** The switch lets no PC reach another one, as many cafes do. */
  readonly isolatePcs: boolean;
  readonly boxIp6: boolean;
  readonly root: string;
  /** The LAN of PC 1, 2, ..; none: the usual one. */
  readonly lans?: readonly (Lan | undefined)[];
  /** VLANs that the box is told to serve. */
  readonly vlans?: readonly number[];
};

/** On failure the caller closes `net`: what was made so far is known to it. */
export async function buildTopology(net: Net, o: TopologyOptions): Promise<Topology> {
  const { inet, seeds } = await internet(net, o.seeders);
  const wan = await router(net, inet, o.wanMbit);
  const { box, lanSwitch } = await boxAndSwitch(net, wan, o);
  const pcs: Place[] = [];
  for (const [i, has] of o.pcs.entries()) {
    const pc = { number: i + 1, has, lan: o.lans?.[i] ?? { net: LAN_NET }, alone: o.isolatePcs };
    pcs.push(await addPc(net, pc, lanSwitch, wan));
  }
  return { net, inet, router: wan, box, lanSwitch, seeds, pcs };
}

/** Bytes that the router has brought in from the line for each PC, by its address; a PC that got none is absent. */
export async function bytesFromLine(router: Place): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  for (const set of ['down4', 'down6']) {
    const listed = JSON.parse(await router.run(['nft', '-j', 'list', 'set', 'inet', 'cafe', set])) as Listed;
    for (const { elem } of listed.nftables.find((n) => n.set)?.set?.elem ?? []) bytes.set(elem.val, elem.counter.bytes);
  }
  return bytes;
}

type Listed = {
  nftables: { set?: { elem?: { elem: { val: string; counter: { bytes: number } } }[] } }[];
};
