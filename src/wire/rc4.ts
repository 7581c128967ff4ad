/**
 * RC4, as MSE prescribes it: broken as a cipher, used as an obfuscation. In plain JavaScript because OpenSSL 3 no longer
 * has it without its legacy provider. Four keystream bytes go into one word, since stores dominate the cost.
 */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** `discardBytes` of keystream are thrown away first. */
  constructor(key: Uint8Array, discardBytes: number) {
    const s = this.#state;
    for (let i = 0; i < 256; i++) s[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const a = s[i] as number;
      j = (j + a + (key[i % key.length] as number)) & 255;
      s[i] = s[j] as number;
      s[j] = a;
    }
    this.apply(new Uint8Array(discardBytes));
  }

  /** The next `bytes.length` bytes of keystream over a copy of `bytes`. */
  apply(bytes: Uint8Array): Buffer {
    const n = bytes.length;
    const memory = new ArrayBuffer((n + 3) & ~3);
    const out = new Uint8Array(memory);
    out.set(bytes);
    const words = new Int32Array(memory);
    const s = this.#state;
    let i = this.#i;
    let j = this.#j;
    let a = 0;
    let b = 0;
    // Both supported machines (x86-64, arm64) are little-endian: the first byte is a word's lowest.
    const whole = n >> 2;
    for (let w = 0; w < whole; w++) {
      let mask = 0;
      for (let shift = 0; shift < 32; shift += 8) {
        i = (i + 1) & 255;
        a = s[i] as number;
        j = (j + a) & 255;
        b = s[j] as number;
        s[i] = b;
        s[j] = a;
        mask |= (s[(a + b) & 255] as number) << shift;
      }
      words[w] = (words[w] as number) ^ mask;
    }
    for (let at = whole * 4; at < n; at++) {
      i = (i + 1) & 255;
      a = s[i] as number;
      j = (j + a) & 255;
      b = s[j] as number;
      s[i] = b;
      s[j] = a;
      out[at] = (out[at] as number) ^ (s[(a + b) & 255] as number);
    }
    this.#i = i;
    this.#j = j;
    return Buffer.from(memory, 0, n);
  }
}
