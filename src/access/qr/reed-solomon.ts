/** Error correction of QR codes: Reed-Solomon over GF(256), reduced by x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004, 7.5.2). */

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = value;
  EXP[power + 255] = value;
  LOG[value] = power;
  value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1;
}

export const multiply = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : (EXP[(LOG[a] as number) + (LOG[b] as number)] as number);

/** The product of (x - 2^i) for i < `degree`, without its leading 1, highest power first. */
function generator(degree: number): Uint8Array {
  const poly = new Uint8Array(degree);
  poly[degree - 1] = 1;
  for (let root = 0; root < degree; root++)
    for (let at = 0; at < degree; at++)
      poly[at] = multiply(poly[at] as number, EXP[root] as number) ^ (poly[at + 1] ?? 0);
  return poly;
}

/** What stands behind the data so that it can be mended. */
export function correctionOf(data: Uint8Array, length: number): Uint8Array {
  const divisor = generator(length);
  const rest = new Uint8Array(length);
  for (const byte of data) {
    const factor = byte ^ (rest[0] as number);
    rest.copyWithin(0, 1);
    rest[length - 1] = 0;
    for (let at = 0; at < length; at++) rest[at] = (rest[at] as number) ^ multiply(divisor[at] as number, factor);
  }
  return rest;
}
