import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { PeerPieces } from '#wire/peer-pieces.ts';
import type { QvodMessage } from '#wire/qvod/messages.ts';
import type { Asking } from './asking.ts';
import type { Choke } from './choke.ts';
import type { Extensions } from './extensions.ts';
import type { HashExchange } from './hash-exchange.ts';
import type { MetafileAnswers } from './metafile-answers.ts';
import { padded, type Request, requestFault } from './request-queue.ts';
import type { Serving } from './serving.ts';

export type HearingWorld = {
  metainfo(): Metainfo | undefined;
  /** The pieces that the client may have. */
  have(): Bitfield | undefined;
  changed(what: 'interest' | 'pieces'): void;
  /** The client asks for a block of a piece that it may have. */
  asked(piece: PieceIndex): void;
  /** The client runs a DHT node at this port (BEP 5). */
  dhtPort(port: number): void;
  send(frame: Buffer): void;
  readonly pieces: PeerPieces;
  readonly choke: Choke;
  readonly serving: Serving;
  readonly asking: Asking;
  readonly hashes: HashExchange;
  readonly extensions: Extensions | undefined;
  readonly metafile: MetafileAnswers | undefined;
};

/** What each message of one client brings about. Each answer is why the client must be dropped; undefined: it need not be. */
export class Hearing {
  readonly #world: HearingWorld;
  readonly #fast: boolean;
  readonly #requestBytes: number;
  #dhtPort = false;

  /** `fast`: both sides speak BEP 6. `requestBytes`: the most that one request may ask for. */
  constructor(world: HearingWorld, { fast, requestBytes }: { readonly fast: boolean; readonly requestBytes: number }) {
    this.#world = world;
    this.#fast = fast;
    this.#requestBytes = requestBytes;
  }

  hear(m: QvodMessage): string | undefined {
    const { pieces, serving, asking, hashes, extensions, metafile } = this.#world;
    switch (m.kind) {
      case 'interested':
      case 'not-interested':
        if (this.#world.choke.heard(m.kind === 'interested')) this.#world.changed('interest');
        return undefined;
      case 'have':
        return this.#told(pieces.have(m.piece));
      case 'bitfield':
        return this.#told(pieces.bitfield(m.bits));
      case 'have-all':
      case 'have-none':
        if (!this.#fast) return `${m.kind} without the fast extension`;
        return this.#told(pieces.bitfield(m.kind === 'have-all' ? 'all' : 'none'));
      case 'request':
        return this.#requested({ piece: m.piece, begin: m.begin, length: m.length });
      case 'cancel':
        // BEP 6: a cancelled request is still answered, by the block or by a reject.
        if (serving.cancel(m)) this.reject(m);
        return undefined;
      case 'port':
        // BEP 5: once, after the handshakes.
        if (m.port !== 0 && !this.#dhtPort) this.#world.dhtPort(m.port);
        this.#dhtPort = true;
        return undefined;
      case 'unhave':
        return this.lost(m.piece);
      case 'metafile-request':
        metafile?.asked(m.hash);
        return undefined;
      case 'hash-request':
      case 'hashes':
      case 'hash-reject':
        return hashes.receive(m);
      case 'piece':
      case 'choke':
      case 'unchoke':
      case 'reject':
        return asking.hear(m);
      case 'extended':
        extensions?.receive(m.id, m.payload);
        hashes.tick();
        return undefined;
      default:
        // suggest, allowed-fast, metafile, unknown: of no use here.
        return undefined;
    }
  }

  /** The client has the piece no more. */
  lost(piece: PieceIndex): string | undefined {
    return this.#told(this.#world.pieces.lost(piece));
  }

  /** Without the fast extension there is no word for it: the client's own timeout must do. */
  reject({ piece, begin, length }: Request): void {
    if (this.#fast) this.#world.send(encodeMessage({ kind: 'reject', piece, begin, length }));
  }

  #told(why: string | undefined): string | undefined {
    if (why === undefined) this.#world.changed('pieces');
    return why;
  }

  #requested(request: Request): string | undefined {
    const { choke, serving } = this.#world;
    const metainfo = this.#world.metainfo();
    const fault = requestFault(request, metainfo, this.#requestBytes);
    if (fault !== undefined) return fault;
    const can = metainfo && !choke.choked && this.#world.have()?.has(request.piece);
    if (!can || !serving.push(padded(request, metainfo))) this.reject(request);
    else this.#world.asked(request.piece);
    return undefined;
  }
}
