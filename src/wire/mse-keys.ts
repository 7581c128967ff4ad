import type { DiffieHellman } from 'node:crypto';
import { createDiffieHellman, createHash, randomBytes, randomInt } from 'node:crypto';
import type { InfoHash } from '#base/units.ts';
import { infoHashBytes } from '#base/units.ts';
import { Rc4 } from './rc4.ts';

/** MSE's own 768-bit prime (not Oakley group 1: the last 8 bytes differ) with generator 2. */
const PRIME_HEX =
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd' +
  'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563';
const PRIME = Buffer.from(PRIME_HEX, 'hex');
export const DH_BYTES = 96;
/** MSE: "160 bits are enough" for the private exponent. */
const EXPONENT_BYTES = 20;
/** Longest padding of any kind, in bytes. */
export const MAX_PAD_BYTES = 512;
/** Keystream bytes that both sides throw away. */
const DISCARD_BYTES = 1024;

/** Verification constant: eight zero bytes. */
export const VC: Buffer = Buffer.alloc(8);
export const CRYPTO = { plain: 0x01, rc4: 0x02 } as const;

/**
 * One group for the process: making it checks that the prime is prime, which costs a hundred times as much as a key
 * exchange and would let strangers burn our time. The private key is set anew for every use of it.
 */
let group: DiffieHellman | undefined;
const sharedGroup = (): DiffieHellman => {
  group ??= createDiffieHellman(PRIME, Buffer.of(2));
  return group;
};

/** One side's fresh key of one connection. */
export class DhKey {
  readonly #exponent = randomBytes(EXPONENT_BYTES);
  /** 96 bytes, big-endian. */
  readonly publicKey: Buffer;

  constructor() {
    const dh = sharedGroup();
    dh.setPrivateKey(this.#exponent);
    this.publicKey = padded(dh.generateKeys());
  }

  /** The 96-byte secret S, or undefined for a key (0, 1, P-1 or more) that would make it predictable. */
  secret(theirs: Buffer): Buffer | undefined {
    const isTiny = theirs.subarray(0, DH_BYTES - 1).every((byte) => byte === 0) && (theirs[DH_BYTES - 1] as number) < 2;
    // P is odd, so P-1 differs from it in the last bit alone.
    const lessOne = Buffer.from(PRIME);
    lessOne[DH_BYTES - 1] = (lessOne[DH_BYTES - 1] as number) - 1;
    if (isTiny || theirs.compare(lessOne) >= 0) return undefined;
    const dh = sharedGroup();
    dh.setPrivateKey(this.#exponent);
    return padded(dh.computeSecret(theirs));
  }
}

/** OpenSSL leaves leading zeros out. */
const padded = (number: Buffer): Buffer => Buffer.concat([Buffer.alloc(DH_BYTES - number.length), number]);

export function sha1(...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export const randomPad = (): Buffer => randomBytes(randomInt(MAX_PAD_BYTES + 1));

export function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] as number)));
}

/** The stream of one direction: `keyA` from the initiator, `keyB` from the responder. */
export const streamOf = (direction: 'keyA' | 'keyB', secret: Buffer, skey: InfoHash): Rc4 =>
  new Rc4(sha1(direction, secret, infoHashBytes(skey)), DISCARD_BYTES);

/** Bytes that wait to be understood. Grows by doubling, so that a peer who sends byte by byte costs no more. */
export class Backlog {
  #memory = Buffer.allocUnsafe(1024);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** A view, valid until the next push. */
  peek(from: number, to: number): Buffer {
    return this.#memory.subarray(this.#from + from, Math.min(this.#from + to, this.#to));
  }

  push(chunk: Uint8Array): void {
    if (this.#to + chunk.length > this.#memory.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#memory.length, this.length + chunk.length));
      this.#memory.copy(grown, 0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
      this.#memory = grown;
    }
    this.#memory.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** The next `n` bytes, a view valid until the next push. The caller has checked that they are there. */
  take(n: number): Buffer {
    const bytes = this.peek(0, n);
    this.#from += n;
    return bytes;
  }
}
