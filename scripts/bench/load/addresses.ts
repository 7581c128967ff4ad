import { randomInt } from 'node:crypto';

const PER_NETWORK = 254;

/**
 * Loopback addresses to connect from, a fresh one each: a peer may not have noticed yet that the connections of an earlier
 * load are gone, and keeps one for each address. 127.0.x.x is left to the servers.
 */
export function addresses(count: number): string[] {
  const first = randomInt(256, 65_536 - Math.ceil(count / PER_NETWORK));
  return Array.from({ length: count }, (_, i) => {
    const network = first + Math.floor(i / PER_NETWORK);
    return `127.${network >> 8}.${network & 255}.${(i % PER_NETWORK) + 1}`;
  });
}
