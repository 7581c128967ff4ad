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
