import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** See AddressSettings of the admin contract. */
export type AddressSettings =
  | { readonly kind: 'none' }
  | { readonly kind: 'dhcp'; readonly vlan?: number }
  | {
      readonly kind: 'static';
      readonly addresses: readonly string[];
      readonly gateways: readonly string[];
      readonly dns: readonly string[];
      readonly vlan?: number;
    };

/** See FieldProblem of the admin contract. */
export type AddressProblem = {
  readonly path: string;
  readonly code: string;
  readonly detail?: Readonly<Record<string, string | number>>;
};

type Network = { readonly ip: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' };

/** What nobody can be reached at: unspecified, loopback, multicast, broadcast and what is kept for later. */
const NOBODY = new BlockList();
for (const [net, bits, family] of [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
] as const)
  NOBODY.addSubnet(net, bits, family);
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');

const ADDRESSES_MAX = 8;
const GATEWAYS_MAX = 2;
const DNS_MAX = 4;

/** What is wrong with an address as it was sent; nothing: it can be tried. */
export function addressProblems(settings: AddressSettings): AddressProblem[] {
  const found: AddressProblem[] = [];
  if (settings.kind !== 'none' && settings.vlan !== undefined && !isVlan(settings.vlan))
    found.push({ path: 'vlan', code: 'wrong-format' });
  if (settings.kind !== 'static') return found;
  const { addresses, gateways, dns } = settings;
  for (const [path, list, least, most] of [
    ['addresses', addresses, 1, ADDRESSES_MAX],
    ['gateways', gateways, 0, GATEWAYS_MAX],
    ['dns', dns, 0, DNS_MAX],
  ] as const) {
    if (list.length < least) found.push({ path, code: 'too-few', detail: { least } });
    if (list.length > most) found.push({ path, code: 'too-many', detail: { most } });
  }
  if (found.length > 0) return found;
  const nets = addresses.map(networkOf);
  for (const [i, net] of nets.entries()) {
    const path = `addresses.${i}`;
    if (!net) found.push({ path, code: 'wrong-format' });
    else if (NOBODY.check(net.ip, net.family) || isEdge(net)) found.push({ path, code: 'conflict' });
    else if (nets.slice(0, i).some((other) => other && isSame(other, net))) found.push({ path, code: 'not-unique' });
  }
  for (const [i, gateway] of gateways.entries()) {
    const path = `gateways.${i}`;
    const family = familyOf(gateway);
    if (!family) found.push({ path, code: 'wrong-format' });
    else if (NOBODY.check(gateway, family)) found.push({ path, code: 'conflict' });
    else if (gateways.slice(0, i).some((other) => familyOf(other) === family)) found.push({ path, code: 'not-unique' });
    else if (nets.some((net) => net && isSame(net, { ip: gateway }))) found.push({ path, code: 'conflict' });
    else if (!isNear(gateway, family, nets)) found.push({ path, code: 'conflict', detail: { outside: gateway } });
  }
  for (const [i, server] of dns.entries()) {
    const path = `dns.${i}`;
    const family = familyOf(server);
    if (!family) found.push({ path, code: 'wrong-format' });
    else if (NOBODY.check(server, family)) found.push({ path, code: 'conflict' });
    else if (dns.slice(0, i).some((other) => isSame({ ip: other }, { ip: server })))
      found.push({ path, code: 'not-unique' });
  }
  return found;
}

const isVlan = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= 4094;
/** An address without a zone: it goes into a file of networkd's. One of IPv4 in IPv6's clothes is neither. */
const familyOf = (ip: string): 'ipv4' | 'ipv6' | undefined =>
  isIPv4(ip) ? 'ipv4' : isIPv6(ip) && !ip.includes('%') && !/^\[::ffff:/.test(plain(ip)) ? 'ipv6' : undefined;

export function networkOf(text: string): Network | undefined {
  const [, ip = '', length = ''] = /^([0-9A-Fa-f:.]{2,45})\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(ip);
  const bits = Number(length);
  // A length of 0 would be the whole world.
  return family && bits >= 1 && bits <= (family === 'ipv4' ? 32 : 128) ? { ip, bits, family } : undefined;
}

const isSame = (a: { readonly ip: string }, b: { readonly ip: string }): boolean => plain(a.ip) === plain(b.ip);

/** One spelling of each. */
function plain(ip: string): string {
  if (!ip.includes(':')) return ip;
  try {
    return new URL(`http://[${ip}]/`).hostname;
  } catch {
    return ip;
  }
}

/** The network's own address, or its broadcast (RFC 3021: a /31 has neither). */
function isEdge({ ip, bits, family }: Network): boolean {
  if (family === 'ipv6' || bits >= 31) return false;
  const host = 2 ** (32 - bits);
  const at = ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0) % host;
  return at === 0 || at === host - 1;
}

function isNear(gateway: string, family: 'ipv4' | 'ipv6', nets: readonly (Network | undefined)[]): boolean {
  // A router of IPv6 is usually named by its address on the link.
  if (family === 'ipv6' && LINK_LOCAL.check(gateway, family)) return true;
  return nets.some((net) => {
    if (net?.family !== family) return false;
    const list = new BlockList();
    list.addSubnet(net.ip, net.bits, family);
    return list.check(gateway, family);
  });
}
