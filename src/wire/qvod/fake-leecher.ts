import type { Duplex } from 'node:stream';
import { asBytes, asDict, asInt, decodePrefix } from '../bencode.ts';
import { BLOCK, ID, sha1, Talk } from './fixtures.ts';

/** Requests that the client keeps open. */
const WINDOW = 32;

const isSet = (bits: Uint8Array, i: number): boolean => (((bits[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1;

/** What a client has of a file that it knows by its link alone. Outlives its connections. */
export class QvodDownload {
  readonly hash: Buffer;
  readonly pieces = new Map<number, Buffer>();
  /** Undefined until a peer sent the seed file. */
  shape: { totalBytes: number; pieceLength: number; hashes: Buffer } | undefined;

  constructor(hash: Buffer) {
    this.hash = hash;
  }

  get pieceCount(): number {
    return (this.shape?.hashes.length ?? 0) / 20;
  }

  get complete(): boolean {
    return this.shape !== undefined && this.pieces.size === this.pieceCount;
  }

  content(): Buffer {
    return Buffer.concat([...this.pieces].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  /** Returns the offence. */
  takeSeed(seed: Buffer): string | undefined {
    const read = decodePrefix(seed, { keys: 'any-order' });
    const top = read.kind === 'ok' ? asDict(read.value.value) : undefined;
    const info = asDict(top?.get('info'));
    const hashes = asBytes(info?.get('pieces'));
    const announce = Buffer.from(asBytes(top?.get('announce')) ?? []).toString();
    if (!hashes || !announce.includes('http://track.qvod.com')) return 'a seed without pieces or tracker';
    if (!sha1(hashes).equals(this.hash)) return 'a seed of another file';
    const [totalBytes, pieceLength] = [asInt(info?.get('length')) ?? 0, asInt(info?.get('piece length')) ?? 0];
    this.shape = { totalBytes, pieceLength, hashes: Buffer.from(hashes) };
    return undefined;
  }

  sizeOf(piece: number): number {
    const { totalBytes = 0, pieceLength = 0 } = this.shape ?? {};
    return Math.min(pieceLength, totalBytes - piece * pieceLength);
  }

  /** False for bytes that are not the piece. */
  put(piece: number, bytes: Buffer): boolean {
    const want = this.shape?.hashes.subarray(piece * 20, piece * 20 + 20);
    if (!want?.equals(sha1(bytes))) return false;
    this.pieces.set(piece, bytes);
    return true;
  }
}

/** Downloads over one connection that it opened: first the seed file, then the pieces, in order. */
export class QvodLeecher {
  /** The peer id of who answered; empty before that. */
  answeredBy = '';
  /** Pieces that the peer said it has lost. */
  readonly lost: number[] = [];
  readonly #talk: Talk;
  readonly #into: QvodDownload;
  readonly #theirs = new Set<number>();
  #bits: Buffer | undefined;
  #unchoked = false;
  /** Blocks asked for and not come, as `piece:begin`. */
  readonly #asked = new Set<string>();
  readonly #begun = new Map<number, { bytes: Buffer; left: number; askedTo: number }>();

  constructor(stream: Duplex, into: QvodDownload, peerId = 'QVOD0052AAAAC11E4700') {
    this.#into = into;
    this.#talk = new Talk(stream, into.hash, {
      hello: (id) => {
        this.answeredBy = id;
        if (into.shape) this.#talk.say(ID.interested);
        else this.#talk.say(ID.metafileRequest, into.hash);
      },
      message: (id, body) => {
        const offence = this.#hear(id, body);
        if (offence === undefined) this.#ask();
        return offence;
      },
    });
    this.#talk.hello(peerId);
  }

  get offences(): readonly string[] {
    return this.#talk.offences;
  }

  get closed(): boolean {
    return this.#talk.closed;
  }

  close(): void {
    this.#talk.close();
  }

  say(id: number, ...parts: (number | Uint8Array)[]): void {
    this.#talk.say(id, ...parts);
  }

  #hear(id: number, body: Buffer): string | undefined {
    if (id === ID.metafile) {
      const offence = this.#into.takeSeed(body);
      if (offence !== undefined) return offence;
      this.#talk.say(ID.interested);
      return this.#readBits();
    }
    if (id === ID.bitfield) {
      this.#bits = Buffer.from(body);
      return this.#into.shape ? this.#readBits() : undefined;
    }
    if (id === ID.have && body.length === 4) this.#theirs.add(body.readUInt32BE(0));
    else if (id === ID.unhave && body.length === 4) {
      this.lost.push(body.readUInt32BE(0));
      this.#theirs.delete(body.readUInt32BE(0));
    } else if (id === ID.choke || id === ID.unchoke) this.#unchoked = id === ID.unchoke;
    else if (id === ID.piece) return this.#take(body.readUInt32BE(0), body.readUInt32BE(4), body.subarray(8));
    else return `message ${id} of ${body.length} bytes`;
    return undefined;
  }

  #readBits(): string | undefined {
    const bits = this.#bits;
    if (!bits) return undefined;
    if (bits.length !== Math.ceil(this.#into.pieceCount / 8)) return `a bitfield of ${bits.length} bytes`;
    for (let i = 0; i < this.#into.pieceCount; i++) if (isSet(bits, i)) this.#theirs.add(i);
    return undefined;
  }

  #take(piece: number, begin: number, data: Buffer): string | undefined {
    const begun = this.#begun.get(piece);
    const due = Math.min(BLOCK, this.#into.sizeOf(piece) - begin);
    if (!begun || !this.#asked.delete(`${piece}:${begin}`) || data.length !== due) return `block ${piece}:${begin}`;
    data.copy(begun.bytes, begin);
    begun.left -= data.length;
    if (begun.left > 0) return undefined;
    this.#begun.delete(piece);
    return this.#into.put(piece, begun.bytes) ? undefined : `a bad piece ${piece}`;
  }

  #ask(): void {
    if (!this.#unchoked || !this.#into.shape) return;
    for (let piece = 0; piece < this.#into.pieceCount; piece++) {
      if (!this.#theirs.has(piece) || this.#into.pieces.has(piece)) continue;
      const size = this.#into.sizeOf(piece);
      const begun = this.#begun.get(piece) ?? { bytes: Buffer.alloc(size), left: size, askedTo: 0 };
      this.#begun.set(piece, begun);
      for (; begun.askedTo < size; begun.askedTo += BLOCK) {
        if (this.#asked.size >= WINDOW) return;
        this.#asked.add(`${piece}:${begun.askedTo}`);
        this.#talk.say(ID.request, piece, begun.askedTo, Math.min(BLOCK, size - begun.askedTo));
      }
    }
  }
}
