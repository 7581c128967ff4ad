import type { InfoHash, PieceIndex } from '#base/units.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '../frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES } from '../handshake.ts';
import { WIRE_LIMITS } from '../limits.ts';
import { looksLikeQvod, parseQvodHandshake } from './handshake.ts';
import { decodeQvodMessage, encodeMetafileRequest, type QvodMessage } from './messages.ts';
import { SplitRequests } from './split-requests.ts';

/** What a Qvod peer says that BitTorrent has no word for. */
export type QvodEar = {
  /** A seed file, not checked; a copy. */
  metafile(seed: Buffer): void;
  /** It has lost the piece. */
  unhave(piece: PieceIndex): void;
  /** The connection cannot go on. Said once. */
  broken(why: string): void;
};

const NOTHING = Buffer.alloc(0);

/**
 * Stands between an OriginWire and a Qvod peer, as a cipher stands between it and an encrypted one: the wire speaks and
 * hears plain BitTorrent without extensions, the peer its dialect. The handshake sent is one that a client of the box made:
 * the peer then hears exactly what it would have heard without the box.
 */
export class QvodSpeech {
  readonly #hello: Buffer;
  readonly #ear: QvodEar;
  readonly #requests = new SplitRequests();
  readonly #said = new FrameSplitter(WIRE_LIMITS.originFrameBytes);
  readonly #heard = new FrameSplitter(WIRE_LIMITS.qvodSeedBytes + 5);
  /** Bytes of the wire's own handshake that it has not said yet. */
  #unsaid = HANDSHAKE_BYTES;
  /** The peer's handshake so far; undefined once it is whole. */
  #head: Buffer | undefined = NOTHING;
  #broken = false;

  constructor(hello: Buffer, ear: QvodEar) {
    if (hello.length !== HANDSHAKE_BYTES) throw new RangeError(`bug: a handshake of ${hello.length} bytes`);
    this.#hello = hello;
    this.#ear = ear;
  }

  /** What to send for what the wire says. */
  out(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    const skipped = Math.min(this.#unsaid, bytes.length);
    if (skipped > 0) {
      this.#unsaid -= skipped;
      if (this.#unsaid === 0) parts.push(this.#hello);
    }
    this.#said.push(bytes.subarray(skipped), (frame) => {
      const message = decodeMessage(frame);
      if (message.kind === 'ok') parts.push(...this.#translated(message.value, frame));
    });
    return Buffer.concat(parts);
  }

  /** What the wire may hear of what the peer says. */
  in(chunk: Buffer): Buffer {
    if (this.#broken) return NOTHING;
    const parts: Buffer[] = [];
    const rest = this.#head ? this.#shakeHands(this.#head, chunk, parts) : chunk;
    const why = this.#heard.push(rest, (frame) => {
      if (this.#broken) return;
      const message = decodeQvodMessage(frame);
      if (message.kind === 'bad') this.#break(message.why);
      else parts.push(...this.#admitted(message.value, frame));
    });
    if (why !== undefined) this.#break(why);
    return Buffer.concat(parts);
  }

  metafileRequest(infoHash: InfoHash): Buffer {
    return encodeMetafileRequest(infoHash);
  }

  #break(why: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#ear.broken(why);
  }

  /** Returns the bytes after the handshake. */
  #shakeHands(before: Buffer, chunk: Buffer, parts: Buffer[]): Buffer {
    const head = Buffer.concat([before, chunk.subarray(0, HANDSHAKE_BYTES - before.length)]);
    this.#head = head;
    if (looksLikeQvod(head) === 'no') this.#break('the peer does not speak Qvod’s dialect');
    if (this.#broken || head.length < HANDSHAKE_BYTES) return NOTHING;
    this.#head = undefined;
    const hands = parseQvodHandshake(head);
    if (hands.kind === 'bad' || hands.value.checked) {
      this.#break(hands.kind === 'bad' ? hands.why : 'its messages carry a checksum');
      return NOTHING;
    }
    const { infoHash, peerId } = hands.value;
    parts.push(encodeHandshake({ infoHash, peerId }));
    return chunk.subarray(HANDSHAKE_BYTES - before.length);
  }

  #translated(m: Message, frame: Buffer): Buffer[] {
    switch (m.kind) {
      case 'request':
        return this.#requests.ask(m).map((part) => encodeMessage({ kind: 'request', ...part }));
      case 'cancel':
        return this.#requests.cancel(m).map((part) => encodeMessage({ kind: 'cancel', ...part }));
      case 'keep-alive':
      case 'choke':
      case 'unchoke':
      case 'interested':
      case 'not-interested':
      case 'have':
      case 'bitfield':
        return [frame];
      default:
        // Its id means something else to this peer.
        return [];
    }
  }

  #admitted(m: QvodMessage, frame: Buffer): Buffer[] {
    switch (m.kind) {
      case 'piece': {
        const block = this.#requests.answer(m);
        return block ? [encodeMessage({ kind: 'piece', ...block })] : [];
      }
      case 'metafile':
        this.#ear.metafile(Buffer.from(m.seed));
        return [];
      case 'unhave':
        this.#ear.unhave(m.piece);
        return [];
      case 'metafile-request':
      case 'port':
      case 'unknown':
        return [];
      case 'choke':
        this.#requests.cancelAll();
        return [frame];
      default:
        return [frame];
    }
  }
}
