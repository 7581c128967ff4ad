import { isIPv4 } from 'node:net';

/** One end of a TCP or UDP flow. `ip` is in Node's own spelling: IPv4 never as `::ffff:a.b.c.d`, IPv6 without zone. */
export type Endpoint = { readonly ip: string; readonly port: number };

/** A client's end. `vlan` is its 802.1Q network's id where its frames carry a tag: the same address in two VLANs is two machines. */
export type LanEndpoint = Endpoint & { readonly vlan?: number };

/** The key under which an endpoint stands in maps and logs: `1.2.3.4:6881`, `[2001:db8::1]:6881`. */
export const endpointKey = (e: Endpoint): string => (isIPv4(e.ip) ? `${e.ip}:${e.port}` : `[${e.ip}]:${e.port}`);

/** A dual-stack socket reports IPv4 peers as `::ffff:a.b.c.d`; every other place says `a.b.c.d`. */
export function plainIp(ip: string): string {
  const bare = ip.split('%')[0] as string;
  return bare.toLowerCase().startsWith('::ffff:') && isIPv4(bare.slice(7)) ? bare.slice(7) : bare;
}
