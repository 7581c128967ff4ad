import { Bitfield } from '#base/bitfield.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { BLOCK_BYTES, type InfoHash, MIB, type PieceIndex } from '#base/units.ts';
import {
  encodeExtendedHandshake,
  encodeMetadata,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { ClientPlan } from './scenario.ts';
import type { SimSocket } from './sim-socket.ts';

export type Block = { readonly piece: PieceIndex; readonly begin: number; readonly length: number };
type Asked = Block & { readonly atMs: number };

/** A client is as patient as real ones are (libtorrent: 120 s of silence, 600 s without use): a box that holds it in vain is found out. */
const HANDSHAKE_MS = 20_000;
const REQUEST_MS = 30_000;
const SILENT_MS = 120_000;
const USELESS_MS = 600_000;
const KEEP_ALIVE_MS = 100_000;
const REFUSED_MS = 5_000;
const OWN_METADATA_ID = 2;
const OWN_DONTHAVE_ID = 7;

/** What one connection tells the client that owns it. */
export type PeerHost = {
  readonly plan: ClientPlan;
  readonly meta: Metainfo;
  /** Of its torrent, as it says it. */
  readonly name: InfoHash;
  readonly have: Bitfield;
  nowMs(): number;
  /** Something of the peer's is wanted. */
  wantsOf(theirs: Bitfield): boolean;
  next(peer: SimPeer): Block | undefined;
  block(peer: SimPeer, block: Block, data: Buffer): void;
  /** It came to nothing. */
  released(peer: SimPeer, block: Block): void;
  told(peer: SimPeer, pieces: readonly PieceIndex[]): void;
  closed(peer: SimPeer, why: string): void;
};

/** One connection of a simulated LAN client, with whoever answers at the other end: the box or the origin itself. */
export class SimPeer {
  readonly endpoint: Endpoint;
  readonly socket: SimSocket;
  readonly theirs: Bitfield;
  readonly #host: PeerHost;
  readonly #frames = new FrameSplitter(4 * MIB);
  readonly #asked = new Map<string, Asked>();
  readonly #refused = new Map<PieceIndex, number>();
  readonly #sinceMs: number;
  #usefulMs: number;
  #heardMs: number;
  #saidMs: number;
  #head: Buffer | undefined = Buffer.alloc(0);
  #theirMetadataId = 0;
  #choked = true;
  #interested = false;
  #over = false;

  constructor(socket: SimSocket, endpoint: Endpoint, peerId: Buffer, host: PeerHost) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.#host = host;
    this.theirs = new Bitfield(host.meta.pieceCount);
    this.#sinceMs = host.nowMs();
    this.#usefulMs = this.#sinceMs;
    this.#heardMs = this.#sinceMs;
    this.#saidMs = this.#sinceMs;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', (error) => this.close(error.message));
    socket.on('end', () => this.close('it closed'));
    socket.on('close', () => this.close('it closed'));
    this.#greet(peerId);
  }

  get greeted(): boolean {
    return this.#head === undefined;
  }

  /** It said a moment ago that it does not give this piece. */
  refuses(piece: PieceIndex): boolean {
    return (this.#refused.get(piece) ?? 0) > this.#host.nowMs();
  }

  close(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.socket.destroy();
    this.#host.closed(this, why);
  }

  /** The client has one piece more. */
  gained(piece: PieceIndex): void {
    this.say({ kind: 'have', piece });
    this.look();
  }

  say(message: Message): void {
    if (this.#over || !this.socket.writable) return;
    this.#saidMs = this.#host.nowMs();
    this.socket.write(encodeMessage(message));
  }

  /** What could be asked has changed. */
  look(): void {
    if (this.#over || this.#head) return;
    const wants = this.#host.wantsOf(this.theirs);
    if (wants !== this.#interested) this.say({ kind: wants ? 'interested' : 'not-interested' });
    this.#interested = wants;
    while (!this.#choked && this.#interested && this.#asked.size < this.#host.plan.pipeline) {
      const block = this.#host.next(this);
      if (!block) return;
      this.#asked.set(keyOf(block), { ...block, atMs: this.#host.nowMs() });
      this.say({ kind: 'request', ...block });
    }
  }

  /** Once a second. */
  tick(): void {
    const nowMs = this.#host.nowMs();
    if (this.#head && nowMs - this.#sinceMs >= HANDSHAKE_MS) this.close('no handshake');
    // What is slow is not asked for again: that would only make it slower.
    const sinceMs = nowMs - REQUEST_MS;
    if (this.#usefulMs <= sinceMs)
      for (const asked of [...this.#asked.values()]) if (asked.atMs <= sinceMs) this.#onReject(asked);
    if (nowMs - this.#heardMs >= SILENT_MS) this.close('it is silent');
    if (this.#interested && nowMs - this.#usefulMs >= USELESS_MS) this.close('it gives nothing');
    if (nowMs - this.#saidMs >= KEEP_ALIVE_MS) this.say({ kind: 'keep-alive' });
    this.look();
  }

  #greet(peerId: Buffer): void {
    const { plan, meta, have } = this.#host;
    const { fast, extended, metadata } = plan;
    this.socket.write(encodeHandshake({ infoHash: this.#host.name, peerId, fast, extended }));
    if (have.count > 0) this.say({ kind: 'bitfield', bits: Buffer.from(have.bytes) });
    else if (fast) this.say({ kind: 'have-none' });
    if (!extended) return;
    const size = metadata ? { metadataSize: meta.infoBytes.length, utMetadataId: OWN_METADATA_ID } : {};
    const payload = encodeExtendedHandshake({ ...size, ltDonthaveId: OWN_DONTHAVE_ID, client: 'sim' });
    this.say({ kind: 'extended', id: 0, payload });
  }

  #read(bytes: Buffer): void {
    this.#heardMs = this.#host.nowMs();
    let rest = bytes;
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, bytes]);
      if (this.#head.length < HANDSHAKE_BYTES) return;
      const hands = parseHandshake(this.#head);
      if (hands.kind === 'bad' || hands.value.infoHash !== this.#host.name) {
        this.close('a bad handshake');
        return;
      }
      rest = this.#head.subarray(HANDSHAKE_BYTES);
      this.#head = undefined;
    }
    const why = this.#frames.push(rest, (frame) => {
      const message = decodeMessage(frame);
      if (message.kind === 'bad') this.close(message.why);
      else if (!this.#over) this.#hear(message.value);
    });
    if (why !== undefined) this.close(why);
    this.look();
  }

  #hear(m: Message): void {
    switch (m.kind) {
      case 'choke':
        this.#choked = true;
        if (!this.#host.plan.fast) for (const asked of [...this.#asked.values()]) this.#release(asked);
        return;
      case 'unchoke':
        this.#choked = false;
        return;
      case 'have':
        this.#told([m.piece]);
        return;
      case 'have-all':
        this.#told(Array.from({ length: this.theirs.size }, (_, piece) => piece));
        return;
      case 'bitfield': {
        const field = Bitfield.from(m.bits, this.theirs.size);
        if (!field) {
          this.close('a bad bitfield');
          return;
        }
        this.#told(Array.from({ length: field.size }, (_, piece) => piece).filter((piece) => field.has(piece)));
        return;
      }
      case 'piece':
        this.#onBlock({ piece: m.piece, begin: m.begin, length: m.data.length }, m.data);
        return;
      case 'reject': {
        const asked = this.#asked.get(keyOf(m));
        if (asked) this.#onReject(asked);
        return;
      }
      case 'extended':
        this.#onExtended(m.id, m.payload);
        return;
    }
  }

  #told(pieces: readonly PieceIndex[]): void {
    if (pieces.some((piece) => piece >= this.theirs.size)) {
      this.close('a have beyond the last piece');
      return;
    }
    for (const piece of pieces) this.theirs.set(piece);
    this.#host.told(this, pieces);
  }

  #onBlock(block: Block, data: Buffer): void {
    const wasAsked = this.#asked.delete(keyOf(block));
    this.#usefulMs = this.#host.nowMs();
    // What had timed out is checked, too: a wrong byte is one whenever it comes.
    this.#host.block(this, block, data);
    if (wasAsked) this.look();
  }

  #onReject(asked: Asked): void {
    this.#refused.set(asked.piece, this.#host.nowMs() + REFUSED_MS);
    this.#release(asked);
  }

  #release(asked: Asked): void {
    this.#asked.delete(keyOf(asked));
    this.#host.released(this, asked);
  }

  #onExtended(id: number, payload: Buffer): void {
    if (id === 0) {
      const theirs = parseExtendedHandshake(payload);
      this.#theirMetadataId = (theirs.kind === 'ok' && theirs.value.utMetadataId) || 0;
    } else if (id === OWN_DONTHAVE_ID && payload.length === 4) this.theirs.clear(payload.readUInt32BE(0));
    else if (id === OWN_METADATA_ID) {
      const asked = parseMetadata(payload);
      if (asked.kind === 'bad' || asked.value.kind !== 'request' || this.#theirMetadataId === 0) return;
      const data = metadataPiece(this.#host.meta.infoBytes, asked.value.piece);
      if (data) this.say({ kind: 'extended', id: this.#theirMetadataId, payload: encodeMetadata(data) });
    }
  }
}

export const blockCount = (pieceBytes: number): number => Math.ceil(pieceBytes / BLOCK_BYTES);
const keyOf = ({ piece, begin }: { piece: PieceIndex; begin: number }): string => `${piece}:${begin}`;
