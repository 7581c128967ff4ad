import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Endpoint } from './endpoint.ts';

/** IANA special-purpose address registries (RFC 6890), as far as nobody out there can be reached by them. */
const NOT_PUBLIC: readonly (readonly [net: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 8],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
];

// A list for each family: in one, IPv4 addresses would fall under `::/8` as the mapped ones that they are not.
const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [net, bits] of NOT_PUBLIC) {
  const family = isIPv4(net) ? 'ipv4' : 'ipv6';
  lists[family].addSubnet(net, bits, family);
}

/**
 * An address that means the same everywhere. What strangers name must be such: else they could have the box dial machines
 * of the LAN, or steer traffic between neighbours.
 */
export const isPublicIp = (ip: string): boolean =>
  isIPv4(ip) ? !lists.ipv4.check(ip, 'ipv4') : isIPv6(ip) && !lists.ipv6.check(ip, 'ipv6');

/** Ports below are the well-known services' (RFC 6335): no peer listens there by default, and much else does. */
const FIRST_PEER_PORT = 1024;

/** Whether to believe a stranger that names this endpoint as a peer of some torrent. */
export const isLikelyPeer = ({ ip, port }: Endpoint): boolean => port >= FIRST_PEER_PORT && isPublicIp(ip);
