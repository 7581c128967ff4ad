import net, { type Socket } from 'node:net';
import { BLOCK_BYTES } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, newPeerId } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Answers } from './answers.ts';
import type { LoadConnection, Tally } from './connection.ts';
import { EncryptedStart } from './encrypted-start.ts';
import { TimedRequest } from './timed-request.ts';
import type { Walk } from './walk.ts';

const REQUEST_BYTES = 17;
/** Shared by all connections: what was read is dealt with before anything else is. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

export type LeechOptions = {
  readonly meta: Pick<Metainfo, 'infoHash'>;
  readonly port: number;
  readonly depth: number;
  /** RC4 in both directions, and nothing else is offered. */
  readonly encrypted: boolean;
  readonly walk: Walk;
  /** Where it connects from: peers keep one connection per address. */
  readonly address: string;
};

/** One leeching peer: it keeps `depth` requests of 16 KiB open and throws the data away. */
export class LeechConnection implements LoadConnection {
  readonly #o: LeechOptions;
  readonly #tally: Tally;
  readonly #socket: Socket;
  readonly #answers: Answers;
  readonly #timed: TimedRequest;
  readonly #requests: Buffer;
  readonly #encrypted: EncryptedStart | undefined;
  #handshakeBytes = HANDSHAKE_BYTES;
  #unchoked = false;
  #asking = false;
  #isLost = false;
  answered = false;
  open = 0;

  constructor(o: LeechOptions, tally: Tally) {
    this.#o = o;
    this.#tally = tally;
    this.#timed = new TimedRequest((ms) => tally.took(ms));
    this.#requests = Buffer.alloc(REQUEST_BYTES * o.depth);
    this.#answers = new Answers({
      block: () => this.#gotBlock(),
      choked: (choked) => this.#choked(choked),
      fault: (why) => tally.fault(why),
      told: o.walk.told,
    });
    const callback = (bytes: number): boolean => {
      this.#read(bytes);
      return true;
    };
    const { port, address: localAddress } = o;
    const onread = { buffer: READ_BUFFER, callback };
    this.#socket = net.connect({ host: '127.0.0.1', port, localAddress, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#lost(error.message));
    this.#socket.on('close', () => this.#lost('the server closed a connection'));
    const handshake = encodeHandshake({ infoHash: o.meta.infoHash, peerId: newPeerId() });
    this.#encrypted = o.encrypted ? new EncryptedStart(o.meta.infoHash, handshake) : undefined;
    this.#socket.write(this.#encrypted?.first() ?? handshake);
  }

  get ready(): boolean {
    return this.#unchoked;
  }

  start(): void {
    this.#asking = true;
    this.#ask();
  }

  stop(): void {
    this.#asking = false;
  }

  /** aria2 closes what nothing went over for a minute: it leaves most clients choked, and chokes them again with requests open. */
  #lost(why: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    if (this.answered && (this.open === 0 || !this.#asking)) this.#tally.left(this);
    else this.#tally.fault(why);
  }

  #read(length: number): void {
    this.answered = true;
    const encrypted = this.#encrypted;
    if (!encrypted) this.#readPlain(READ_BUFFER, length);
    // From here on there is nothing but blocks; whoever does not want their content need not decrypt them.
    else if (this.#unchoked && this.#answers.between) {
      if (this.open > 0) this.#answers.count(length);
    } else {
      const step = encrypted.push(Buffer.from(READ_BUFFER.subarray(0, length)));
      if (step.fault !== undefined) this.#tally.fault(step.fault);
      for (const bytes of step.send) this.#socket.write(bytes);
      this.#readPlain(step.plain, step.plain.length);
    }
    this.#ask();
  }

  #readPlain(bytes: Buffer, length: number): void {
    const from = Math.min(this.#handshakeBytes, length);
    this.#handshakeBytes -= from;
    // Not before: aria2 bans a peer whose next message comes with its handshake.
    if (from > 0 && this.#handshakeBytes === 0) this.#write(encodeMessage({ kind: 'interested' }));
    this.#answers.push(bytes, from, length);
  }

  #write(bytes: Buffer): void {
    this.#socket.write(this.#encrypted?.encrypt(bytes) ?? bytes);
  }

  #gotBlock(): void {
    this.open--;
    this.#timed.answered();
    this.#tally.received(this, BLOCK_BYTES);
  }

  #choked(choked: boolean): void {
    this.#unchoked = !choked;
    if (!choked) return;
    // Without the fast extension a choke discards what was asked (BEP 3).
    this.open = 0;
    this.#timed.forget();
  }

  /** A quarter of the pipeline at a time, as clients do, in one write. */
  #ask(): void {
    const { depth, walk } = this.#o;
    if (!this.#asking || !this.#unchoked || this.open > depth - Math.max(1, depth >> 2)) return;
    const open = this.open;
    let at = 0;
    for (; this.open < depth; this.open++) {
      const block = walk.next();
      if (!block) break;
      this.#requests.writeUInt32BE(13, at);
      this.#requests[at + 4] = 6;
      this.#requests.writeUInt32BE(block.piece, at + 5);
      this.#requests.writeUInt32BE(block.begin, at + 9);
      this.#requests.writeUInt32BE(BLOCK_BYTES, at + 13);
      at += REQUEST_BYTES;
    }
    if (at === 0) return;
    this.#timed.asked(open);
    this.#write(Buffer.from(this.#requests.subarray(0, at)));
  }
}
