import type { Endpoint } from '#base/endpoint.ts';
import { ipBytes, ipv4Text, ipv6Text } from './ip-text.ts';
import { WIRE_LIMITS } from './limits.ts';

/** BEP 23 (IPv4, 6 bytes a peer) and BEP 7 (IPv6, 18 bytes). An unfinished entry at the end and port 0 are left out. */
export function compactPeers(bytes: Uint8Array, family: 4 | 6): Endpoint[] {
  const size = family === 4 ? 6 : 18;
  const peers: Endpoint[] = [];
  for (let at = 0; at + size <= bytes.length && peers.length < WIRE_LIMITS.answerPeers; at += size) {
    const port = ((bytes[at + size - 2] as number) << 8) | (bytes[at + size - 1] as number);
    if (port !== 0) peers.push({ ip: family === 4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at), port });
  }
  return peers;
}

/** 6 or 18 bytes; undefined for what is no address. */
export function compactPeer({ ip, port }: Endpoint): Buffer | undefined {
  const address = ipBytes(ip);
  return address && Buffer.concat([address, Buffer.of(port >> 8, port & 0xff)]);
}
