import { segmentPacket } from '#wire/ip-packet.ts';

type Frame = {
  readonly proto: 'tcp' | 'udp';
  readonly from: readonly [string, number];
  readonly to: readonly [string, number];
  readonly payload: Buffer;
};

const LINK = Buffer.from('0200000000020200000000010800', 'hex');

/** An Ethernet frame with one IPv4 packet in it, checksums filled in. */
export function ipv4Packet({ proto, from, to, payload }: Frame): Buffer {
  const transport = Buffer.alloc(proto === 'tcp' ? 20 : 8);
  transport.writeUInt16BE(from[1], 0);
  transport.writeUInt16BE(to[1], 2);
  if (proto === 'tcp') transport.set([0x50, 0x18, 0xff, 0xff], 12);
  else transport.writeUInt16BE(8 + payload.length, 4);
  const ip = Buffer.alloc(20);
  ip.set([0x45, 0], 0);
  ip.writeUInt16BE(20 + transport.length + payload.length, 2);
  ip.set([64, proto === 'tcp' ? 6 : 17], 8);
  ip.set(from[0].split('.').map(Number), 12);
  ip.set(to[0].split('.').map(Number), 16);
  const [packet] = segmentPacket(Buffer.concat([ip, transport, payload]), 65_535);
  return Buffer.concat([LINK, packet as Buffer]);
}
