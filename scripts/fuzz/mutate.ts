import type { Random } from './random.ts';

/** What the mutations of one target draw from. */
export type Stock = {
  readonly seeds: readonly Buffer[];
  /** Words of the format: they get further than random bytes. */
  readonly tokens: readonly Buffer[];
  readonly maxBytes: number;
};

/** Numbers at which lengths, counts and offsets go wrong. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 19, 20, 21, 67, 68, 69, 127, 128, 255, 256, 0x3fff, 0x4000, 0x4001, 0x7fff, 0x8000];
const WIDE_EDGES = [...EDGES, 0xffff, 0x1_0000, 0x10_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const DECIMALS = ['', '-', '-1', '-0', '00', '9007199254740991', '9007199254740992', '18446744073709551616', '1e9'];

type Mutation = (bytes: Buffer, random: Random, stock: Stock) => Buffer;

/** A range of at least one byte; of none where there are none. */
function range(bytes: Buffer, random: Random): { from: number; to: number } {
  const from = random.below(bytes.length);
  return { from, to: Math.min(bytes.length, from + 1 + random.size(64)) };
}

const insert = (bytes: Buffer, at: number, what: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);

const changed = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) change(copy);
  return copy;
};

const mutations: readonly Mutation[] = [
  /** A bit. */
  (bytes, random) =>
    changed(bytes, (copy) => {
      const at = random.below(copy.length);
      copy[at] = (copy[at] as number) ^ (1 << random.below(8));
    }),
  /** A byte. */
  (bytes, random) =>
    changed(bytes, (copy) => {
      copy[random.below(copy.length)] = random.chance(0.5) ? random.pick(EDGES) & 0xff : random.below(256);
    }),
  /** A number of two or four bytes, in either order: set to an edge, or moved a little. */
  (bytes, random) =>
    changed(bytes, (copy) => {
      const size = random.chance(0.5) ? 4 : 2;
      if (copy.length < size) return;
      const at = random.below(copy.length - size + 1);
      const modulus = 2 ** (8 * size);
      const near = copy.readUIntBE(at, size) + random.below(9) - 4 + modulus;
      const value = (random.chance(0.5) ? random.pick(WIDE_EDGES) : near) % modulus;
      random.chance(0.9) ? copy.writeUIntBE(value, at, size) : copy.writeUIntLE(value, at, size);
    }),
  /** A number in digits, such as a bencode length or a port. */
  (bytes, random) => {
    const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)];
    const found = numbers[random.below(numbers.length)];
    if (!found) return bytes;
    const value = random.chance(0.5) ? String(Math.max(0, Number(found[0]) + random.below(5) - 2)) : undefined;
    const text = value ?? (random.chance(0.5) ? random.pick(DECIMALS) : String(random.pick(WIDE_EDGES)));
    const after = found.index + found[0].length;
    return Buffer.concat([bytes.subarray(0, found.index), Buffer.from(text), bytes.subarray(after)]);
  },
  /** A word of the format, put in or written over. */
  (bytes, random, { tokens }) => {
    const token = random.pick(tokens);
    if (!token) return bytes;
    const at = random.below(bytes.length + 1);
    if (random.chance(0.6)) return insert(bytes, at, token);
    return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at + token.length)]);
  },
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), random.bytes(1 + random.size(32))),
  (bytes, random) => {
    const { from, to } = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  /** A range again and again: depth, counts and repeated keys. */
  (bytes, random, { maxBytes }) => {
    const { from, to } = range(bytes, random);
    const part = bytes.subarray(from, to);
    const times = Math.min(1 + random.size(300), Math.ceil(maxBytes / Math.max(1, part.length)));
    return insert(bytes, to, Buffer.concat(new Array<Buffer>(times).fill(part)));
  },
  /** A range moved elsewhere. */
  (bytes, random) => {
    const { from, to } = range(bytes, random);
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    return insert(rest, random.below(rest.length + 1), bytes.subarray(from, to));
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(Math.min(bytes.length, 40) + 1)),
  /** The beginning of this and the end of another. */
  (bytes, random, { seeds }) => {
    const other = random.pick(seeds) ?? bytes;
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length)),
    ]);
  },
];

/** Some mutations one after the other: mostly few, so that what comes out still resembles what went in. */
export function mutated(seed: Buffer, random: Random, stock: Stock): Buffer {
  let bytes = seed;
  for (let left = random.chance(0.5) ? 1 : 1 + random.size(8); left > 0; left--) {
    bytes = random.pick(mutations)(bytes, random, stock).subarray(0, stock.maxBytes);
  }
  return bytes;
}
