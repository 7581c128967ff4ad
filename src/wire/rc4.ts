import { applyRc4, RC4_STATE_WORDS } from './rc4-wasm.ts';

/** Shorter runs are not worth the trip to the module and back. */
const SHORT_BYTES = 256;
const I = 256;
const J = 257;

/**
 * RC4, as MSE prescribes it: broken as a cipher, used as an obfuscation. Our own, because OpenSSL 3 no longer has it
 * without its legacy provider.
 */
export class Rc4 {
  /** 256 words, then i and j. */
  readonly #state = new Int32Array(RC4_STATE_WORDS);

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
    const out = Buffer.allocUnsafeSlow(bytes.length);
    this.#turn(bytes, out);
    return out;
  }

  /** The same over `bytes` themselves. In a slot of the module nothing is copied. */
  applyInPlace(bytes: Uint8Array): void {
    this.#turn(bytes, bytes);
  }

  #turn(bytes: Uint8Array, out: Uint8Array): void {
    const s = this.#state;
    const done = out.length < SHORT_BYTES ? 0 : applyRc4(s, bytes, out);
    let i = s[I] as number;
    let j = s[J] as number;
    for (let at = done; at < out.length; at++) {
      i = (i + 1) & 255;
      const a = s[i] as number;
      j = (j + a) & 255;
      const b = s[j] as number;
      s[i] = b;
      s[j] = a;
      out[at] = (bytes[at] as number) ^ (s[(a + b) & 255] as number);
    }
    s[I] = i;
    s[J] = j;
  }
}
