import type { Endpoint } from '#base/endpoint.ts';
import type { PieceIndex } from '#base/units.ts';
import {
  EXTENDED_HANDSHAKE_ID,
  encodeExtendedHandshake,
  encodeMetadata,
  MAX_METADATA_BYTES,
  MetadataAssembly,
  type MetadataMessage,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import { encodeMessage } from '#wire/frames.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { PexPeer } from '#wire/pex.ts';
import type { ClientLimits } from './limits.ts';
import { PeerExchange } from './peer-exchange.ts';

/** The ids under which clients send us ut_metadata, ut_pex and lt_donthave messages. */
const OUR_UT_METADATA = 1;
const OUR_UT_PEX = 2;
const OUR_LT_DONTHAVE = 3;
const CLIENT_NAME = 'Swarmbox 0.1';

export type ExtensionsWorld = {
  metainfo(): Metainfo | undefined;
  offerMetadata(infoBytes: Buffer): void;
  /** As `ClientTask.swarm`. */
  swarm(): readonly PexPeer[] | undefined;
  told(endpoints: readonly Endpoint[]): void;
  offerPeers(endpoints: readonly Endpoint[]): void;
  /** The client has lost a piece. */
  lost(piece: PieceIndex): void;
  send(frame: Buffer): void;
  /** False while the client does not read: then only short answers are given. */
  roomy(): boolean;
  nowMs(): number;
};

/**
 * BEP 10 and what travels in it, with one client. BEP 9: gives it the info dictionary when we have it, takes it from the
 * client when we do not. BEP 11: peers, both ways. BEP 54: pieces that are had no more, both ways.
 */
export class Extensions {
  readonly #world: ExtensionsWorld;
  readonly #limits: ClientLimits;
  /** The client's name for itself, for people's eyes. */
  clientName: string | undefined;
  /** The id under which the client wants ut_metadata messages. */
  #theirUtMetadata: number | undefined;
  #theirLtDonthave: number | undefined;
  readonly #pex: PeerExchange;
  #theirSize: number | undefined;
  #assembly: MetadataAssembly | undefined;
  #toAsk: number[] = [];
  #asked = 0;
  #progressAtMs = 0;
  #refused = false;
  #answers = 0;

  constructor(world: ExtensionsWorld, limits: ClientLimits) {
    this.#world = world;
    this.#limits = limits;
    this.#pex = new PeerExchange(
      {
        swarm: () => world.swarm(),
        told: (endpoints) => world.told(endpoints),
        offer: (endpoints) => world.offerPeers(endpoints),
        nowMs: () => world.nowMs(),
      },
      limits,
    );
  }

  /**
   * Sends the extended handshake; again when the metainfo became known (BEP 10 allows it), for a client that has only a magnet link.
   * What the first one leaves out libtorrent drops for good, and a later message of that kind ends the connection as invalid:
   * PEX is offered unless the torrent is known to be private. Nothing is told or heeded before it is known to be public.
   */
  greet(): void {
    const metainfo = this.#world.metainfo();
    this.#send(
      EXTENDED_HANDSHAKE_ID,
      encodeExtendedHandshake({
        utMetadataId: OUR_UT_METADATA,
        ltDonthaveId: OUR_LT_DONTHAVE,
        ...((!metainfo || this.#world.swarm()) && { utPexId: OUR_UT_PEX }),
        reqq: this.#limits.reqq,
        client: CLIENT_NAME,
        ...(metainfo && { metadataSize: metainfo.infoBytes.length }),
      }),
    );
  }

  metainfoKnown(): void {
    this.#assembly = undefined;
    this.#toAsk = [];
    this.greet();
  }

  /** Extended messages we do not know, or cannot read, change nothing. */
  receive(id: number, payload: Buffer): void {
    if (id === EXTENDED_HANDSHAKE_ID) this.#shakeHands(payload);
    else if (id === OUR_UT_METADATA) {
      const message = parseMetadata(payload);
      if (message.kind === 'ok') this.#metadata(message.value);
    } else if (id === OUR_UT_PEX) this.#pex.receive(payload);
    else if (id === OUR_LT_DONTHAVE && payload.length === 4) this.#world.lost(payload.readUInt32BE(0));
  }

  get hearsOfLoss(): boolean {
    return this.#theirLtDonthave !== undefined;
  }

  /** BEP 54: the task has lost a piece. A client that does not know the word finds out when its request is rejected. */
  dontHave(piece: PieceIndex): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(piece);
    if (this.#theirLtDonthave !== undefined) this.#send(this.#theirLtDonthave, payload);
  }

  /** A client that stopped answering may be asked again from the start: it is the cheapest source of the metainfo. */
  tick(): void {
    const pex = this.#world.roomy() ? this.#pex.due() : undefined;
    if (pex) this.#send(pex.id, pex.payload);
    if (!this.#assembly || this.#world.nowMs() - this.#progressAtMs < this.#limits.metadataStallMs) return;
    this.#assembly = undefined;
    this.#fetch();
  }

  #shakeHands(payload: Buffer): void {
    const read = parseExtendedHandshake(payload);
    if (read.kind === 'bad') return;
    const { client, utMetadataId, utPexId, ltDonthaveId, metadataSize } = read.value;
    this.clientName = client ?? this.clientName;
    this.#theirUtMetadata = utMetadataId ?? this.#theirUtMetadata;
    this.#theirLtDonthave = ltDonthaveId ?? this.#theirLtDonthave;
    this.#pex.theirId = utPexId ?? this.#pex.theirId;
    this.#theirSize = metadataSize ?? this.#theirSize;
    this.#fetch();
  }

  #fetch(): void {
    const size = this.#theirSize;
    if (this.#assembly || this.#refused || !size || size > MAX_METADATA_BYTES) return;
    if (this.#theirUtMetadata === undefined || this.#world.metainfo()) return;
    this.#assembly = new MetadataAssembly(size);
    this.#toAsk = this.#assembly.missing();
    this.#asked = 0;
    this.#progressAtMs = this.#world.nowMs();
    this.#ask();
  }

  #ask(): void {
    while (this.#asked < this.#limits.metadataWindow) {
      const piece = this.#toAsk.shift();
      if (piece === undefined) return;
      this.#asked++;
      this.#say({ kind: 'request', piece });
    }
  }

  #metadata(m: MetadataMessage): void {
    if (m.kind === 'request') {
      this.#answer(m.piece);
      return;
    }
    if (!this.#assembly) return;
    const put = m.kind === 'reject' ? 'bad' : this.#assembly.put(m.piece, m.data);
    if (put === 'bad') {
      this.#assembly = undefined;
      this.#refused = true;
      return;
    }
    this.#progressAtMs = this.#world.nowMs();
    this.#asked--;
    if (put === 'ok') {
      this.#ask();
      return;
    }
    const infoBytes = this.#assembly.bytes();
    this.#assembly = undefined;
    // Asked for once: if the task does not take it, a second copy would be no better.
    this.#refused = true;
    this.#world.offerMetadata(infoBytes);
  }

  #answer(piece: number): void {
    const infoBytes = this.#world.metainfo()?.infoBytes;
    const mayAnswer = this.#answers++ < this.#limits.metadataAnswers && this.#world.roomy();
    const data = infoBytes && mayAnswer ? metadataPiece(infoBytes, piece) : undefined;
    this.#say(data ?? { kind: 'reject', piece });
  }

  #say(m: MetadataMessage): void {
    if (this.#theirUtMetadata !== undefined) this.#send(this.#theirUtMetadata, encodeMetadata(m));
  }

  #send(id: number, payload: Buffer): void {
    this.#world.send(encodeMessage({ kind: 'extended', id, payload }));
  }
}
