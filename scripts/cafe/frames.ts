/** Frames of many kinds, byte by byte, for the transparency test. Ethernet without its checksum, as AF_PACKET sees it. */
import { SeededBytes } from './payload.ts';

export type Frame = { readonly what: string; readonly bytes: Buffer };

const ARP = 0x0806;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const MIN_BYTES = 60;

export type Ends = { readonly from: string; readonly to: string };

const mac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const ether = (e: Ends, type: number, ...body: Uint8Array[]): Buffer =>
  Buffer.concat([mac(e.to), mac(e.from), u16(type), ...body]);
const padded = (frame: Buffer): Buffer => Buffer.concat([frame, Buffer.alloc(Math.max(0, MIN_BYTES - frame.length))]);

/** RFC 1071. */
function checksum(...parts: Uint8Array[]): Buffer {
  const all = Buffer.concat([...parts, Buffer.alloc(parts.reduce((n, p) => n + p.length, 0) % 2)]);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += all.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return u16(~sum & 0xffff);
}

const SRC4 = Buffer.from([10, 9, 8, 7]);
const DST4 = Buffer.from([203, 0, 113, 9]);
const SRC6 = Buffer.from('20010db8000000000000000000000007', 'hex');
const DST6 = Buffer.from('20010db8000100000000000000000009', 'hex');

function ipv4(protocol: number, body: Buffer, flags = 0x4000): Buffer {
  const head = Buffer.concat([
    Buffer.from([0x45, 0x2e]), // an odd DSCP with an ECN bit
    u16(20 + body.length),
    u16(0xbeef),
    u16(flags),
    Buffer.from([3, protocol]),
    u16(0),
    SRC4,
    DST4,
  ]);
  checksum(head).copy(head, 10);
  return Buffer.concat([head, body]);
}

function withSum(head: Buffer, at: number, pseudo: Buffer): Buffer {
  checksum(pseudo, head).copy(head, at);
  return head;
}

const pseudo4 = (protocol: number, length: number): Buffer =>
  Buffer.concat([SRC4, DST4, Buffer.from([0, protocol]), u16(length)]);
const pseudo6 = (next: number, length: number): Buffer =>
  Buffer.concat([SRC6, DST6, u16(0), u16(length), Buffer.from([0, 0, 0, next])]);

const ipv6 = (next: number, body: Buffer, hops = 255): Buffer =>
  Buffer.concat([Buffer.from('6ab12345', 'hex'), u16(body.length), Buffer.from([next, hops]), SRC6, DST6, body]);

function udp(payload: Buffer): Buffer {
  const datagram = Buffer.concat([u16(40_001), u16(40_002), u16(8 + payload.length), u16(0), payload]);
  return withSum(datagram, 6, pseudo4(17, datagram.length));
}

/** Options nobody expects: MSS 1, SACK permitted, MD5 (RFC 2385), an experimental one (RFC 4727), a window scale of 14. */
const ODD_OPTIONS = Buffer.from(`020400010402${`1312${'ab'.repeat(16)}`}fd06f989cafe01030e0d0101`, 'hex');

function tcp(flags: number, options: Buffer, payload: Buffer, port: number): Buffer {
  const words = 5 + options.length / 4;
  const head = Buffer.concat([
    u16(40_003),
    u16(port),
    Buffer.from('12345678', 'hex'),
    Buffer.alloc(4),
    Buffer.from([words << 4, flags]),
    u16(1),
    u16(0),
    u16(flags & 0x20 ? 5 : 0),
    options,
    payload,
  ]);
  return withSum(head, 16, pseudo4(6, head.length));
}

function icmp6(type: number, body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0]), body]);
  return ipv6(58, withSum(message, 2, pseudo6(58, message.length)));
}

function icmpEcho(payload: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([8, 0, 0, 0, 0x12, 0x34, 0, 1]), payload]);
  return ipv4(1, withSum(message, 2, Buffer.alloc(0)));
}

function plainFrames(e: Ends, random: SeededBytes): Frame[] {
  const arp = Buffer.concat([Buffer.from('0001080006040001', 'hex'), mac(e.from), SRC4, Buffer.alloc(6), DST4]);
  const everybody = { ...e, to: 'ff:ff:ff:ff:ff:ff' };
  const datagram = udp(random.take(333));
  const badSum = Buffer.from(datagram);
  badSum[6] = (badSum[6] as number) ^ 0x55;
  return [
    { what: 'ARP request', bytes: padded(ether(everybody, ARP, arp)) },
    { what: 'ARP request without padding', bytes: ether(everybody, ARP, arp) },
    { what: 'ICMP echo', bytes: ether(e, IPV4, icmpEcho(random.take(56))) },
    {
      what: 'IPv6 neighbour solicitation',
      bytes: ether({ ...e, to: '33:33:ff:00:00:09' }, IPV6, icmp6(135, Buffer.concat([Buffer.alloc(4), DST6]))),
    },
    { what: 'ICMPv6 echo', bytes: ether(e, IPV6, icmp6(128, random.take(40))) },
    { what: 'IPv6 with an unknown next header', bytes: ether(e, IPV6, ipv6(253, random.take(99), 1)) },
    { what: 'UDP', bytes: ether(e, IPV4, ipv4(17, datagram)) },
    { what: 'UDP with a wrong checksum', bytes: ether(e, IPV4, ipv4(17, badSum)) },
    { what: 'a first fragment', bytes: ether(e, IPV4, ipv4(17, datagram.subarray(0, 64), 0x2000)) },
    { what: 'a later fragment', bytes: ether(e, IPV4, ipv4(17, random.take(64), 0x0008)) },
    { what: 'TCP SYN with odd options', bytes: ether(e, IPV4, ipv4(6, tcp(0x02, ODD_OPTIONS, Buffer.alloc(0), 443))) },
    { what: 'TCP data with every flag', bytes: ether(e, IPV4, ipv4(6, tcp(0xff, ODD_OPTIONS, random.take(77), 25))) },
    {
      what: 'IGMP report',
      bytes: padded(ether({ ...e, to: '01:00:5e:01:02:03' }, IPV4, ipv4(2, Buffer.from('1600e8f9ef010203', 'hex')))),
    },
    { what: 'SCTP', bytes: ether(e, IPV4, ipv4(132, random.take(60))) },
    { what: 'IPX over 802.3 with LLC', bytes: padded(ether(e, 38, Buffer.from('e0e003', 'hex'), random.take(35))) },
  ];
}

function otherFrames(e: Ends, random: SeededBytes): Frame[] {
  const inner = Buffer.concat([u16(IPV4), ipv4(17, udp(random.take(99)))]);
  const tag = (id: number, priority = 0): Buffer => u16((priority << 13) | id);
  const innerTag = Buffer.concat([u16(0x8100), tag(30), inner]);
  return [
    { what: '802.1Q', bytes: ether(e, 0x8100, tag(10), inner) },
    { what: '802.1Q, priority 5, drop-eligible', bytes: ether(e, 0x8100, u16(0xb000 | 4094), inner) },
    { what: '802.1Q, priority tag (id 0)', bytes: ether(e, 0x8100, tag(0, 7), inner) },
    { what: 'QinQ 88a8 over 8100', bytes: ether(e, 0x88a8, tag(20, 1), innerTag) },
    { what: 'QinQ 8100 over 8100', bytes: ether(e, 0x8100, tag(20, 1), innerTag) },
    {
      what: 'PPPoE discovery',
      bytes: padded(ether({ ...e, to: 'ff:ff:ff:ff:ff:ff' }, 0x8863, Buffer.from('1109000000040101000', 'hex'))),
    },
    {
      what: 'PPPoE session',
      bytes: ether(
        e,
        0x8864,
        Buffer.from('110000010064', 'hex'),
        u16(0x0021),
        ipv4(6, tcp(2, Buffer.alloc(0), Buffer.alloc(0), 6881)),
      ),
    },
    { what: 'MPLS', bytes: ether(e, 0x8847, Buffer.from('00010140', 'hex'), ipv4(17, udp(random.take(20)))) },
    {
      what: '802.1X (EAPOL)',
      bytes: padded(ether({ ...e, to: '01:80:c2:00:00:03' }, 0x888e, Buffer.from('01010000', 'hex'))),
    },
    {
      what: 'LLDP',
      bytes: padded(
        ether({ ...e, to: '01:80:c2:00:00:0e' }, 0x88cc, Buffer.from('0207040a0b0c0d0e0f0403026c310602007800', 'hex')),
      ),
    },
    {
      what: 'LACP',
      bytes: padded(ether({ ...e, to: '01:80:c2:00:00:02' }, 0x8809, Buffer.from('0101', 'hex'), random.take(100))),
    },
    {
      what: 'STP',
      bytes: padded(ether({ ...e, to: '01:80:c2:00:00:00' }, 38, Buffer.from('4242030000000000', 'hex'))),
    },
    {
      what: 'CDP',
      bytes: ether({ ...e, to: '01:00:0c:cc:cc:cc' }, 50, Buffer.from('aaaa0300000c2000', 'hex'), random.take(42)),
    },
    {
      what: 'Wake-on-LAN',
      bytes: ether(
        { ...e, to: 'ff:ff:ff:ff:ff:ff' },
        0x0842,
        Buffer.alloc(6, 0xff),
        ...Array.from({ length: 16 }, () => mac(e.to)),
      ),
    },
    { what: 'a vendor EtherType', bytes: ether(e, 0x88b5, random.take(200)) },
    { what: 'the shortest frame', bytes: ether(e, 0x88b6, random.take(46)) },
    { what: 'the longest ordinary frame', bytes: ether(e, 0x88b6, random.take(1500)) },
    { what: 'the longest tagged frame', bytes: ether(e, 0x8100, tag(7), u16(0x88b6), random.take(1500)) },
  ];
}

/** Frames that every wire carries, the same for the same seed. */
export function ordinaryFrames(e: Ends, seed: string): Frame[] {
  const random = new SeededBytes(seed);
  return [...plainFrames(e, random), ...otherFrames(e, random)];
}

/** Frames that ports with an MTU of 9000 carry. */
export function jumboFrames(e: Ends, seed: string): Frame[] {
  const random = new SeededBytes(seed);
  return [
    { what: 'jumbo', bytes: ether(e, 0x88b6, random.take(9000)) },
    { what: 'jumbo UDP', bytes: ether(e, IPV4, ipv4(17, udp(random.take(8972)))) },
    { what: 'jumbo, tagged', bytes: ether(e, 0x8100, u16(7), u16(0x88b6), random.take(9000)) },
  ];
}

/** What no Linux bridge forwards: 802.3x flow control belongs to one link. */
export const pauseFrame = (e: Ends): Frame => ({
  what: 'pause',
  bytes: padded(ether({ ...e, to: '01:80:c2:00:00:01' }, 0x8808, Buffer.from('0001ffff', 'hex'))),
});
