import { DH_BYTES, MAX_PAD_BYTES } from './mse-keys.ts';
import { RandomLook } from './random-look.ts';
import type { Side } from './signatures.ts';

/** Steps 1 and 2 of the handshake: a key and padding. Step 3: two hashes and the shortest encrypted offer. */
const KEY_RUN = { min: DH_BYTES, max: DH_BYTES + MAX_PAD_BYTES };
const OFFER_BYTES = 56;

/**
 * Guesses whether a stream opens with an encrypted BitTorrent handshake (MSE): key, key, offer, each of them random to
 * the eye. It is no more than a guess - Ethereum, Telegram and Shadowsocks look the same - so nothing is steered by it.
 */
export class MseGuess {
  readonly #runs = [new RandomLook(), new RandomLook(), new RandomLook()] as const;
  #run: 0 | 1 | 2 = 0;
  #speaker: Side | undefined;
  #firstTwo: number | undefined;
  #state: 'open' | 'yes' | 'no' = 'open';

  get state(): 'open' | 'yes' | 'no' {
    return this.#state;
  }

  /** Bytes of the stream in order, from its first. */
  push(from: Side, bytes: Buffer): void {
    if (this.#state !== 'open' || bytes.length === 0) return;
    if (this.#speaker === undefined) this.#open(from, bytes);
    else if (from !== this.#speaker) this.#turn(from);
    if (this.#state !== 'open') return;
    const run = this.#runs[this.#run];
    // Behind the longest key there is payload of any kind.
    run.push(bytes.subarray(0, KEY_RUN.max + 1 - run.bytes));
    if (this.#run === 0 && run.bytes > KEY_RUN.max) this.#state = 'no';
    if (this.#run === 2 && run.bytes >= OFFER_BYTES) this.#state = run.looksRandom ? 'yes' : 'no';
  }

  #open(from: Side, bytes: Buffer): void {
    this.#speaker = from;
    if (bytes.length >= 2) this.#firstTwo = bytes.readUInt16BE(0);
    // RFC 8446 section 5.1: a TLS record of version 3.x.
    if (bytes[0] === 0x16 && bytes[1] === 3) this.#state = 'no';
  }

  #turn(from: Side): void {
    const run = this.#runs[this.#run];
    // EIP-8: Ethereum's handshake states its own length first.
    const isRlpx = this.#run === 0 && this.#firstTwo === run.bytes - 2;
    if (run.bytes < KEY_RUN.min || !run.looksRandom || isRlpx) this.#state = 'no';
    this.#speaker = from;
    this.#run = this.#run === 0 ? 1 : 2;
  }
}
