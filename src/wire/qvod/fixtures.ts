/**
 * For tests: Qvod peers written byte by byte from the facts about the dialect, so that they share no mistake with the codec
 * beside them. They are strict: whatever is not in the dialect is an offence, and ends the connection.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { asBytes, asDict, asInt, decodePrefix } from '../bencode.ts';

const NAME = Buffer.from('\x13QVOD protocol\0\0\0\0\0\0', 'latin1');
const BLOCK = 8_192;
/** Requests that the client keeps open. */
const WINDOW = 32;
const ID = { choke: 0, unchoke: 1, interested: 2, have: 4, bitfield: 5, request: 6, piece: 7, cancel: 8 } as const;
const METAFILE_REQUEST = 9;
const METAFILE = 10;
const UNHAVE = 14;

const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest();
const isSet = (bits: Uint8Array, i: number): boolean => (((bits[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1;

export type QvodFile = {
  readonly content: Buffer;
  readonly pieceLength: number;
  readonly info: Buffer;
  readonly seed: Buffer;
  /** SHA-1 over the piece hashes. */
  readonly hash: Buffer;
  readonly link: string;
};

/** A file as Qvod's own seeder would publish it: keys unsorted, the name (你好) in GBK, the date in words. */
export function qvodFile(content: Buffer, pieceLength = 16_384): QvodFile {
  const hashes: Buffer[] = [];
  for (let at = 0; at < content.length; at += pieceLength) hashes.push(sha1(content.subarray(at, at + pieceLength)));
  const pieces = Buffer.concat(hashes);
  const info = Buffer.concat([
    Buffer.from(`d6:lengthi${content.length}e4:name4:`),
    Buffer.from([0xc4, 0xe3, 0xba, 0xc3]),
    Buffer.from(`12:piece lengthi${pieceLength}e6:pieces${pieces.length}:`),
    pieces,
    Buffer.from('e'),
  ]);
  const announce = '8:announce26:http://track.qvod.com:8080';
  const rest = `${announce}5:adurl0:9:textadurl0:10:pauseadurl0:13:creation date10:2010-01-02e`;
  const hash = sha1(pieces);
  return {
    content,
    pieceLength,
    info,
    seed: Buffer.concat([Buffer.from('d8:encoding3:GBK4:info'), info, Buffer.from(rest)]),
    hash,
    link: `qvod://${content.length}|${hash.toString('hex').toUpperCase()}|[site]你好|`,
  };
}

type Heard = {
  hello(peerId: string): void;
  /** Returns the offence, if it is one. */
  message(id: number, body: Buffer): string | undefined;
};

/** One end of a connection. */
class Talk {
  readonly offences: string[] = [];
  readonly #stream: Duplex;
  readonly #heard: Heard;
  readonly #hash: Buffer;
  #backlog = Buffer.alloc(0);
  #shaken = false;

  constructor(stream: Duplex, hash: Buffer, heard: Heard) {
    this.#stream = stream;
    this.#hash = hash;
    this.#heard = heard;
    stream.on('error', () => {});
    stream.on('end', () => stream.destroy());
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
  }

  get closed(): boolean {
    return this.#stream.destroyed;
  }

  close(): void {
    this.#stream.destroy();
  }

  hello(peerId: string): void {
    this.#stream.write(Buffer.concat([NAME, Buffer.alloc(8), this.#hash, Buffer.from(peerId, 'latin1')]));
  }

  say(id: number, ...parts: (number | Uint8Array)[]): void {
    if (this.closed) return;
    const body = Buffer.concat(
      parts.map((part) => {
        if (typeof part !== 'number') return part;
        const word = Buffer.alloc(4);
        word.writeUInt32BE(part);
        return word;
      }),
    );
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length + 1);
    head[4] = id;
    this.#stream.write(Buffer.concat([head, body]));
  }

  #receive(bytes: Buffer): void {
    this.#backlog = Buffer.concat([this.#backlog, bytes]);
    if (!this.#shaken) {
      if (this.#backlog.length < 68) return;
      const head = this.#backlog.subarray(0, 68);
      if (!head.subarray(0, 20).equals(NAME) || !head.subarray(28, 48).equals(this.#hash)) {
        this.#offend(`a handshake ${head.toString('hex')}`);
        return;
      }
      this.#shaken = true;
      this.#backlog = this.#backlog.subarray(68);
      this.#heard.hello(head.toString('latin1', 48));
    }
    while (!this.closed && this.#backlog.length >= 4) {
      const size = this.#backlog.readUInt32BE(0);
      if (this.#backlog.length < 4 + size) return;
      const frame = this.#backlog.subarray(4, 4 + size);
      this.#backlog = this.#backlog.subarray(4 + size);
      if (size === 0) continue;
      const offence = this.#heard.message(frame[0] as number, frame.subarray(1));
      if (offence !== undefined) this.#offend(offence);
    }
  }

  #offend(what: string): void {
    this.offences.push(what);
    this.close();
  }
}

export type QvodSeedHabits = { metafile?: boolean; lies?: boolean };

/** Has the whole file and answers for it. */
export class QvodSeeder {
  readonly requests: string[] = [];
  metafiles = 0;
  /** The peer id of who dialled. */
  caller = '';
  readonly #talk: Talk;

  constructor(stream: Duplex, file: QvodFile, habits: QvodSeedHabits = {}) {
    const { content, pieceLength } = file;
    const count = Math.ceil(content.length / pieceLength);
    const bits = Buffer.alloc(Math.ceil(count / 8));
    for (let i = 0; i < count; i++) bits[i >> 3] = (bits[i >> 3] as number) | (0x80 >> (i & 7));
    this.#talk = new Talk(stream, file.hash, {
      hello: (peerId) => {
        this.caller = peerId;
        this.#talk.hello('QVOD0052AAAA5EED0000');
        this.#talk.say(ID.bitfield, bits);
      },
      message: (id, body) => {
        if (id === ID.interested) this.#talk.say(ID.unchoke);
        else if (id === METAFILE_REQUEST && body.equals(file.hash)) {
          this.metafiles++;
          if (habits.metafile ?? true) this.#talk.say(METAFILE, file.seed);
        } else if (id === ID.request) {
          const [piece, begin, length] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)];
          const at = piece * pieceLength + begin;
          if (body.length !== 12 || length > BLOCK || at + length > content.length)
            return `request ${body.toString('hex')}`;
          this.requests.push(`${piece}:${begin}`);
          const data = Buffer.from(content.subarray(at, at + length));
          if (habits.lies) data[0] = (data[0] as number) ^ 1;
          this.#talk.say(ID.piece, piece, begin, data);
        } else if (id !== ID.cancel && id !== ID.have) return `message ${id} of ${body.length} bytes`;
        return undefined;
      },
    });
  }

  get offences(): readonly string[] {
    return this.#talk.offences;
  }

  get closed(): boolean {
    return this.#talk.closed;
  }

  say(id: number, ...parts: (number | Uint8Array)[]): void {
    this.#talk.say(id, ...parts);
  }
}

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
        else this.#talk.say(METAFILE_REQUEST, into.hash);
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
    if (id === METAFILE) {
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
    else if (id === UNHAVE && body.length === 4) {
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
