import { AF_NETLINK, bindSocket, closeFd, openSocket, SOCK_RAW } from './libc.ts';

/** The words of netlink(7) that netfilter's messages are made of. */

const NETLINK_NETFILTER = 12;
/** Without the bits that say "nested" and "network byte order". */
const ATTRIBUTE_TYPE = 0x3fff;

export function openNetfilterSocket(): number {
  const fd = openSocket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    bindSocket(fd, address, 'netlink');
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

export const aligned = (n: number): number => (n + 3) & ~3;

export function attribute(type: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(aligned(4 + body.length));
  bytes.writeUInt16LE(4 + body.length, 0);
  bytes.writeUInt16LE(type, 2);
  body.copy(bytes, 4);
  return bytes;
}

export const be32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
};

/** Type and body of each netlink attribute in a stretch of a message. */
export function* attributes(b: Buffer, from: number, end: number): Generator<[type: number, body: Buffer]> {
  for (let at = from; at + 4 <= end; ) {
    const length = b.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    yield [b.readUInt16LE(at + 2) & ATTRIBUTE_TYPE, b.subarray(at + 4, at + length)];
    at += aligned(length);
  }
}
