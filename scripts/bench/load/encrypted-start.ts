import type { InfoHash } from '#base/units.ts';
import { type Ciphers, MseInitiator, type MseStep } from '#wire/mse.ts';

export type StartStep = { readonly send: readonly Buffer[]; readonly plain: Buffer; readonly fault?: string };

const NOTHING = Buffer.alloc(0);
/** Of what the initiator sends in its second turn: 'req1', the torrent's hash, the offer, the initial payload. */
const OFFER = 2;
/** The offer is VC (8 bytes), then crypto_provide (4): its last byte holds both bits. */
const PROVIDE_AT = 11;
const PLAIN = 1;

/** The encrypted handshake (MSE) of a client that offers RC4 and nothing else, and the ciphers that come of it. */
export class EncryptedStart {
  readonly #mse: MseInitiator;
  #ciphers: Ciphers | undefined;

  constructor(infoHash: InfoHash, hello: Buffer) {
    this.#mse = new MseInitiator(infoHash, hello);
  }

  first(): Buffer {
    return this.#mse.start();
  }

  push(bytes: Buffer): StartStep {
    if (this.#ciphers) return { send: [], plain: this.#ciphers.decrypt(bytes) };
    const step = this.#mse.push(bytes);
    if (step.kind === 'bad') return { send: [], plain: NOTHING, fault: step.why };
    const send = withoutPlain(step);
    if (step.kind === 'more') return { send, plain: NOTHING };
    if (step.ciphers.method !== 'rc4') return { send, plain: NOTHING, fault: 'it chose what was not offered' };
    this.#ciphers = step.ciphers;
    return { send, plain: step.rest };
  }

  encrypt(bytes: Buffer): Buffer {
    if (!this.#ciphers) throw new Error('bug: before the handshake has ended');
    return this.#ciphers.encrypt(bytes);
  }
}

/** Our initiator offers plaintext too. The cipher is an exclusive or, so that bit can be taken back without its key. */
function withoutPlain({ send }: Exclude<MseStep, { kind: 'bad' }>): Buffer[] {
  const offer = send[OFFER];
  if (offer) offer[PROVIDE_AT] = (offer[PROVIDE_AT] as number) ^ PLAIN;
  return send;
}
