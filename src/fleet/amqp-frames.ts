/**
 * How messages become a connection's frames, and frames messages. The library that speaks AMQP joins what it read with what came next, and the frames of each message with one another: every byte of bulk is copied three times
 * into memory that is thrown away, and collecting that costs a receiver more than all it does with the bytes. Here each byte of a body is copied once, from where the socket read it to where the
 * message lies.
 */
import { SpareMemory } from '#base/spare-memory.ts';
import { KIB, MIB } from '#base/units.ts';

/** AMQP 0-9-1, 2.3.5: type, channel, size of the payload; the payload; an end. */
const HEAD_BYTES = 7;
const END = 0xce;
const [HEADER, BODY] = [2, 3];
/** In the payload of a header: class, weight, then the size of the body (2.3.5.2). */
const SIZE_AT = 4;
/** RabbitMQ itself takes no larger message than this. */
const MOST_BYTES = 512 * MIB;

/** The memory of a smaller body is a part of others' memory, or not worth to be kept. */
const BULK_BYTES = 16 * KIB;
/** A node has thirty-two quarters of a megabyte at a time at most, a central some more that the broker has not confirmed. */
const SPARE_BYTES = 8 * MIB;

/** Memory for the bodies of one connection, used again once they are released. */
export class BulkMemory {
  readonly #spare = new SpareMemory(SPARE_BYTES);

  take(bytes: number): Buffer {
    return bytes < BULK_BYTES ? Buffer.allocUnsafeSlow(bytes) : Buffer.from(this.#spare.take(bytes));
  }

  /** Nobody uses it any more: a view of it that somebody kept is empty from now on. */
  release({ buffer, length }: Buffer): void {
    if (length >= BULK_BYTES && buffer instanceof ArrayBuffer && buffer.byteLength === length) this.#spare.give(buffer);
  }
}

/** `frame`: one that is no body, from its first byte to its end. `content`: the whole body of a message. */
export type Came = { readonly frame: Buffer } | { readonly channel: number; readonly content: Buffer };

type Body = { readonly content: Buffer; had: number };

export class FrameJoiner {
  readonly #memory: BulkMemory;
  readonly #mostBytes: number;
  /** What was pushed and is not looked at. */
  #bytes: Buffer = Buffer.alloc(0);
  /** The beginning of a frame. */
  #begun: Buffer = Buffer.alloc(0);
  /** Messages whose bodies are coming, by channel. */
  readonly #bodies = new Map<number, Body>();
  /** Of the body's frame that is coming: its channel, and what lacks, its end among it. */
  #channel = 0;
  #lacks = 0;

  /** `mostBytes`: of one message. */
  constructor(memory: BulkMemory, mostBytes: number = MOST_BYTES) {
    this.#memory = memory;
    this.#mostBytes = mostBytes;
  }

  /** All that was pushed before was looked at. `next` is to be called until it returns nothing: then nothing of `bytes` is kept. */
  push(bytes: Buffer): void {
    this.#bytes = bytes;
  }

  /** Undefined: more is to be pushed first. Throws on what is no AMQP. */
  next(): Came | undefined {
    while (this.#bytes.length > 0) {
      const came = this.#lacks > 0 ? this.#bodyOn() : this.#frameOn();
      if (came) return came;
    }
    return undefined;
  }

  #take(bytes: number): Buffer {
    const taken = this.#bytes.subarray(0, bytes);
    this.#bytes = this.#bytes.subarray(taken.length);
    return taken;
  }

  /** So many bytes of the frame that is coming are in `#begun`. */
  #begin(bytes: number): boolean {
    const lacks = bytes - this.#begun.length;
    if (lacks > 0) this.#begun = Buffer.concat([this.#begun, this.#take(lacks)]);
    return this.#begun.length >= bytes;
  }

  #frameOn(): Came | undefined {
    if (!this.#begin(HEAD_BYTES)) return undefined;
    const [type, channel, size] = [this.#begun.readUInt8(0), this.#begun.readUInt16BE(1), this.#begun.readUInt32BE(3)];
    if (size > this.#mostBytes) throw new Error(`a frame of ${size} bytes`);
    if (type === BODY) {
      const body = this.#bodies.get(channel);
      if (!body || size > body.content.length - body.had) throw new Error('more of a body than there was to be');
      this.#begun = Buffer.alloc(0);
      this.#channel = channel;
      this.#lacks = size + 1;
      return undefined;
    }
    if (!this.#begin(HEAD_BYTES + size + 1)) return undefined;
    const frame = this.#begun;
    this.#begun = Buffer.alloc(0);
    if (frame.at(-1) !== END) throw new Error('a frame that does not end');
    if (type === HEADER) this.#headed(channel, frame);
    return { frame };
  }

  #headed(channel: number, frame: Buffer): void {
    if (frame.length < HEAD_BYTES + SIZE_AT + 8 + 1) throw new Error('a header that is too short');
    const size = frame.readBigUInt64BE(HEAD_BYTES + SIZE_AT);
    if (size > BigInt(this.#mostBytes)) throw new Error(`a message of ${size} bytes`);
    this.#bodies.delete(channel);
    if (size > 0n) this.#bodies.set(channel, { content: this.#memory.take(Number(size)), had: 0 });
  }

  #bodyOn(): Came | undefined {
    const body = this.#bodies.get(this.#channel) as Body;
    const part = this.#take(this.#lacks);
    this.#lacks -= part.length;
    const isEnded = this.#lacks === 0;
    if (isEnded && part.at(-1) !== END) throw new Error('a frame that does not end');
    body.had += part.copy(body.content, body.had, 0, isEnded ? part.length - 1 : part.length);
    if (!isEnded || body.had < body.content.length) return undefined;
    this.#bodies.delete(this.#channel);
    return { channel: this.#channel, content: body.content };
  }
}

/** What is used here of the library's connection (amqplib 2.3, lib/connection.js). */
type Connection = {
  stream: { read(): Buffer | null };
  /** Bytes of one frame. */
  readonly frameMax: number;
  readonly channels: readonly { readonly buffer: { write(frame: Buffer): boolean } }[];
  sentSinceLastCheck: boolean;
  /** Writes the frames of a body. False: its channel has much to write. */
  sendContent(channel: number, body: Buffer): boolean;
  /** What was read and is not looked at. */
  rest: Buffer;
  recvSinceLastCheck: boolean;
  /** The next frame, decoded; false: it has not come yet. */
  recvFrame(): unknown;
};

/** From now on the connection's frames are read as it is said above. `connection`: the library's, opened. */
export function joinFrames(connection: object, memory: BulkMemory): void {
  const reader = connection as Connection;
  const decode = reader.recvFrame;
  if (typeof decode !== 'function' || !Buffer.isBuffer(reader.rest)) throw new Error('bug: another version of amqplib');
  const joiner = new FrameJoiner(memory);
  joiner.push(Buffer.from(reader.rest));
  reader.rest = Buffer.alloc(0);
  reader.recvFrame = () => {
    for (;;) {
      const came = joiner.next();
      if (came && 'content' in came) return came;
      if (came) {
        reader.rest = came.frame;
        return decode.call(reader);
      }
      const bytes = reader.stream.read();
      if (bytes === null) return false;
      reader.recvSinceLastCheck = true;
      joiner.push(bytes);
    }
  };
}

/**
 * From now on the frames of a body lie in one memory, which is the caller's: `memory` returns that of the last body that was sent. The library makes new memory for each frame,
 * filled with zeros first, and leaves it to be collected.
 */
export function frameBodies(connection: object, bulk: BulkMemory): { memory(): Buffer | undefined } {
  const writer = connection as Connection;
  if (typeof writer.sendContent !== 'function' || !(writer.frameMax > HEAD_BYTES + 1))
    throw new Error('bug: another version of amqplib');
  const most = writer.frameMax - HEAD_BYTES - 1;
  let last: Buffer | undefined;
  writer.sendContent = (channel, body) => {
    const count = Math.ceil(body.length / most);
    const memory = bulk.take(body.length + count * (HEAD_BYTES + 1));
    const to = writer.channels[channel]?.buffer;
    let hasRoom = true;
    for (let [from, at] = [0, 0]; from < body.length; from += most) {
      const size = Math.min(most, body.length - from);
      const frame = memory.subarray(at, at + HEAD_BYTES + size + 1);
      frame.writeUInt8(BODY, 0);
      frame.writeUInt16BE(channel, 1);
      frame.writeUInt32BE(size, 3);
      body.copy(frame, HEAD_BYTES, from, from + size);
      frame.writeUInt8(END, HEAD_BYTES + size);
      hasRoom = to?.write(frame) ?? false;
      at += frame.length;
    }
    last = memory;
    writer.sentSinceLastCheck = true;
    return hasRoom;
  };
  return {
    memory: () => {
      const memory = last;
      last = undefined;
      return memory;
    },
  };
}
