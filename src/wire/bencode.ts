import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** A dictionary's keys are byte strings: they are kept as latin1 text, one character a byte. */
export type BDict = Map<string, BValue>;
/** Byte strings are views of the decoded input. */
export type BValue = number | Uint8Array | BValue[] | BDict;

export type BencodeLimits = {
  /** Nested lists and dictionaries. */
  readonly depth?: number;
  /** Sum over all values: dictionary 4, list 2, else 1. */
  readonly weight?: number;
  /** BEP 3 wants sorted keys; many real programs send them as they come. Keys are unique either way. */
  readonly keys?: 'sorted' | 'any-order';
};

export type Decoded = {
  value: BValue;
  /** Offset of the first byte after the value. */
  end: number;
  /** Where the values of the outermost dictionary lie in the input: an info-hash is taken over bytes as they came. */
  spans: ReadonlyMap<string, { start: number; end: number }>;
};

const COLON = 0x3a;
const END = 0x65;
const INT = 0x69;
const LIST = 0x6c;
const DICT = 0x64;
const MINUS = 0x2d;
const isDigit = (byte: number | undefined): byte is number => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Thrown and caught inside this file alone, so that the recursive reader stays readable. */
class Malformed extends Error {}

class Reader {
  at = 0;
  readonly spans = new Map<string, { start: number; end: number }>();
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #depth: number;
  readonly #sorted: boolean;
  #weight: number;

  constructor(bytes: Uint8Array, limits: BencodeLimits) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#depth = limits.depth ?? WIRE_LIMITS.bencodeDepth;
    this.#weight = limits.weight ?? WIRE_LIMITS.messageWeight;
    this.#sorted = (limits.keys ?? 'sorted') === 'sorted';
  }

  value(depth: number): BValue {
    const first = this.#bytes[this.at];
    if (first === undefined) throw new Malformed('the input ends early');
    if (isDigit(first)) {
      this.#spend(1);
      const { start, end } = this.#string();
      return this.#bytes.subarray(start, end);
    }
    this.at++;
    if (first === INT) {
      this.#spend(1);
      return this.#integer();
    }
    if (first !== LIST && first !== DICT) throw new Malformed('a value begins with an unknown byte');
    if (depth >= this.#depth) throw new Malformed(`values nest deeper than ${this.#depth}`);
    return first === LIST ? this.#list(depth) : this.#dict(depth);
  }

  #spend(weight: number): void {
    this.#weight -= weight;
    if (this.#weight < 0) throw new Malformed('too many values');
  }

  #list(depth: number): BValue[] {
    this.#spend(2);
    const list: BValue[] = [];
    while (this.#bytes[this.at] !== END) list.push(this.value(depth + 1));
    this.at++;
    return list;
  }

  #dict(depth: number): BDict {
    this.#spend(4);
    const dict: BDict = new Map();
    let before: string | undefined;
    while (this.#bytes[this.at] !== END) {
      const { start, end } = this.#string();
      const key = this.#text.toString('latin1', start, end);
      if (this.#sorted && before !== undefined && key < before) throw new Malformed('dictionary keys are not sorted');
      if (dict.has(key)) throw new Malformed('a dictionary key comes twice');
      before = key;
      const from = this.at;
      dict.set(key, this.value(depth + 1));
      if (depth === 0) this.spans.set(key, { start: from, end: this.at });
    }
    this.at++;
    return dict;
  }

  /** Digits up to `stop`, no leading zero, at most 2^53 - 1. */
  #digits(stop: number): number {
    const from = this.at;
    let n = 0;
    for (let byte = this.#bytes[this.at]; isDigit(byte); byte = this.#bytes[++this.at]) {
      n = n * 10 + (byte - 0x30);
      if (n > Number.MAX_SAFE_INTEGER) throw new Malformed('a number is larger than 2^53 - 1');
    }
    const count = this.at - from;
    if (count === 0 || this.#bytes[this.at] !== stop) throw new Malformed('a number is malformed');
    if (count > 1 && this.#bytes[from] === 0x30) throw new Malformed('a number has a leading zero');
    this.at++;
    return n;
  }

  #integer(): number {
    if (this.#bytes[this.at] !== MINUS) return this.#digits(END);
    this.at++;
    const n = this.#digits(END);
    if (n === 0) throw new Malformed('minus zero');
    return -n;
  }

  #string(): { start: number; end: number } {
    const length = this.#digits(COLON);
    const start = this.at;
    if (length > this.#bytes.length - start) throw new Malformed('a string is longer than the input');
    this.at = start + length;
    return { start, end: this.at };
  }
}

/** Reads one value and says where it ends (BEP 9: a data message is a dictionary followed by raw bytes). */
export function decodePrefix(bytes: Uint8Array, limits: BencodeLimits = {}): Parsed<Decoded> {
  const reader = new Reader(bytes, limits);
  try {
    const value = reader.value(0);
    return ok({ value, end: reader.at, spans: reader.spans });
  } catch (error) {
    if (error instanceof Malformed) return bad(`bencode at ${reader.at}: ${error.message}`);
    throw error;
  }
}

/** Reads the whole input as one value (BEP 3 "bencoding"). */
export function decode(bytes: Uint8Array, limits: BencodeLimits = {}): Parsed<BValue> {
  const read = decodePrefix(bytes, limits);
  if (read.kind === 'bad') return read;
  if (read.value.end !== bytes.length) return bad(`bencode at ${read.value.end}: bytes follow the value`);
  return ok(read.value.value);
}

/** `undefined` members of a plain object are left out. Text is written as UTF-8, keys as latin1. */
export type Encodable =
  | number
  | string
  | Uint8Array
  | readonly Encodable[]
  | ReadonlyMap<string, Encodable>
  | { readonly [key: string]: Encodable | undefined };

export function encode(value: Encodable): Buffer {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: Encodable, to: Uint8Array[]): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`bug: ${value} is not an integer that bencode can hold`);
    to.push(Buffer.from(`i${Object.is(value, -0) ? 0 : value}e`));
  } else if (typeof value === 'string') {
    writeBytes(Buffer.from(value), to);
  } else if (value instanceof Uint8Array) {
    writeBytes(value, to);
  } else if (isList(value)) {
    to.push(Buffer.from('l'));
    for (const item of value) write(item, to);
    to.push(Buffer.from('e'));
  } else {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    to.push(Buffer.from('d'));
    for (const [key, item] of entries as [string, Encodable | undefined][]) {
      if (item === undefined) continue;
      writeBytes(Buffer.from(key, 'latin1'), to);
      write(item, to);
    }
    to.push(Buffer.from('e'));
  }
}

const isList = (value: Encodable): value is readonly Encodable[] => Array.isArray(value);

function writeBytes(bytes: Uint8Array, to: Uint8Array[]): void {
  to.push(Buffer.from(`${bytes.length}:`), bytes);
}

// What a reader of messages asks of a value: the wrong type counts as absent, as in every client.

export const asDict = (value: BValue | undefined): BDict | undefined => (value instanceof Map ? value : undefined);
export const asList = (value: BValue | undefined): BValue[] | undefined => (Array.isArray(value) ? value : undefined);
export const asInt = (value: BValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);
export const asBytes = (value: BValue | undefined): Uint8Array | undefined =>
  value instanceof Uint8Array ? value : undefined;
export function asText(value: BValue | undefined): string | undefined {
  const bytes = asBytes(value);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
