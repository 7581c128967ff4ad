import { looksLikeDelivery } from '#wire/delivery-optimization.ts';
import { HANDSHAKE_BYTES, type Handshake, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import { type Ciphers, MseResponder, type SkeyTable } from '#wire/mse.ts';
import { looksLikeQvod, parseQvodHandshake } from '#wire/qvod/handshake.ts';

/**
 * `unknown-torrent`: it may be an encrypted peer, but of a torrent that this client was not seen to take part in. `qvod`: the
 * dialect in a form that is not understood. `ms-do`: Microsoft Delivery Optimization.
 */
export type OtherWhy = 'not-bittorrent' | 'unknown-torrent' | 'overload' | 'qvod' | 'ms-do';

/** What a steered flow turned out to be. `why` is a code that the page knows, `detail` is for the log. */
export type Recognised =
  /** A BitTorrent peer, or one of Qvod's dialect. `head`: everything it sent, while we have said nothing; undefined once we have answered (MSE). */
  | {
      readonly kind: 'peer';
      readonly handshake: Handshake;
      readonly ciphers: Ciphers | undefined;
      readonly early: Buffer;
      readonly head: Buffer | undefined;
      /** Ends our side of the encrypted handshake; to be sent before anything else. */
      readonly send: readonly Buffer[];
    }
  /** Anything else, and nothing was said to it: it can go on to its origin as if nothing had happened. */
  | {
      readonly kind: 'other';
      readonly head: Buffer;
      /** An OtherWhy, or why an encrypted handshake is not answered. */
      readonly why: string;
      readonly detail: string;
    }
  /** We have answered and cannot go on: the flow can only be closed. */
  | { readonly kind: 'lost'; readonly why: 'unknown-torrent' | 'malformed'; readonly detail: string };

export type Step = { readonly kind: 'more'; readonly send: readonly Buffer[] } | Recognised;

const WAIT: Step = { kind: 'more', send: [] };
/** First bytes of a Diffie-Hellman key are random: this many printable ones in a row are text, not a key. */
const TEXT_BYTES = 16;
/** MSE: the public key that opens an encrypted handshake. */
const MSE_KEY_BYTES = 96;

const other = (head: Buffer, detail: string, why: string = 'not-bittorrent' satisfies OtherWhy): Recognised => ({
  kind: 'other',
  head,
  why,
  detail,
});
const isText = (head: Buffer): boolean =>
  head.length >= TEXT_BYTES &&
  head.subarray(0, TEXT_BYTES).every((b) => (b >= 0x20 && b < 0x7f) || (b >= 9 && b <= 13));
/** RFC 8446 section 5.1: handshake record, legacy version 3.x. */
const isTls = (head: Buffer): boolean => head[0] === 0x16 && head[1] === 3 && (head[2] ?? 9) <= 4;

const NAMES = [
  ['bittorrent', looksLikeHandshake],
  ['qvod', looksLikeQvod],
  ['ms-do', looksLikeDelivery],
] as const;

/** The protocol whose name comes first on the wire; `maybe` while more than none is possible. */
function spokenIn(head: Buffer): (typeof NAMES)[number][0] | 'maybe' | undefined {
  let looks: 'maybe' | undefined;
  for (const [name, looksLike] of NAMES) {
    const is = looksLike(head);
    if (is === 'yes') return name;
    if (is === 'maybe') looks = 'maybe';
  }
  return looks;
}

/**
 * The torrents that an encrypted handshake may be about, or why it is not answered: asked for when one begins. An answer cannot be taken back: a
 * flow that nobody takes after it can only be closed.
 */
export type Skeys = () => Pick<SkeyTable, 'find'> | string;

/**
 * Decides what a flow speaks from its first bytes, however they are cut: a plain handshake, an encrypted one that we
 * answer as the receiver, or something that is none of our business. No timers and no sockets.
 */
export class Recogniser {
  readonly #skeys: Skeys;
  #head: Buffer = Buffer.alloc(0);
  #mse: MseResponder | undefined;
  #ciphers: Ciphers | undefined;
  /** What an encrypted peer said after the MSE handshake, decrypted. */
  #inner: Buffer = Buffer.alloc(0);

  constructor(skeys: Skeys) {
    this.#skeys = skeys;
  }

  push(chunk: Buffer): Step {
    if (this.#ciphers) return this.#innerHandshake(this.#ciphers, this.#ciphers.decrypt(chunk));
    if (this.#mse) return this.#encrypted(this.#mse, chunk);
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const head = this.#head;
    const spoken = spokenIn(head);
    if (spoken === 'maybe') return WAIT;
    if (spoken === 'ms-do') return other(head, 'it is Microsoft Delivery Optimization', 'ms-do');
    if (spoken) return head.length < HANDSHAKE_BYTES ? WAIT : this.#plain(head, spoken);
    if (isTls(head)) return other(head, 'it speaks TLS');
    if (isText(head)) return other(head, 'it speaks in text');
    if (head.length < MSE_KEY_BYTES) return WAIT;
    const skeys = this.#skeys();
    if (typeof skeys === 'string') return other(head, 'perhaps an encrypted peer, not answered', skeys);
    this.#mse = new MseResponder(skeys);
    return this.#encrypted(this.#mse, head);
  }

  /** The client ended its side, or its time is up. */
  giveUp(detail: string): Recognised {
    return this.#mse || this.#ciphers ? { kind: 'lost', why: 'malformed', detail } : other(this.#head, detail);
  }

  #plain(head: Buffer, spoken: 'bittorrent' | 'qvod'): Recognised {
    const h = spoken === 'qvod' ? parseQvodHandshake(head) : parseHandshake(head);
    if (h.kind === 'bad') return other(head, h.why);
    if ('checked' in h.value && h.value.checked) return other(head, 'its messages carry a checksum', 'qvod');
    return {
      kind: 'peer',
      handshake: h.value,
      ciphers: undefined,
      early: head.subarray(HANDSHAKE_BYTES),
      head,
      send: [],
    };
  }

  #encrypted(mse: MseResponder, chunk: Buffer): Step {
    const step = mse.push(chunk);
    if (step.kind === 'more') return step;
    if (step.kind === 'bad') {
      const why = step.why === 'unknown-skey' ? 'unknown-torrent' : 'malformed';
      return { kind: 'lost', why, detail: `encrypted handshake: ${step.why}` };
    }
    this.#ciphers = step.ciphers;
    return this.#innerHandshake(step.ciphers, step.rest, step.send);
  }

  #innerHandshake(ciphers: Ciphers, bytes: Buffer, send: readonly Buffer[] = []): Step {
    this.#inner = this.#inner.length === 0 ? bytes : Buffer.concat([this.#inner, bytes]);
    const inner = this.#inner;
    if (inner.length < HANDSHAKE_BYTES && looksLikeHandshake(inner) !== 'no') return { kind: 'more', send };
    const h = inner.length < HANDSHAKE_BYTES ? undefined : parseHandshake(inner);
    if (h?.kind !== 'ok')
      return { kind: 'lost', why: 'malformed', detail: 'encrypted, but no BitTorrent handshake inside' };
    const early = inner.subarray(HANDSHAKE_BYTES);
    return { kind: 'peer', handshake: h.value, ciphers, early, head: undefined, send };
  }
}
