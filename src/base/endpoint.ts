import { isIPv4, isIPv6, SocketAddress } from 'node:net';

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

/** An address that a stranger wrote out, in Node's spelling; undefined for a host name or anything else. */
export function spelt(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  return plainIp(
    new SocketAddress({ address: plainIp(text), family: isIPv4(plainIp(text)) ? 'ipv4' : 'ipv6' }).address,
  );
}

/** An endpoint as `endpointKey` writes it, in any spelling of its address. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, v6, v4, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const ip = spelt(v6 ?? v4 ?? '');
  const port = Number(digits);
  return ip !== undefined && port > 0 && port < 65_536 ? { ip, port } : undefined;
}
