import { isIPv6 } from 'node:net';
import { plainIp } from '#base/endpoint.ts';

/**
 * The sender behind an address: IPv4 as it is; of IPv6 the first 64 bits, as a machine has all addresses of its network to itself
 * (RFC 8981). What is no address (a unix socket has none) is one sender.
 */
export function addressKey(address: string): string {
  const ip = plainIp(address);
  if (!isIPv6(ip)) return ip;
  const [head = '', tail] = ip.split('::');
  const front = head === '' ? [] : head.split(':');
  // Dotted digits at the end stand for two groups, and are never among the first four.
  const back = tail === undefined || tail === '' ? [] : tail.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: gap }, () => '0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
