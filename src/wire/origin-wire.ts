import type { WireExtension } from 'bittorrent-protocol';
import Wire from 'bittorrent-protocol';
import type { Endpoint } from '#base/endpoint.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { encodeExtendedHandshake, encodeMetadata, parseExtendedHandshake, parseMetadata } from './extended.ts';
import type { Message } from './frames.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from './frames.ts';
import { HANDSHAKE_BYTES, looksLikeHandshake, parseHandshake } from './handshake.ts';
import type { HashRange } from './hash-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import { parsePex } from './pex.ts';

/**
 * What an origin peer says. Blocks and rejections are told at once, from within `receive`; all else later, in the order of the wire, and never
 * inside a call of the caller's own.
 */
export type OriginHandler = {
  /** `peerId`: 40 hex digits. `v2`: it knows BEP 52. */
  onHandshake(h: { peerId: string; v2: boolean }): void;
  onMetadataSize(bytes: number): void;
  onMetadata(piece: number, data: Buffer): void;
  onMetadataReject(piece: number): void;
  /** How many requests it lets queue (BEP 10 `reqq`). */
  onQueue(requests: number): void;
  /** Nodes of a file's hash tree and their proof (BEP 52), asked for or not, not checked. */
  onHashes(range: HashRange, hashes: Buffer): void;
  onHashReject(range: HashRange): void;
  /** Other peers of the swarm (BEP 11). Only when asked for. */
  onPeers(endpoints: readonly Endpoint[]): void;
  /** The message's bytes as they came: length and spare bits are for the caller, who may know the piece count. */
  onBitfield(bits: Buffer): void;
  onHaveAll(): void;
  onHave(piece: PieceIndex): void;
  /** `forgets`: nothing that was asked will be answered any more (a peer without BEP 6). */
  onChoke(forgets: boolean): void;
  onUnchoke(): void;
  /** A block, asked for or not. `data` is valid only during the call. */
  onBlock(piece: PieceIndex, begin: number, data: Uint8Array): void;
  /** The peer says that it will not answer a request (BEP 6), made or not. */
  onReject(piece: PieceIndex, begin: number, length: number): void;
  /** Once, last. */
  onClosed(why: string): void;
};

const CLIENT_NAME = 'Swarmbox 0.1';

/**
 * A connection to an origin peer, spoken by the bittorrent-protocol package. The package trusts its peer: it waits for
 * messages of any length, reads lengths as signed, copies its backlog for every chunk, and its bencode reader can be
 * made to loop. So it sees only whole frames that were cut, bounded and read here first, and an extended handshake
 * only as this box would have written it. Requests and blocks, of which there are thousands a second, go past it.
 */
export class OriginWire {
  readonly #wire: Wire;
  readonly #handler: OriginHandler;
  readonly #infoHash: InfoHash;
  readonly #frames = new FrameSplitter(WIRE_LIMITS.originFrameBytes, { reuse: true });
  /** Bytes of the peer's handshake that came so far; undefined once it is whole. */
  #head: Buffer | undefined = Buffer.alloc(0);
  readonly #outgoing: Uint8Array[] = [];
  readonly #send: (bytes: Uint8Array) => void;
  #hasFast = false;
  #v2 = false;
  #utMetadata = false;
  #refusals = 0;
  #pexHeard = 0;
  readonly #sinceMs = performance.now();
  #closed = false;

  /** Sends the handshake at once. */
  constructor(o: {
    infoHash: InfoHash;
    peerId: Uint8Array;
    send: (bytes: Uint8Array) => void;
    handler: OriginHandler;
    /** Ask for other peers (BEP 11): not for a torrent that may be private. */
    pex?: boolean;
  }) {
    this.#infoHash = o.infoHash;
    this.#handler = o.handler;
    this.#send = o.send;
    this.#wire = new Wire('tcpOutgoing');
    const wire = this.#wire;
    wire.on('error', (error) => this.close(error.message));
    wire.on('finish', () => this.close('the peer broke the protocol'));
    wire.on('data', (bytes) => this.#gather(bytes));
    wire.extendedHandshake = { v: CLIENT_NAME };
    this.#listen(wire);
    // It has an id of its own after ut_metadata's, so it comes second.
    if (o.pex) wire.use(extension('ut_pex', { handshake: () => {}, message: (payload) => this.#peers(payload) }));
    wire.handshake(o.infoHash, o.peerId, { fast: true });
  }

  /** True once the peer is closed, by either side. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes from the peer. Nothing of them is kept. */
  receive(chunk: Buffer): void {
    if (this.#closed) return;
    const rest = this.#head === undefined ? chunk : this.#shakeHands(this.#head, chunk);
    if (rest === undefined || this.#closed) return;
    const why = this.#frames.push(rest, (frame) => this.#frame(frame));
    if (why !== undefined) this.close(why);
  }

  interested(): void {
    if (!this.#closed) this.#wire.interested();
  }

  /** Who asked for what, and for how long to wait, is the caller's business. */
  request(piece: PieceIndex, begin: number, length: number): void {
    this.#say({ kind: 'request', piece, begin, length });
  }

  /** The box has the piece. Nobody is given any over this connection: it is for who places pieces by what others have. */
  have(piece: PieceIndex): void {
    this.#say({ kind: 'have', piece });
  }

  cancel(piece: PieceIndex, begin: number, length: number): void {
    this.#say({ kind: 'cancel', piece, begin, length });
  }

  keepAlive(): void {
    if (!this.#closed) this.#wire.keepAlive();
  }

  /** Only after onMetadataSize; before that, or from a peer without BEP 9, it is rejected. */
  requestMetadata(piece: number): void {
    if (this.#closed) return;
    if (this.#utMetadata) this.#wire.extended(UT_METADATA, encodeMetadata({ kind: 'request', piece }));
    else this.#later(() => this.#handler.onMetadataReject(piece));
  }

  /** BEP 52. Only to a peer that knows v2: others may close. */
  requestHashes(range: HashRange): void {
    this.#say({ ...range, kind: 'hash-request' });
  }

  close(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wire.destroy();
    this.#handler.onClosed(why);
  }

  /** In the next turn of the event loop, so that a caller who asks again at once cannot hold up everything else. */
  #later(tell: () => void): void {
    setImmediate(() => {
      if (!this.#closed) tell();
    });
  }

  /** Written past the package, whose own words come a microtask later. */
  #say(message: Message): void {
    if (!this.#closed) this.#gather(encodeMessage(message));
  }

  /** Everything said in one turn leaves in one write: requests are 17 bytes each and come by the dozen. */
  #gather(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
    if (this.#outgoing.length > 1) return;
    queueMicrotask(() => {
      const all = Buffer.concat(this.#outgoing.splice(0));
      if (!this.#closed) this.#send(all);
    });
  }

  #listen(wire: Wire): void {
    const hear = this.#handler;
    const alive =
      <A extends unknown[]>(tell: (...args: A) => void) =>
      (...args: A): void => {
        if (!this.#closed) tell(...args);
      };
    wire.on(
      'handshake',
      alive((_hash, peerId) => hear.onHandshake({ peerId, v2: this.#v2 })),
    );
    wire.on(
      'bitfield',
      alive((bits) => hear.onBitfield(Buffer.from(bits.buffer))),
    );
    wire.on(
      'have-all',
      alive(() => hear.onHaveAll()),
    );
    wire.on(
      'have',
      alive((piece) => hear.onHave(piece)),
    );
    wire.on(
      'choke',
      alive(() => hear.onChoke(!this.#hasFast)),
    );
    wire.on(
      'unchoke',
      alive(() => hear.onUnchoke()),
    );
    wire.use(
      extension(UT_METADATA, {
        handshake: alive(({ metadata_size }) => {
          if (metadata_size === undefined) return;
          this.#utMetadata = true;
          hear.onMetadataSize(metadata_size);
        }),
        message: alive((payload) => this.#metadata(payload)),
      }),
    );
  }

  /** Collects and checks the peer's handshake. Returns the bytes after it. */
  #shakeHands(before: Buffer, chunk: Buffer): Buffer | undefined {
    const head = Buffer.concat([before, chunk.subarray(0, HANDSHAKE_BYTES - before.length)]);
    if (head.length < HANDSHAKE_BYTES) {
      this.#head = head;
      if (looksLikeHandshake(head) === 'no') this.close('the peer does not speak BitTorrent');
      return undefined;
    }
    this.#head = undefined;
    const hands = parseHandshake(head);
    if (hands.kind === 'bad' || hands.value.infoHash !== this.#infoHash) {
      this.close(hands.kind === 'bad' ? hands.why : 'the peer answered for another torrent');
      return undefined;
    }
    this.#hasFast = hands.value.fast;
    this.#v2 = hands.value.v2;
    this.#wire.write(head);
    return chunk.subarray(HANDSHAKE_BYTES - before.length);
  }

  #frame(frame: Buffer): void {
    if (this.#closed) return;
    const message = decodeMessage(frame);
    if (message.kind === 'bad') this.close(message.why);
    else this.#hear(message.value);
  }

  #hear(m: Message): void {
    switch (m.kind) {
      case 'piece':
        this.#handler.onBlock(m.piece, m.begin, m.data);
        return;
      case 'reject':
        if (this.#hasFast) this.#handler.onReject(m.piece, m.begin, m.length);
        else this.close('a rejection from a peer without the fast extension');
        return;
      default: {
        const allowed = this.#admit(m);
        if (allowed) this.#wire.write(encodeMessage(allowed));
      }
    }
  }

  /** What the package may hear in place of what came, if anything. */
  #admit(m: Message): Message | undefined {
    switch (m.kind) {
      case 'request':
        // Every one is answered by a rejection, which would pile up for a peer that asks and does not read.
        return this.#refuse() ? m : undefined;
      case 'have':
        return m.piece < WIRE_LIMITS.pieces ? m : undefined;
      case 'bitfield':
        if (m.bits.length <= WIRE_LIMITS.pieces / 8) return m;
        this.close('a bitfield of more pieces than a torrent may have');
        return undefined;
      case 'extended': {
        if (m.id !== 0) return m;
        const h = parseExtendedHandshake(m.payload);
        const reqq = h.kind === 'ok' ? h.value.reqq : undefined;
        if (reqq !== undefined) this.#later(() => this.#handler.onQueue(reqq));
        return h.kind === 'ok' ? { ...m, payload: encodeExtendedHandshake(h.value) } : undefined;
      }
      case 'have-all':
      case 'have-none':
      case 'allowed-fast':
        if (this.#hasFast) return m;
        this.close(`${m.kind} from a peer without the fast extension`);
        return undefined;
      case 'hash-request':
        if (this.#refuse()) this.#say({ ...m, kind: 'hash-reject' });
        return undefined;
      case 'hashes': {
        const [range, hashes] = [owned(m), Buffer.from(m.hashes)];
        this.#later(() => this.#handler.onHashes(range, hashes));
        return undefined;
      }
      case 'hash-reject': {
        const range = owned(m);
        this.#later(() => this.#handler.onHashReject(range));
        return undefined;
      }
      case 'unknown':
      case 'port':
      case 'cancel':
      case 'suggest':
        return undefined;
      default:
        return m;
    }
  }

  #refuse(): boolean {
    if (++this.#refusals <= WIRE_LIMITS.originRefusals) return true;
    this.close('the peer keeps asking although it is choked');
    return false;
  }

  /** Others send one message a minute; a peer that sends more is heard no more. */
  #peers(payload: Uint8Array): void {
    const minutes = (performance.now() - this.#sinceMs) / 60_000;
    if (this.#closed || ++this.#pexHeard > WIRE_LIMITS.pexAtOnce + minutes) return;
    const pex = parsePex(payload);
    const added = pex.kind === 'ok' ? pex.value.added.map(({ endpoint }) => endpoint) : [];
    if (added.length > 0) this.#handler.onPeers(added);
  }

  #metadata(payload: Uint8Array): void {
    const m = parseMetadata(payload);
    if (m.kind === 'bad') return;
    switch (m.value.kind) {
      case 'data':
        this.#handler.onMetadata(m.value.piece, m.value.data);
        break;
      case 'reject':
        this.#handler.onMetadataReject(m.value.piece);
        break;
      case 'request':
        if (this.#refuse() && this.#utMetadata) {
          this.#wire.extended(UT_METADATA, encodeMetadata({ kind: 'reject', piece: m.value.piece }));
        }
    }
  }
}

const UT_METADATA = 'ut_metadata';

/** A copy, and nothing but the range. */
const owned = ({ piecesRoot, baseLayer, index, length, proofLayers }: HashRange): HashRange => ({
  piecesRoot: Buffer.from(piecesRoot),
  baseLayer,
  index,
  length,
  proofLayers,
});

/** The package finds an extension's name on its prototype. */
function extension(
  name: string,
  hear: { handshake: (h: { metadata_size?: number }) => void; message: (payload: Uint8Array) => void },
): new () => WireExtension {
  class Extension implements WireExtension {
    declare readonly name: string;
    onExtendedHandshake(h: { metadata_size?: number }): void {
      hear.handshake(h);
    }
    onMessage(payload: Uint8Array): void {
      hear.message(payload);
    }
  }
  Object.defineProperty(Extension.prototype, 'name', { value: name });
  return Extension;
}
