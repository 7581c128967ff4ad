import type { Bitfield } from '#base/bitfield.ts';
import type { Endpoint } from '#base/endpoint.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { PexPeer } from '#wire/pex.ts';
import type { Allowance } from './allowance.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ReadTurns } from './read-turns.ts';

/** The byte stream under a client: a socket, or the plain side of an encrypted one. */
export type ClientStream = {
  readonly remote: Endpoint;
  onData(cb: (bytes: Buffer) => void): void;
  onClose(cb: () => void): void;
  onDrain(cb: () => void): void;
  /** One corked write. False: wait for drain. `sent`: nobody reads the parts any more, sent or not. `taken`: the kernel has them all; else never. */
  write(parts: readonly Uint8Array[], sent?: () => void, taken?: () => void): boolean;
  pause(): void;
  resume(): void;
  end(): void;
  destroy(): void;
};

/** Bytes that are another's. `done` is called once, when nobody reads them any more; or never, when the client leaves before they were sent. */
export type Lent = { readonly parts: readonly Uint8Array[]; readonly done?: () => void };

/** Who takes the blocks that the client gives when the box asks for them. */
export type Taker = {
  choked(): void;
  unchoked(): void;
  /** False: it was never asked for. */
  block(piece: PieceIndex, begin: number, data: Uint8Array): boolean;
  rejected(piece: PieceIndex, begin: number): void;
};

/** What a client asks of its task. */
export type ClientTask = {
  readonly infoHash: InfoHash;
  /** Read once per connection. Clients drop a second connection with a peer id they know, so it should differ each time. */
  readonly peerId: Buffer;
  /** What the client may be given, where rates are limited. Read once per connection. */
  readonly allowance?: Allowance | undefined;
  /** What the client's connections share. Read once per connection; absent: it has this one alone. */
  readonly readTurns?: ReadTurns | undefined;
  metainfo(): Metainfo | undefined;
  have(): Bitfield | undefined;
  /** True: a client that comes now is told of no piece but those that it is offered. */
  steers(): boolean;
  /**
   * Wire-ready piece messages of verified bytes. `asOne`: one request, answered by one message of `length` (any alignment, maybe more than a
   * block). Otherwise a run of whole blocks, one message per block. Undefined: not to be had.
   */
  block(piece: PieceIndex, begin: number, length: number, asOne: boolean): Lent | undefined | Promise<Lent | undefined>;
  /** The client asks for a block of a piece that it may have. */
  asked(piece: PieceIndex): void;
  changed(client: ClientConnection, what: 'interest' | 'pieces'): void;
  /** The kernel has taken these bytes of the piece for the client; `bytes` of a block that it was given before are none. */
  served(client: ClientConnection, piece: PieceIndex, bytes: number): void;
  /** Endpoints of the swarm that the client may be told of (BEP 11); undefined when nobody may (BEP 27), or it is not known. */
  swarm(): readonly PexPeer[] | undefined;
  /** The client was told of these endpoints by the box: it may dial them. */
  told(client: ClientConnection, endpoints: readonly Endpoint[]): void;
  /** The client told of these endpoints. */
  offerPeers(client: ClientConnection, endpoints: readonly Endpoint[]): void;
  /** The client runs a DHT node here (BEP 5). */
  dhtNode(endpoint: Endpoint): void;
  /** The client's own metainfo, not checked against the info-hash. */
  offerMetadata(infoBytes: Buffer): void;
  /** The torrent of which only the piece layers (BEP 52) are missing: whoever has them should be asked. */
  lacksLayers(): Metainfo | undefined;
  /** All files' piece layers in order, end to end; not checked against their roots. */
  offerLayers(layers: Buffer): void;
  /** Undefined: the box has asked it for nothing. */
  taker(client: ClientConnection): Taker | undefined;
  closed(client: ClientConnection, why: string): void;
  /** Something threw while the client was heard or served: a bug, here or in the task. */
  failed(error: unknown): void;
};
