import net, { type Socket } from 'node:net';
import { MIB } from '#base/units.ts';
import type { LoadConnection, Tally } from './connection.ts';
import { TimedRequest } from './timed-request.ts';

const RANGE_BYTES = MIB;
/** One answer is on its way while the next is asked for. */
const DEPTH = 2;
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** A server's head of an answer: a few hundred bytes. */
const HEAD_BYTES = 4096;
const HEAD_END = '\r\n\r\n';

export type RangeOptions = {
  readonly port: number;
  readonly path: string;
  readonly fileBytes: number;
  /** Where it begins, 0 to 1. */
  readonly from: number;
  readonly address: string;
};

/** Reads one file in ranges of 1 MiB over one HTTP connection, round and round, and throws the data away. */
export class RangeConnection implements LoadConnection {
  readonly #o: RangeOptions;
  readonly #tally: Tally;
  readonly #socket: Socket;
  readonly #timed: TimedRequest;
  readonly #ranges: number;
  #next: number;
  #head = '';
  /** Bytes that are left of the answer; 0: its head comes. */
  #left = 0;
  #asking = false;
  open = 0;
  ready = false;

  constructor(o: RangeOptions, tally: Tally) {
    this.#o = o;
    this.#tally = tally;
    this.#timed = new TimedRequest((ms) => tally.took(ms));
    this.#ranges = Math.floor(o.fileBytes / RANGE_BYTES);
    this.#next = Math.floor(o.from * this.#ranges);
    const callback = (bytes: number): boolean => {
      this.#read(bytes);
      return true;
    };
    const { port, address: localAddress } = o;
    const onread = { buffer: READ_BUFFER, callback };
    this.#socket = net.connect({ host: '127.0.0.1', port, localAddress, noDelay: true, onread });
    this.#socket.on('connect', () => {
      this.ready = true;
    });
    this.#socket.on('error', (error) => tally.fault(error.message));
    this.#socket.on('close', () => tally.fault('the server closed a connection'));
  }

  get answered(): boolean {
    return this.ready;
  }

  start(): void {
    this.#asking = true;
    this.#ask();
  }

  stop(): void {
    this.#asking = false;
  }

  #ask(): void {
    let text = '';
    for (; this.#asking && this.open < DEPTH; this.open++) {
      this.#timed.asked(this.open);
      const begin = this.#next * RANGE_BYTES;
      this.#next = (this.#next + 1) % this.#ranges;
      text += `GET ${this.#o.path} HTTP/1.1\r\nHost: bench\r\nRange: bytes=${begin}-${begin + RANGE_BYTES - 1}${HEAD_END}`;
    }
    if (text) this.#socket.write(text);
  }

  #read(length: number): void {
    for (let at = 0; at < length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, length - at);
        this.#left -= step;
        at += step;
        this.#tally.received(this, step);
        if (this.#left === 0) this.#answered();
      } else at = this.#readHead(at, length);
    }
    this.#ask();
  }

  /** Where it ended. */
  #readHead(at: number, length: number): number {
    const before = this.#head.length;
    this.#head += READ_BUFFER.toString('latin1', at, Math.min(length, at + HEAD_BYTES));
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return this.#head.length > HEAD_BYTES ? this.#refused(length) : length;
    if (!this.#head.startsWith('HTTP/1.1 206 ')) return this.#refused(length);
    this.#left = RANGE_BYTES;
    this.#head = '';
    return at + end + HEAD_END.length - before;
  }

  #refused(length: number): number {
    this.#tally.fault(`an answer that is no range: ${this.#head.split('\r\n')[0]}`);
    return length;
  }

  #answered(): void {
    this.open--;
    this.#timed.answered();
  }
}
