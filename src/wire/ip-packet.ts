import { ipv4Text, ipv6Text } from './ip-text.ts';

/** TCP flag bits (RFC 9293 section 3.1). */
export const TCP_FLAGS = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
} as const;

export type IpPacket = {
  version: 4 | 6;
  proto: 'tcp' | 'udp';
  /** Addresses as Node spells them. */
  src: string;
  dst: string;
  srcPort: number;
  dstPort: number;
  /** A view of the input; shorter than what was sent when the capture was cut short. */
  payload: Buffer;
  /** Payload bytes that were sent but are not in the input, where there are such. */
  lackingBytes?: number;
  tcp?: { seq: number; flags: number };
};

/**
 * `wire`: packets off a link, whole and unfragmented. `capture`: whatever a file or a link may hold; of a fragmented packet the first
 * fragment counts, and any IPv6 extension header is stepped over.
 */
export type PacketSource = 'wire' | 'capture';

/** Where the parts of a packet lie: IP header and its extensions, transport header, payload; in bytes from its start. */
type Layout = {
  version: 4 | 6;
  proto: 'tcp' | 'udp';
  transportAt: number;
  payloadAt: number;
  end: number;
  /** What the headers say where the packet ends; after `end` when the input was cut. */
  statedEnd: number;
};

const TCP = 6;
const UDP = 17;
/** IPv4's flags and fragment offset. */
const MORE_OR_OFFSET = 0x3fff;
const OFFSET = 0x1fff;
const IPV6_HEADER_BYTES = 40;
const HOP_BY_HOP = 0;
const DESTINATION_OPTIONS = 60;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Routing, mobility, HIP and shim6 are shaped like options. */
const OTHER_EXTENSIONS: readonly number[] = [43, 135, 139, 140];
/** RFC 8200 section 4.1: each kind once, destination options twice. */
const MAX_EXTENSIONS = 8;

/**
 * Reads a TCP or UDP packet (RFC 791, 8200, 9293, 768) from the first byte of its IP header; bytes after the packet
 * (Ethernet padding) are ignored. Undefined for anything else, and for fragments off the wire.
 */
export function parsePacket(bytes: Buffer, source: PacketSource = 'wire'): IpPacket | undefined {
  const at = layoutOf(bytes, source);
  if (!at) return undefined;
  const { version, proto, transportAt } = at;
  const lackingBytes = at.statedEnd - Math.max(at.end, at.payloadAt);
  return {
    version,
    proto,
    src: version === 4 ? ipv4Text(bytes, 12) : ipv6Text(bytes, 8),
    dst: version === 4 ? ipv4Text(bytes, 16) : ipv6Text(bytes, 24),
    srcPort: bytes.readUInt16BE(transportAt),
    dstPort: bytes.readUInt16BE(transportAt + 2),
    payload: bytes.subarray(at.payloadAt, at.end),
    ...(lackingBytes > 0 && { lackingBytes }),
    ...(proto === 'tcp' && {
      tcp: { seq: bytes.readUInt32BE(transportAt + 4), flags: bytes[transportAt + 13] as number },
    }),
  };
}

function layoutOf(bytes: Buffer, source: PacketSource = 'wire'): Layout | undefined {
  const ip = (bytes[0] ?? 0) >> 4 === 4 ? ipv4Layout(bytes, source) : ipv6Layout(bytes, source);
  if (!ip) return undefined;
  const { version, protocol, transportAt, end, statedEnd } = ip;
  const room = end - transportAt;
  if (protocol === TCP && room >= 20) {
    const headerBytes = ((bytes[transportAt + 12] as number) >> 4) * 4;
    if (headerBytes < 20 || (headerBytes > room && (source === 'wire' || end === statedEnd))) return undefined;
    return { version, proto: 'tcp', transportAt, payloadAt: transportAt + headerBytes, end, statedEnd };
  }
  if (protocol === UDP && room >= 8) {
    const length = bytes.readUInt16BE(transportAt + 4);
    if (length < 8) return undefined;
    const udpEnd = transportAt + length;
    const ends = { end: Math.min(end, udpEnd), statedEnd: Math.min(statedEnd, udpEnd) };
    return { version, proto: 'udp', transportAt, payloadAt: transportAt + 8, ...ends };
  }
  return undefined;
}

type IpLayout = { version: 4 | 6; protocol: number; transportAt: number; end: number; statedEnd: number };

function ipv4Layout(bytes: Buffer, source: PacketSource): IpLayout | undefined {
  if (bytes.length < 20) return undefined;
  const transportAt = ((bytes[0] as number) & 0x0f) * 4;
  const statedEnd = bytes.readUInt16BE(2) || bytes.length;
  const unwanted = bytes.readUInt16BE(6) & (source === 'wire' ? MORE_OR_OFFSET : OFFSET);
  if (transportAt < 20 || statedEnd < transportAt || unwanted !== 0) return undefined;
  const end = Math.min(statedEnd, bytes.length);
  return { version: 4, protocol: bytes[9] as number, transportAt, end, statedEnd };
}

function ipv6Layout(bytes: Buffer, source: PacketSource): IpLayout | undefined {
  if (bytes.length < IPV6_HEADER_BYTES || (bytes[0] as number) >> 4 !== 6) return undefined;
  const payloadBytes = bytes.readUInt16BE(4);
  // A length of zero is a super-packet longer than 64 KiB that the kernel has not cut yet, or a jumbogram (RFC 2675).
  const statedEnd = payloadBytes === 0 ? bytes.length : IPV6_HEADER_BYTES + payloadBytes;
  const end = Math.min(statedEnd, bytes.length);
  let protocol = bytes[6] as number;
  let at = IPV6_HEADER_BYTES;
  for (let skipped = 0; isExtension(protocol, source); skipped++) {
    if (skipped >= MAX_EXTENSIONS || at + 8 > end) return undefined;
    if (protocol === FRAGMENT && (bytes.readUInt16BE(at + 2) & 0xfff8) !== 0) return undefined;
    const next = bytes[at] as number;
    at += extensionBytes(protocol, bytes[at + 1] as number);
    protocol = next;
  }
  return at > end ? undefined : { version: 6, protocol, transportAt: at, end, statedEnd };
}

const isExtension = (protocol: number, source: PacketSource): boolean =>
  protocol === HOP_BY_HOP ||
  protocol === DESTINATION_OPTIONS ||
  (source === 'capture' &&
    (protocol === FRAGMENT || protocol === AUTHENTICATION || OTHER_EXTENSIONS.includes(protocol)));

/** RFC 8200: units of 8 bytes after the first; a fragment header is 8; RFC 4302 counts in units of 4, less 2. */
function extensionBytes(protocol: number, length: number): number {
  if (protocol === FRAGMENT) return 8;
  return protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

/**
 * Turns a packet as the kernel hands it over into packets as they go over a wire: a TCP super-packet (GSO, GRO) is cut,
 * and every length and checksum is computed anew, because the kernel leaves them to the network card. `segmentBytes` is
 * the TCP payload of one segment where the kernel states it (gso_size); without it the MTU decides, which may be more
 * than the two ends agreed on. UDP is never cut. What is neither comes back as it was. The results are copies.
 */
export function segmentPacket(packet: Buffer, mtu: number, segmentBytes?: number): Buffer[] {
  const at = layoutOf(packet);
  if (!at) return [Buffer.from(packet)];
  if (at.proto === 'udp') return [finished(Buffer.from(packet.subarray(0, at.end)), at)];
  const room = mtu - at.payloadAt;
  const step = Math.min(room, segmentBytes || room);
  const payloadBytes = at.end - at.payloadAt;
  if (step <= 0 || payloadBytes <= step) return [finished(Buffer.from(packet.subarray(0, at.end)), at)];

  const header = packet.subarray(0, at.payloadAt);
  const segments: Buffer[] = [];
  for (let from = 0; from < payloadBytes; from += step) {
    const to = Math.min(from + step, payloadBytes);
    const segment = Buffer.concat([header, packet.subarray(at.payloadAt + from, at.payloadAt + to)]);
    restate(segment, at, from, segments.length, to === payloadBytes);
    segments.push(finished(segment, at));
  }
  return segments;
}

const HOP_LIMIT = 64;

/**
 * What the addressee of an IPv6 UDP packet could answer: addresses and ports swapped, no extension headers. Undefined when
 * `packet` is no such packet.
 */
export function udp6Answer(packet: Buffer, payload: Uint8Array): Buffer | undefined {
  const at = layoutOf(packet);
  if (at?.version !== 6 || at.proto !== 'udp') return undefined;
  const answer = Buffer.alloc(IPV6_HEADER_BYTES + 8 + payload.length);
  answer[0] = 0x60;
  answer[6] = UDP;
  answer[7] = HOP_LIMIT;
  packet.copy(answer, 8, 24, 40);
  packet.copy(answer, 24, 8, 24);
  packet.copy(answer, IPV6_HEADER_BYTES, at.transportAt + 2, at.transportAt + 4);
  packet.copy(answer, IPV6_HEADER_BYTES + 2, at.transportAt, at.transportAt + 2);
  answer.set(payload, IPV6_HEADER_BYTES + 8);
  return finished(answer, {
    version: 6,
    proto: 'udp',
    transportAt: IPV6_HEADER_BYTES,
    payloadAt: IPV6_HEADER_BYTES + 8,
    end: answer.length,
    statedEnd: answer.length,
  });
}

/** Sequence number, flags and IPv4 identification of the `count`-th segment, as the kernel's own segmentation has it. */
function restate(segment: Buffer, at: Layout, offset: number, count: number, isLast: boolean): void {
  const tcp = at.transportAt;
  segment.writeUInt32BE((segment.readUInt32BE(tcp + 4) + offset) >>> 0, tcp + 4);
  let flags = segment[tcp + 13] as number;
  if (!isLast) flags &= ~(TCP_FLAGS.fin | TCP_FLAGS.psh);
  if (count > 0) flags &= ~TCP_FLAGS.cwr;
  segment[tcp + 13] = flags;
  if (at.version === 4) segment.writeUInt16BE((segment.readUInt16BE(4) + count) & 0xffff, 4);
}

/** Writes lengths and checksums in place. */
function finished(packet: Buffer, at: Layout): Buffer {
  const transportBytes = packet.length - at.transportAt;
  if (at.version === 4) {
    packet.writeUInt16BE(packet.length & 0xffff, 2);
    packet.writeUInt16BE(0, 10);
    packet.writeUInt16BE(checksum(sum(packet, 0, at.transportAt, 0)), 10);
  } else {
    packet.writeUInt16BE((packet.length - IPV6_HEADER_BYTES) & 0xffff, 4);
  }
  const pseudo =
    sum(packet, at.version === 4 ? 12 : 8, at.version === 4 ? 20 : 40, 0) +
    (at.proto === 'tcp' ? TCP : UDP) +
    (transportBytes >>> 16) +
    (transportBytes & 0xffff);
  if (at.proto === 'udp') {
    const field = at.transportAt + 6;
    packet.writeUInt16BE(transportBytes & 0xffff, at.transportAt + 4);
    // RFC 768: zero in IPv4 says that the sender computed none.
    if (at.version === 4 && packet.readUInt16BE(field) === 0) return packet;
    packet.writeUInt16BE(0, field);
    packet.writeUInt16BE(checksum(sum(packet, at.transportAt, packet.length, pseudo)) || 0xffff, field);
  } else {
    const field = at.transportAt + 16;
    packet.writeUInt16BE(0, field);
    packet.writeUInt16BE(checksum(sum(packet, at.transportAt, packet.length, pseudo)), field);
  }
  return packet;
}

/** RFC 1071: 16-bit words added up; carries are folded in `checksum`. */
function sum(bytes: Buffer, from: number, to: number, start: number): number {
  let total = start;
  let i = from;
  for (; i + 1 < to; i += 2) total += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  if (i < to) total += (bytes[i] as number) << 8;
  return total;
}

function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = Math.floor(folded / 0x1_0000) + (folded % 0x1_0000);
  return ~folded & 0xffff;
}
