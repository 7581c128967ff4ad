import type { Duplex } from 'node:stream';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import {
  encodeExtendedHandshake,
  encodeMetadata,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { treesOf } from '#wire/hash-trees.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { MseResponder } from '#wire/mse.ts';

/** For tests: an origin peer with habits. */

/** `content`: the bytes of all pieces, one after the other. */
export type SeedHabits = {
  has?: (piece: number) => boolean;
  fast?: boolean;
  mse?: boolean;
  /** What to do with a request. Default: answer. */
  onRequest?: (
    seed: FakeSeed,
    piece: number,
    begin: number,
  ) => 'answer' | 'lie' | 'reject' | 'ignore' | 'choke' | 'close' | undefined;
  metadata?: boolean | 'wrong';
  /** What to do with a request for hashes. Default: reject, as a peer without the layers does. */
  hashes?: 'answer' | 'lie' | 'ignore';
  /** Says in its handshake that it knows BEP 52. */
  v2?: boolean;
};

/** An origin peer on one end of an in-memory stream. */
export class FakeSeed {
  readonly requests: string[] = [];
  readonly metadataRequests: number[] = [];
  readonly hashRequests: HashRange[] = [];
  /** As the downloader said it. */
  infoHash: InfoHash | undefined;
  interested = false;
  cancelled = 0;
  readonly #torrent: Torrent;
  readonly #habits: SeedHabits;
  readonly #stream: Duplex;
  readonly #frames = new FrameSplitter(1 << 20);
  #head: Buffer | undefined = Buffer.alloc(0);
  #utMetadata = 0;
  #encrypt = (b: Buffer): Buffer => b;

  constructor(stream: Duplex, torrent: Torrent, habits: SeedHabits) {
    this.#stream = stream;
    this.#torrent = torrent;
    this.#habits = habits;
    stream.on('error', () => {});
    stream.on('end', () => stream.destroy());
    if (habits.mse) this.#answerMse();
    else stream.on('data', (b: Buffer) => this.#receive(b));
  }

  get closed(): boolean {
    return this.#stream.destroyed;
  }

  close(): void {
    this.#stream.destroy();
  }

  say(m: Message): void {
    if (!this.closed) this.#stream.write(this.#encrypt(encodeMessage(m)));
  }

  answer(piece: number, begin: number, lie = false): void {
    const { meta, content } = this.#torrent;
    const before = Array.from({ length: piece }, (_, i) => pieceSize(meta, i)).reduce((sum, size) => sum + size, 0);
    const at = before + begin;
    const end = Math.min(at + BLOCK_BYTES, before + pieceSize(meta, piece));
    const data = Buffer.from(content.subarray(at, end));
    if (lie) data[0] = (data[0] as number) ^ 0xff;
    this.say({ kind: 'piece', piece, begin, data });
  }

  #answerMse(): void {
    const { meta } = this.#torrent;
    const responder = new MseResponder({ find: () => meta.infoHash });
    const first = (b: Buffer): void => {
      if (looksLikeHandshake(b) === 'yes') return void this.#stream.destroy();
      const step = responder.push(b);
      if (step.kind === 'bad') return void this.#stream.destroy();
      for (const part of step.send) this.#stream.write(part);
      if (step.kind === 'more') return;
      this.#stream.off('data', first);
      this.#encrypt = (p) => step.ciphers.encrypt(p);
      this.#stream.on('data', (c: Buffer) => this.#receive(step.ciphers.decrypt(c)));
      if (step.rest.length > 0) this.#receive(step.rest);
    };
    this.#stream.on('data', first);
  }

  #receive(bytes: Buffer): void {
    if (this.closed) return;
    let rest = bytes;
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, bytes]);
      if (this.#head.length < HANDSHAKE_BYTES) return;
      const hands = parseHandshake(this.#head);
      if (hands.kind === 'bad') {
        this.close();
        return;
      }
      this.infoHash = hands.value.infoHash;
      rest = this.#head.subarray(HANDSHAKE_BYTES);
      this.#head = undefined;
      this.#greet();
    }
    this.#frames.push(rest, (frame) => {
      const m = decodeMessage(frame);
      if (m.kind === 'ok') this.#hear(m.value);
    });
  }

  #greet(): void {
    const { meta } = this.#torrent;
    const peerId = Buffer.from('-FS0000-000000000000');
    const fast = this.#habits.fast ?? true;
    const v2 = this.#habits.v2 ?? false;
    // It is in both swarms of a hybrid (BEP 52).
    const infoHash = meta.ids.find((id) => id === this.infoHash) ?? meta.infoHash;
    this.#stream.write(this.#encrypt(encodeHandshake({ infoHash, peerId, extended: true, fast, v2 })));
    const pieces = new Bitfield(meta.pieceCount);
    for (let i = 0; i < meta.pieceCount; i++) if (this.#habits.has?.(i) ?? true) pieces.set(i);
    if (pieces.full && fast) this.say({ kind: 'have-all' });
    else this.say({ kind: 'bitfield', bits: Buffer.from(pieces.bytes) });
    const size = this.#habits.metadata === undefined ? {} : { metadataSize: meta.infoBytes.length, utMetadataId: 3 };
    this.say({ kind: 'extended', id: 0, payload: encodeExtendedHandshake(size) });
  }

  #hear(m: Message): void {
    if (m.kind === 'interested') {
      this.interested = true;
      this.say({ kind: 'unchoke' });
    } else if (m.kind === 'request') this.#onRequest(m.piece, m.begin, m.length);
    else if (m.kind === 'cancel') this.cancelled++;
    else if (m.kind === 'hash-request') this.#onHashRequest(m);
    else if (m.kind === 'extended') this.#onExtended(m.id, m.payload);
  }

  #onRequest(piece: number, begin: number, length: number): void {
    this.requests.push(`${piece}:${begin}`);
    const what = this.#habits.onRequest?.(this, piece, begin) ?? 'answer';
    if (what === 'answer' || what === 'lie') this.answer(piece, begin, what === 'lie');
    else if (what === 'reject') this.say({ kind: 'reject', piece, begin, length });
    else if (what === 'close') this.close();
    else if (what === 'choke') {
      this.say({ kind: 'choke' });
      if (this.#habits.fast ?? true) this.say({ kind: 'reject', piece, begin, length });
      setImmediate(() => setImmediate(() => this.say({ kind: 'unchoke' })));
    }
  }

  #onHashRequest(range: HashRange): void {
    this.hashRequests.push(range);
    const { hashes } = this.#habits;
    if (hashes === 'ignore') return;
    const answer = hashes && treesOf(this.#torrent.meta).answer(range);
    if (answer && hashes === 'lie') answer[0] = (answer[0] as number) ^ 1;
    this.say(answer ? { ...range, kind: 'hashes', hashes: answer } : { ...range, kind: 'hash-reject' });
  }

  #onExtended(id: number, payload: Buffer): void {
    if (id === 0) {
      const h = parseExtendedHandshake(payload);
      this.#utMetadata = (h.kind === 'ok' && h.value.utMetadataId) || 0;
      return;
    }
    const m = parseMetadata(payload);
    if (m.kind === 'bad' || m.value.kind !== 'request') return;
    this.metadataRequests.push(m.value.piece);
    const info = Buffer.from(this.#torrent.meta.infoBytes);
    if (this.#habits.metadata === 'wrong') info[5] = (info[5] as number) ^ 1;
    const data = metadataPiece(info, m.value.piece);
    if (data) this.say({ kind: 'extended', id: this.#utMetadata, payload: encodeMetadata(data) });
  }
}
