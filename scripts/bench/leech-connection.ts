/** One leeching peer: it keeps `depth` requests open, walks through the torrent again and again, and throws the data away. */
import net, { type Socket } from 'node:net';
import { BLOCK_BYTES } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, newPeerId } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';

const LENGTH_BYTES = 4;
const REQUEST_BYTES = 17;
const PIECE_FRAME_BYTES = 9 + BLOCK_BYTES;
const CHOKE = 0;
const UNCHOKE = 1;
const PIECE = 7;
const READ_BYTES = 256 * 1024;

export type LeechOptions = {
  readonly meta: Metainfo;
  readonly port: number;
  /** 0, 1, ...: its place among the connections, and where in the torrent it begins. */
  readonly number: number;
  readonly of: number;
  readonly depth: number;
  /** Where it connects from: peers keep one connection per address. */
  readonly address: string;
  onBlock(): void;
  onFault(why: string): void;
};

export class LeechConnection {
  readonly #o: LeechOptions;
  readonly #socket: Socket;
  readonly #blocks: number;
  readonly #requests: Buffer;
  /** Length and kind of the message that is being read. */
  readonly #head = Buffer.alloc(LENGTH_BYTES + 1);
  #headBytes = 0;
  #skip = HANDSHAKE_BYTES;
  #reading = -1;
  #unchoked = false;
  #open = 0;
  #next: number;

  constructor(o: LeechOptions) {
    this.#o = o;
    // Whole blocks only, so that every answer has the same length.
    this.#blocks = Math.floor(o.meta.totalBytes / BLOCK_BYTES);
    this.#next = Math.floor((this.#blocks / o.of) * o.number);
    this.#requests = Buffer.alloc(REQUEST_BYTES * o.depth);
    this.#socket = net.connect({
      host: '127.0.0.1',
      port: o.port,
      localAddress: o.address,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (bytes, buffer) => {
          this.#read(buffer as Buffer, bytes);
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => o.onFault(error.message));
    this.#socket.on('close', () => o.onFault('the server closed a connection'));
    this.#socket.write(encodeHandshake({ infoHash: o.meta.infoHash, peerId: newPeerId() }));
    this.#socket.write(encodeMessage({ kind: 'interested' }));
  }

  #read(bytes: Buffer, length: number): void {
    for (let at = 0; at < length; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#finished();
      } else if (this.#headBytes < this.#head.length) {
        this.#head[this.#headBytes++] = bytes[at++] as number;
        this.#headRead();
      }
    }
    this.#ask();
  }

  #headRead(): void {
    if (this.#headBytes < LENGTH_BYTES) return;
    const length = this.#head.readUInt32BE(0);
    if (length === 0) {
      this.#headBytes = 0; // keep-alive
      return;
    }
    if (this.#headBytes < this.#head.length) return;
    this.#reading = this.#head[LENGTH_BYTES] as number;
    if (this.#reading === PIECE && length !== PIECE_FRAME_BYTES) this.#o.onFault(`a block of ${length - 9} bytes`);
    this.#skip = length - 1;
    if (this.#skip === 0) this.#finished();
  }

  #finished(): void {
    this.#headBytes = 0;
    const kind = this.#reading;
    this.#reading = -1;
    if (kind === PIECE) {
      this.#open--;
      this.#o.onBlock();
    } else if (kind === UNCHOKE) this.#unchoked = true;
    else if (kind === CHOKE) {
      // Without the fast extension a choke discards what was asked (BEP 3).
      this.#unchoked = false;
      this.#open = 0;
    }
  }

  /** A quarter of the pipeline at a time, as clients do, in one write. */
  #ask(): void {
    const { depth, meta } = this.#o;
    if (!this.#unchoked || this.#open > depth - Math.max(1, depth >> 2)) return;
    let at = 0;
    for (; this.#open < depth; this.#open++) {
      const offset = this.#next * BLOCK_BYTES;
      this.#next = (this.#next + 1) % this.#blocks;
      this.#requests.writeUInt32BE(13, at);
      this.#requests[at + 4] = 6;
      this.#requests.writeUInt32BE(Math.floor(offset / meta.pieceLength), at + 5);
      this.#requests.writeUInt32BE(offset % meta.pieceLength, at + 9);
      this.#requests.writeUInt32BE(BLOCK_BYTES, at + 13);
      at += REQUEST_BYTES;
    }
    this.#socket.write(Buffer.from(this.#requests.subarray(0, at)));
  }
}
