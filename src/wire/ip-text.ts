import { isIPv4, isIPv6 } from 'node:net';

/** Addresses as Node spells them (inet_ntop; RFC 5952), so that they compare equal to what a socket reports. */

export const ipv4Text = (b: Uint8Array, at = 0): string => `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;

/** An IPv4-mapped address is spelt as the IPv4 address, as everywhere in this program. */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((bytes[at + i] as number) << 8) | (bytes[at + i + 1] as number));
  const { from, length } = longestZeros(words);
  if (from === 0 && length === 5 && words[5] === 0xffff) return ipv4Text(bytes, at + 12);
  if (from === 0 && length === 6) return `::${ipv4Text(bytes, at + 12)}`;
  const hex = words.map((word) => word.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

function longestZeros(words: readonly number[]): { from: number; length: number } {
  let best = { from: -1, length: 0 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && words[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
    from += length;
  }
  return best;
}

/** 4 or 16 bytes of an address in Node's spelling, without zone; undefined when it is none. */
export function ipBytes(ip: string): Buffer | undefined {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  if (!isIPv6(ip) || ip.includes('%')) return undefined;
  // RFC 4291 section 2.2: the last 32 bits may be written as IPv4.
  const v4 = /[\d.]+$/.exec(ip)?.[0] ?? '';
  const tail = isIPv4(v4) ? Buffer.from(v4.split('.').map(Number)) : undefined;
  const text = tail ? `${ip.slice(0, -v4.length)}${tail.toString('hex', 0, 2)}:${tail.toString('hex', 2)}` : ip;
  const [before = [], after = []] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
