import type { InfoHash } from '#base/units.ts';
import { encodeHandshake } from '#wire/handshake.ts';
import { TCP_FLAGS } from '#wire/ip-packet.ts';

/** Packets and capture files made by hand, for tests. */

export type Made = {
  version?: 4 | 6;
  proto?: 'tcp' | 'udp';
  /** The packet goes from `b` to `a`. */
  back?: boolean;
  ports?: readonly [number, number];
  payload?: Uint8Array;
  seq?: number;
  flags?: number;
};

const PORTS = [40_000, 6881] as const;

/** An IP packet without checksums, which no capture reader checks. */
export function packet({ version = 4, proto = 'tcp', back = false, ports = PORTS, ...rest }: Made): Buffer {
  const { payload = Buffer.alloc(0), seq = 1, flags = TCP_FLAGS.ack } = rest;
  const transport = Buffer.alloc(proto === 'tcp' ? 20 : 8);
  transport.writeUInt16BE(ports[back ? 1 : 0] as number, 0);
  transport.writeUInt16BE(ports[back ? 0 : 1] as number, 2);
  if (proto === 'tcp') {
    transport.writeUInt32BE(seq >>> 0, 4);
    transport[12] = 0x50;
    transport[13] = flags;
  } else transport.writeUInt16BE(8 + payload.length, 4);
  const body = Buffer.concat([transport, payload]);
  const ip = Buffer.alloc(version === 4 ? 20 : 40);
  const protocol = proto === 'tcp' ? 6 : 17;
  if (version === 4) {
    ip[0] = 0x45;
    ip.writeUInt16BE(20 + body.length, 2);
    ip[8] = 64;
    ip[9] = protocol;
    Buffer.of(10, 0, 0, 1).copy(ip, back ? 16 : 12);
    Buffer.of(192, 0, 2, 2).copy(ip, back ? 12 : 16);
  } else {
    ip[0] = 0x60;
    ip.writeUInt16BE(body.length, 4);
    ip[6] = protocol;
    ip[7] = 64;
    Buffer.from('20010db8000000000000000000000001', 'hex').copy(ip, back ? 24 : 8);
    Buffer.from('20010db8000000000000000000000002', 'hex').copy(ip, back ? 8 : 24);
  }
  return Buffer.concat([ip, body]);
}

export const HANDSHAKE: Buffer = encodeHandshake({
  infoHash: 'ab'.repeat(20) as InfoHash,
  peerId: Buffer.alloc(20, 'p'),
  extended: true,
});

/** The first packets of a connection in which `a` says `payload`, cut into segments of the given sizes. */
export function conversation(payload: Uint8Array, o: { version?: 4 | 6; sizes?: readonly number[] } = {}): Buffer[] {
  const { version = 4, sizes = [payload.length] } = o;
  const packets = [
    packet({ version, flags: TCP_FLAGS.syn, seq: 99 }),
    packet({ version, back: true, flags: TCP_FLAGS.syn | TCP_FLAGS.ack, seq: 499 }),
  ];
  for (let at = 0, i = 0; at < payload.length; i++) {
    const size = sizes[i % sizes.length] as number;
    packets.push(packet({ version, seq: 100 + at, payload: payload.subarray(at, at + size) }));
    at += size;
  }
  return packets;
}

type Order = { little?: boolean };

const numbers = (little: boolean, ...values: readonly [bits: 16 | 32, value: number][]): Buffer =>
  Buffer.concat(
    values.map(([bits, value]) => {
      const b = Buffer.alloc(bits / 8);
      little ? b.writeUIntLE(value, 0, bits / 8) : b.writeUIntBE(value, 0, bits / 8);
      return b;
    }),
  );

/** `snap`: bytes kept of each frame. */
export function pcap(
  linkType: number,
  frames: readonly Buffer[],
  { little = true, nano = false, snap = 65_535 }: Order & { nano?: boolean; snap?: number } = {},
): Buffer {
  const head = numbers(
    little,
    [32, nano ? 0xa1b23c4d : 0xa1b2c3d4],
    [16, 2],
    [16, 4],
    [32, 0],
    [32, 0],
    [32, snap],
    [32, linkType],
  );
  const records = frames.map((frame, i) => {
    const kept = frame.subarray(0, snap);
    return Buffer.concat([numbers(little, [32, 1_700_000_000], [32, i], [32, kept.length], [32, frame.length]), kept]);
  });
  return Buffer.concat([head, ...records]);
}

export function block(type: number, body: Buffer, { little = true }: Order = {}): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const length = 12 + padded.length;
  return Buffer.concat([numbers(little, [32, type], [32, length]), padded, numbers(little, [32, length])]);
}

export const section = ({ little = true }: Order = {}): Buffer =>
  block(0x0a0d0d0a, Buffer.concat([numbers(little, [32, 0x1a2b3c4d], [16, 1], [16, 0]), Buffer.alloc(8, 0xff)]), {
    little,
  });

/** With an option that says that time stamps are nanoseconds (if_tsresol 9). */
export const interfaceOf = (linkType: number, { little = true, snap = 0 }: Order & { snap?: number } = {}): Buffer =>
  block(
    1,
    Buffer.concat([
      numbers(little, [16, linkType], [16, 0], [32, snap], [16, 9], [16, 1]),
      Buffer.of(9, 0, 0, 0),
      numbers(little, [16, 0], [16, 0]),
    ]),
    { little },
  );

export const enhancedPacket = (frame: Buffer, { little = true, from = 0 }: Order & { from?: number } = {}): Buffer =>
  block(
    6,
    Buffer.concat([numbers(little, [32, from], [32, 1], [32, 2], [32, frame.length], [32, frame.length]), frame]),
    { little },
  );

export const oldPacket = (frame: Buffer, { little = true, from = 0 }: Order & { from?: number } = {}): Buffer =>
  block(
    2,
    Buffer.concat([
      numbers(little, [16, from], [16, 0], [32, 1], [32, 2], [32, frame.length], [32, frame.length]),
      frame,
    ]),
    { little },
  );

export const simplePacket = (frame: Buffer, { little = true }: Order = {}): Buffer =>
  block(3, Buffer.concat([numbers(little, [32, frame.length]), frame]), { little });

const macs = Buffer.alloc(12, 2);
const etherTypeOf = (ip: Buffer): Buffer => Buffer.from((ip[0] as number) >> 4 === 4 ? '0800' : '86dd', 'hex');
const pppOf = (ip: Buffer): Buffer => Buffer.from((ip[0] as number) >> 4 === 4 ? '0021' : '0057', 'hex');
const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** How each link type carries an IP packet: a name, its number in a capture, the frame. */
export const LINKS: readonly (readonly [name: string, linkType: number, frameOf: (ip: Buffer) => Buffer])[] = [
  ['Ethernet', 1, (ip) => Buffer.concat([macs, etherTypeOf(ip), ip])],
  ['Ethernet with padding', 1, (ip) => Buffer.concat([macs, etherTypeOf(ip), ip, Buffer.alloc(9)])],
  ['802.1Q', 1, (ip) => Buffer.concat([macs, hex('81000064'), etherTypeOf(ip), ip])],
  ['QinQ', 1, (ip) => Buffer.concat([macs, hex('88a8006481000065'), etherTypeOf(ip), ip])],
  ['PPPoE', 1, (ip) => Buffer.concat([macs, hex('8864110000070000'), pppOf(ip), ip])],
  ['PPPoE in a VLAN', 1, (ip) => Buffer.concat([macs, hex('810000648864110000070000'), pppOf(ip), ip])],
  ['raw IP', 101, (ip) => ip],
  ['raw IP of BSD', 12, (ip) => ip],
  ['IPv4', 228, (ip) => ip],
  ['IPv6', 229, (ip) => ip],
  ['SLL', 113, (ip) => Buffer.concat([Buffer.alloc(14), etherTypeOf(ip), ip])],
  ['SLL2', 276, (ip) => Buffer.concat([etherTypeOf(ip), Buffer.alloc(18), ip])],
  ['null, little-endian', 0, (ip) => Buffer.concat([hex((ip[0] as number) >> 4 === 4 ? '02000000' : '1e000000'), ip])],
  ['null, big-endian', 0, (ip) => Buffer.concat([hex((ip[0] as number) >> 4 === 4 ? '00000002' : '0000001c'), ip])],
  ['loop', 108, (ip) => Buffer.concat([hex((ip[0] as number) >> 4 === 4 ? '00000002' : '00000018'), ip])],
  ['PPP', 9, (ip) => Buffer.concat([pppOf(ip), ip])],
  ['PPP with a short protocol', 9, (ip) => Buffer.concat([pppOf(ip).subarray(1), ip])],
  ['PPP in HDLC', 50, (ip) => Buffer.concat([hex('ff03'), pppOf(ip), ip])],
];
