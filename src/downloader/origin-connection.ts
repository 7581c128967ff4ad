import type { Duplex } from 'node:stream';
import type { Bitfield } from '#base/bitfield.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import { Rate } from '#base/rate.ts';
import { BLOCK_BYTES, type InfoHash, MIB, type PieceIndex } from '#base/units.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { type Ciphers, MseInitiator } from '#wire/mse.ts';
import { type OriginHandler, OriginWire } from '#wire/origin-wire.ts';
import { QvodSpeech } from '#wire/qvod/origin-speech.ts';
import type { BlockRequest, OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';
import { OriginPieces } from './origin-pieces.ts';
import type { Speech } from './origin-pool.ts';
import { RequestWindow } from './request-window.ts';

/** What a connection tells the downloader that owns it. */
export type OriginHost = {
  answered(o: OriginConnection): void;
  /** It may be worth asking: unchoked, or it has more pieces. */
  ready(o: OriginConnection): void;
  block(o: OriginConnection, request: BlockRequest, data: Uint8Array, tookMs: number): void;
  /** The request came to nothing. */
  released(o: OriginConnection, request: BlockRequest): void;
  /** It told of other peers (BEP 11). */
  peers(o: OriginConnection, endpoints: readonly Endpoint[]): void;
  metadataSize(o: OriginConnection, bytes: number): void;
  metadata(o: OriginConnection, piece: number, data: Buffer): void;
  metadataRefused(o: OriginConnection): void;
  hashes(o: OriginConnection, range: HashRange, hashes: Buffer): void;
  hashesRefused(o: OriginConnection, range: HashRange): void;
  /** A Qvod peer's seed file, not checked. */
  metafile(o: OriginConnection, seed: Buffer): void;
  /** Something threw while it was heard: a bug. */
  failed(error: unknown): void;
};
export type OriginEnd = { readonly why: string /** The peer sent its handshake. */; readonly answered: boolean };
export type OriginSetup = {
  readonly id: OriginId;
  readonly endpoint: Endpoint;
  readonly stream: Duplex;
  readonly speech: Speech;
  /** To be said first where Qvod's dialect is spoken. */
  readonly qvodHello?: Buffer | undefined;
  readonly infoHash: InfoHash;
  readonly peerId: Buffer;
  /** Ask it for other peers (BEP 11): not for a torrent that may be private. */
  readonly pex: boolean;
  readonly host: OriginHost;
  readonly limits: DownloadLimits;
  readonly nowMs: () => number;
};

type Outstanding = { readonly request: BlockRequest; readonly atMs: number; readonly ahead: number; late: boolean };

/** Bytes an origin may leave unread before it is dropped: requests are 17 bytes, so a reader never gets here. */
const UNREAD_BYTES = MIB;

/** One connection to an origin peer: what it has, whether it lets us ask, and what it has been asked. */
export class OriginConnection {
  readonly id: OriginId;
  readonly endpoint: Endpoint;
  /** Resolves once, when the connection is over. */
  readonly ended: Promise<OriginEnd>;
  readonly rate = new Rate();
  choked = true;
  answered = false;
  /** Its handshake says that it knows v2 (BEP 52). */
  speaksV2 = false;
  /** A block or a piece of metainfo came. */
  useful = false;
  lastUsefulMs: number;
  readonly #o: OriginSetup;
  readonly #end: (end: OriginEnd) => void;
  readonly #window: RequestWindow;
  readonly #sinceMs: number;
  readonly #outstanding = new Map<number, Outstanding>();
  #late = 0;
  #rejects = 0;
  #wire: OriginWire | undefined;
  #qvod: QvodSpeech | undefined;
  #lastSentMs: number;
  #lastHeardMs: number;
  readonly #pieces: OriginPieces;
  #over = false;

  constructor(o: OriginSetup) {
    this.#o = o;
    this.id = o.id;
    this.endpoint = o.endpoint;
    this.#window = new RequestWindow(o.limits);
    this.#pieces = new OriginPieces(o.limits);
    this.#sinceMs = o.nowMs();
    this.lastUsefulMs = this.#sinceMs;
    this.#lastSentMs = this.#sinceMs;
    this.#lastHeardMs = this.#sinceMs;
    const { promise, resolve } = Promise.withResolvers<OriginEnd>();
    this.ended = promise;
    this.#end = resolve;
    o.stream.on('error', (error) => this.close(errorText(error)));
    o.stream.on('close', () => this.close('the peer closed'));
    o.stream.on('end', () => this.close('the peer closed'));
    if (o.qvodHello && o.speech === 'qvod') this.#speakQvod(o.qvodHello);
    else if (o.speech !== 'mse')
      this.#speak(
        (b) => this.#send(b),
        (chunk) => chunk,
        Buffer.alloc(0),
      );
    else this.#shakeMse(new MseInitiator(o.infoHash, Buffer.alloc(0)));
  }

  /** What can be asked of it now; undefined until that and the piece count are known. */
  get pieces(): Bitfield | undefined {
    return this.#pieces.known;
  }

  /** How many more blocks may be asked for. */
  get room(): number {
    if (this.choked || this.#over) return 0;
    return this.#window.size - (this.#outstanding.size - this.#late);
  }

  get stream(): Duplex {
    return this.#o.stream;
  }

  get asked(): number {
    return this.#outstanding.size;
  }

  /** From now on pieces can be told. */
  shapeKnown(pieceCount: number): void {
    this.#heed(this.#pieces.shapeKnown(pieceCount));
  }

  ask(request: BlockRequest): void {
    const nowMs = this.#o.nowMs();
    this.#lastSentMs = nowMs;
    // Asked once more after it timed out here: the first request must not be answered too.
    this.cancelLate(request);
    const ahead = this.#outstanding.size - this.#late + 1;
    this.#outstanding.set(keyOf(request), { request, atMs: nowMs, ahead, late: false });
    this.#wire?.request(request.piece, request.begin, request.length);
  }

  /** Another origin sent the block first. */
  cancel(request: BlockRequest): void {
    if (this.#take(request)) this.#wire?.cancel(request.piece, request.begin, request.length);
  }

  /** As `cancel`, but only for a request that timed out here. Cheap when there is none. */
  cancelLate(request: BlockRequest): void {
    if (this.#late > 0 && this.#outstanding.get(keyOf(request))?.late) this.cancel(request);
  }

  /** The box has the piece. */
  tell(piece: PieceIndex): void {
    if (this.answered && !this.#over) this.#wire?.have(piece);
  }

  requestMetadata(piece: number): void {
    this.#wire?.requestMetadata(piece);
  }

  requestHashes(range: HashRange): void {
    this.#wire?.requestHashes(range);
  }

  /** The whole metainfo in one message: a Qvod peer's way. Others are asked by `requestMetadata`. */
  requestMetafile(): void {
    if (this.#qvod) this.#send(this.#qvod.metafileRequest(this.#o.infoHash));
  }

  /** Once a second or so. */
  tick(nowMs: number): void {
    if (!this.answered && nowMs - this.#sinceMs >= this.#o.limits.handshakeMs) {
      this.close('no handshake');
      return;
    }
    this.#timeOut(nowMs);
    if (this.#owesMs(nowMs) >= this.#o.limits.silentMs) this.close('it owes blocks and is silent');
    this.#pieces.tick(nowMs);
    if (nowMs - this.#lastSentMs >= this.#o.limits.keepAliveMs) {
      this.#lastSentMs = nowMs;
      this.#wire?.keepAlive();
    }
  }

  close(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.choked = true;
    this.#wire?.close(why);
    this.#o.stream.destroy();
    this.#end({ why, answered: this.answered });
  }

  #shakeMse(initiator: MseInitiator): void {
    const { stream } = this.#o;
    const onData = (chunk: Buffer): void => {
      const step = initiator.push(chunk);
      if (step.kind === 'bad') {
        this.close(`encryption: ${step.why}`);
        return;
      }
      for (const part of step.send) this.#send(part);
      if (step.kind === 'more') return;
      stream.off('data', onData);
      const ciphers: Ciphers = step.ciphers;
      this.#speak(
        (b) => this.#send(ciphers.encrypt(asBuffer(b))),
        (b) => ciphers.decrypt(b),
        step.rest,
      );
    };
    stream.on('data', onData);
    this.#send(initiator.start());
  }

  #speakQvod(hello: Buffer): void {
    const qvod = new QvodSpeech(hello, {
      metafile: (seed) => {
        this.#gave();
        this.#o.host.metafile(this, seed);
      },
      unhave: (piece) => this.#pieces.refuse(piece, this.#o.nowMs()),
      broken: (why) => this.close(why),
    });
    this.#qvod = qvod;
    this.#speak(
      (b) => this.#send(qvod.out(asBuffer(b))),
      (b) => qvod.in(b),
      Buffer.alloc(0),
    );
  }

  #speak(send: (b: Uint8Array) => void, read: (chunk: Buffer) => Buffer, early: Buffer): void {
    const { infoHash, peerId, stream } = this.#o;
    const wire = new OriginWire({ infoHash, peerId, send, handler: this.#handler(), pex: this.#o.pex });
    this.#wire = wire;
    if (early.length > 0) wire.receive(early);
    stream.on('data', (chunk: Buffer) => {
      this.#lastHeardMs = this.#o.nowMs();
      try {
        wire.receive(read(chunk));
      } catch (error) {
        this.close(errorText(error));
        this.#o.host.failed(error);
      }
    });
  }

  #send(bytes: Uint8Array): void {
    const { stream } = this.#o;
    if (this.#over || stream.destroyed || bytes.length === 0) return;
    stream.write(bytes);
    if (stream.writableLength > UNREAD_BYTES) this.close('the peer does not read');
  }

  #handler(): OriginHandler {
    const { host } = this.#o;
    return {
      onHandshake: ({ v2 }) => {
        this.answered = true;
        this.speaksV2 = v2;
        // Said before anything else is known: the peer may need a moment to unchoke.
        this.#wire?.interested();
        host.answered(this);
      },
      onPeers: (endpoints) => host.peers(this, endpoints),
      onQueue: (requests) => this.#window.peerQueues(requests),
      onMetadataSize: (bytes) => host.metadataSize(this, bytes),
      onMetadata: (piece, data) => {
        this.#gave();
        host.metadata(this, piece, data);
      },
      onMetadataReject: () => host.metadataRefused(this),
      onHashes: (range, hashes) => {
        this.#gave();
        host.hashes(this, range, hashes);
      },
      onHashReject: (range) => host.hashesRefused(this, range),
      onBitfield: (bits) => this.#said(this.#pieces.bitfield(bits)),
      onHaveAll: () => this.#said(this.#pieces.bitfield('all')),
      onHave: (piece) => this.#said(this.#pieces.have(piece)),
      onChoke: (forgets) => {
        this.choked = true;
        if (forgets) for (const { request } of this.#outstanding.values()) this.#onReject(request);
      },
      onUnchoke: () => {
        this.choked = false;
        host.ready(this);
      },
      onBlock: (piece, begin, data) => this.#onBlock({ piece, begin, length: data.length }, data),
      onReject: (piece, begin, length) => this.#onReject({ piece, begin, length }),
      onClosed: (why) => this.close(why),
    };
  }

  #said(why: string | undefined): void {
    this.#heed(why);
    if (!this.#over && this.#pieces.known) this.#o.host.ready(this);
  }

  #heed(why: string | undefined): void {
    if (why !== undefined) this.close(why);
  }

  #onBlock(request: BlockRequest, data: Uint8Array): void {
    const out = this.#take(request);
    if (!out) return;
    const nowMs = this.#o.nowMs();
    this.#gave();
    this.rate.add(data.length, nowMs);
    this.#window.answered(nowMs - out.atMs, out.ahead);
    this.#o.host.block(this, request, data, nowMs - out.atMs);
  }

  #onReject(request: BlockRequest): void {
    const out = this.#take(request);
    if (!out) return;
    // A choking peer rejects everything, and will answer later. One that lets us ask and still rejects would be asked for ever.
    if (!this.choked) {
      if (++this.#rejects > this.#o.limits.rejects) {
        this.close('the peer rejects what it offers');
        return;
      }
      this.#pieces.refuse(request.piece, this.#o.nowMs());
    }
    if (!out.late) this.#o.host.released(this, request);
  }

  /**
   * The oldest requests stand first in the map, so this stops at the first that is young enough. The piece is left to others for a while; when
   * there are none, this origin is asked again.
   */
  #timeOut(nowMs: number): void {
    const { requestMs } = this.#o.limits;
    for (const out of this.#outstanding.values()) {
      const ageMs = nowMs - out.atMs;
      if (ageMs < requestMs) return;
      // Its answer is still welcome for a while: it may be on the line already.
      if (out.late) {
        if (ageMs >= 3 * requestMs) this.cancel(out.request);
        continue;
      }
      out.late = true;
      this.#late++;
      this.#window.timedOut();
      this.#pieces.refuse(out.request.piece, nowMs);
      this.#o.host.released(this, out.request);
    }
  }

  /** How long it has owed a block, and said nothing since. */
  #owesMs(nowMs: number): number {
    if (this.choked) return 0;
    for (const { atMs } of this.#outstanding.values()) return nowMs - Math.max(atMs, this.#lastHeardMs);
    return 0;
  }

  #take(request: BlockRequest): Outstanding | undefined {
    const key = keyOf(request);
    const out = this.#outstanding.get(key);
    if (!out || out.request.length !== request.length) return undefined;
    this.#outstanding.delete(key);
    if (out.late) this.#late--;
    return out;
  }

  #gave(): void {
    this.useful = true;
    this.lastUsefulMs = this.#o.nowMs();
  }
}

/** Unique: a piece has at most 2^16 blocks (512 MiB), a torrent at most 2^21 pieces. */
const keyOf = (r: BlockRequest): number => r.piece * 65_536 + r.begin / BLOCK_BYTES;
const asBuffer = (b: Uint8Array): Buffer => (Buffer.isBuffer(b) ? b : Buffer.from(b.buffer, b.byteOffset, b.length));
