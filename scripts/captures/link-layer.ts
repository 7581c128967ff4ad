import { CAPTURE_LIMITS } from './limits.ts';

/** https://www.tcpdump.org/linktypes.html */
const LINK = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawBsd: 12,
  pppHdlc: 50,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd, pppoeSession: 0x8864 } as const;
/** 802.1Q, 802.1ad (QinQ), and what came before it. */
const VLAN: readonly number[] = [0x8100, 0x88a8, 0x9100];
const PPP_PROTOCOL = { ipv4: 0x0021, ipv6: 0x0057 } as const;
/** The BSDs and macOS do not agree on AF_INET6; Linux says 10. */
const ADDRESS_FAMILIES: readonly number[] = [2, 10, 24, 28, 30];

const links: Readonly<Record<number, (frame: Buffer) => Buffer | undefined>> = {
  [LINK.ethernet]: (f) => (f.length < 14 ? undefined : ofEtherType(f.readUInt16BE(12), f.subarray(14))),
  [LINK.linuxCooked]: (f) => (f.length < 16 ? undefined : ofEtherType(f.readUInt16BE(14), f.subarray(16))),
  [LINK.linuxCooked2]: (f) => (f.length < 20 ? undefined : ofEtherType(f.readUInt16BE(0), f.subarray(20))),
  [LINK.rawBsd]: (f) => f,
  [LINK.raw]: (f) => f,
  [LINK.ipv4]: (f) => f,
  [LINK.ipv6]: (f) => f,
  [LINK.null]: ofAddressFamily,
  [LINK.loop]: ofAddressFamily,
  [LINK.ppp]: ofPpp,
  [LINK.pppHdlc]: ofPpp,
};

export const knowsLink = (linkType: number): boolean => links[linkType] !== undefined;

/** What looks like an IP packet in a frame, from its first byte; undefined when there is none. A view. */
export const ipOf = (linkType: number, frame: Buffer): Buffer | undefined => links[linkType]?.(frame);

function ofEtherType(first: number, rest: Buffer): Buffer | undefined {
  let type = first;
  let at = 0;
  for (let tags = 0; VLAN.includes(type); tags++) {
    if (tags >= CAPTURE_LIMITS.vlanTags || at + 4 > rest.length) return undefined;
    type = rest.readUInt16BE(at + 2);
    at += 4;
  }
  if (type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6) return rest.subarray(at);
  // RFC 2516: six bytes, then PPP without its framing.
  return type === ETHERTYPE.pppoeSession ? ofPpp(rest.subarray(at + 6)) : undefined;
}

/** In the byte order of the machine that captured, which nobody states. */
function ofAddressFamily(frame: Buffer): Buffer | undefined {
  if (frame.length < 4) return undefined;
  const isIp = ADDRESS_FAMILIES.includes(frame.readUInt32LE(0)) || ADDRESS_FAMILIES.includes(frame.readUInt32BE(0));
  return isIp ? frame.subarray(4) : undefined;
}

/** RFC 1661, 1662: address and control bytes may be there or not, and a protocol below 256 may be one byte. */
function ofPpp(frame: Buffer): Buffer | undefined {
  const at = frame[0] === 0xff && frame[1] === 0x03 ? 2 : 0;
  if (frame.length < at + 2) return undefined;
  const isShort = ((frame[at] as number) & 1) === 1;
  const protocol = isShort ? frame[at] : frame.readUInt16BE(at);
  const isIp = protocol === PPP_PROTOCOL.ipv4 || protocol === PPP_PROTOCOL.ipv6;
  return isIp ? frame.subarray(at + (isShort ? 1 : 2)) : undefined;
}
