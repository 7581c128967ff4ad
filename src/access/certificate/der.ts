/** Writes DER (X.690): of ASN.1 what a certificate is made of. Every function answers one whole element. */

const element = (tag: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = Buffer.alloc(4);
  digits.writeUInt32BE(length);
  const from = digits.findIndex((digit) => digit !== 0);
  return Buffer.concat([Buffer.from([0x80 | (4 - from)]), digits.subarray(from)]);
}

export const sequence = (...parts: Uint8Array[]): Buffer => element(0x30, Buffer.concat(parts));
export const set = (...parts: Uint8Array[]): Buffer => element(0x31, Buffer.concat(parts));
export const octets = (content: Uint8Array): Buffer => element(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  element(0x03, Buffer.concat([Buffer.from([unused]), content]));
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));
export const yes = (): Buffer => element(0x01, Buffer.from([0xff]));
/** `[number]`, of its own content (`isWhole`: other elements) instead of the content's own tag. */
export const tagged = (number: number, content: Uint8Array, isWhole: boolean): Buffer =>
  element((isWhole ? 0xa0 : 0x80) | number, content);

/** A positive number, of its bytes from the largest on. */
export function integer(bytes: Uint8Array): Buffer {
  const from = Math.max(
    0,
    bytes.findIndex((byte) => byte !== 0),
  );
  const digits = Buffer.from(bytes.subarray(from));
  // A first bit that is set would make it negative.
  return element(0x02, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}

/** To the second; two digits of the year up to 2049, four from then on (RFC 5280, section 4.1.2.5). */
export function time(atMs: number): Buffer {
  const digits = `${new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
