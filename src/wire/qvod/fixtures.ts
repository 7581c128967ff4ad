/**
 * For tests: Qvod peers written byte by byte from the facts about the dialect, so that they share no mistake with the codec
 * beside them. They are strict: whatever is not in the dialect is an offence, and ends the connection.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

const NAME = Buffer.from('\x13QVOD protocol\0\0\0\0\0\0', 'latin1');
export const BLOCK = 8_192;
export const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  metafileRequest: 9,
  metafile: 10,
  unhave: 14,
} as const;

export const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest();

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

export type Heard = {
  hello(peerId: string): void;
  /** Returns the offence, if it is one. */
  message(id: number, body: Buffer): string | undefined;
};

/** One end of a connection. */
export class Talk {
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
