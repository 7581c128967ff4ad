import { isIPv4 } from 'node:net';

/** An address and a port as trackers and DHT nodes write them: 6 bytes (BEP 23) or 18 (BEP 7). */
export function compactEndpoint(ip: string, port: number): Buffer {
  const at = isIPv4(ip) ? Buffer.from(ip.split('.').map(Number)) : ip6Bytes(ip);
  return Buffer.concat([at, Buffer.from([port >> 8, port & 0xff])]);
}

/** RFC 4291, section 2.2; an interface's name at its end (%eth0) is left out. */
function ip6Bytes(ip: string): Buffer {
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((g) => Number.parseInt(g, 16)));
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::').map(groups);
  const left = head as number[];
  const right = tail ?? [];
  const bytes = Buffer.alloc(16);
  const zeros = Array<number>(8 - left.length - right.length).fill(0);
  for (const [i, group] of [...left, ...zeros, ...right].entries()) bytes.writeUInt16BE(group, 2 * i);
  return bytes;
}
