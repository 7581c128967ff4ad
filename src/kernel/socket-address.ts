import { isIPv4 } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { AF_INET, AF_INET6, AF_PACKET, AF_UNIX } from './libc.ts';

/** The 4 or 16 bytes of an address in Node's spelling (no zone). */
export function ipBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  const [head = '', tail] = ip.split('::');
  const words = (side: string): number[] =>
    side === ''
      ? []
      : side.split(':').flatMap((word) => {
          if (!word.includes('.')) return [Number.parseInt(word, 16)];
          const b = word.split('.').map(Number) as [number, number, number, number];
          return [(b[0] << 8) | b[1], (b[2] << 8) | b[3]];
        });
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  for (const [i, word] of all.entries()) bytes.writeUInt16BE(word, 2 * i);
  return bytes;
}

/** struct sockaddr_in or sockaddr_in6, ip(7) and ipv6(7). */
export function socketAddress({ ip, port }: Endpoint): Buffer {
  const address = ipBytes(ip);
  const bytes = Buffer.alloc(address.length === 4 ? 16 : 28);
  bytes.writeUInt16LE(address.length === 4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  address.copy(bytes, address.length === 4 ? 4 : 8);
  return bytes;
}

/** struct sockaddr_ll for one interface, packet(7). */
export function linkAddress(interfaceIndex: number, etherType: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16BE(etherType, 2);
  bytes.writeInt32LE(interfaceIndex, 4);
  return bytes;
}

/** sockaddr_un (unix(7)). A path that begins with `@` is an abstract name. Throws for one that is too long. */
export function unixAddress(path: string): Buffer {
  const name = Buffer.from(path);
  if (name.length === 0 || name.length > 107) throw new RangeError(`a socket's path of ${name.length} bytes`);
  const isAbstract = name[0] === 0x40;
  if (isAbstract) name[0] = 0;
  const address = Buffer.alloc(2 + name.length + (isAbstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  return address;
}
