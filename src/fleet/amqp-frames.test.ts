import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BulkMemory, type Came, FrameJoiner, frameBodies, joinFrames } from './amqp-frames.ts';

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(0xce)]);
}

function header(channel: number, bytes: number): Buffer {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(60, 0);
  payload.writeBigUInt64BE(BigInt(bytes), 4);
  return frame(2, channel, payload);
}

const method = (channel: number, text: string): Buffer => frame(1, channel, Buffer.from(text));

/** The message as its frames, with bodies of at most `most` bytes. */
function framesOf(channel: number, body: Buffer, most: number): Buffer[] {
  const frames = [method(channel, 'deliver'), header(channel, body.length)];
  for (let at = 0; at < body.length; at += most) frames.push(frame(3, channel, body.subarray(at, at + most)));
  return frames;
}

function read(joiner: FrameJoiner, bytes: Buffer): Came[] {
  joiner.push(bytes);
  const all: Came[] = [];
  for (let came = joiner.next(); came; came = joiner.next()) all.push(came);
  return all;
}

const contentsOf = (all: readonly Came[]): string[] =>
  all.flatMap((came) => ('content' in came ? [`${came.channel} ${came.content}`] : []));

test('however the bytes are cut, and whoever else speaks in between, each body comes once and whole', () => {
  const parts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });
  const bodies = fc.array(fc.string({ maxLength: 60 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(bodies, parts, fc.integer({ min: 1, max: 20 }), (texts, cuts, most) => {
      // Frames of several channels are mixed; those of one stay in order.
      const queues = texts.map((text, i) => framesOf(i + 1, Buffer.from(text), most));
      const mixed: Buffer[] = [];
      for (let i = 0; queues.some(({ length }) => length > 0); i++) {
        const next = queues[(cuts[i % cuts.length] as number) % queues.length]?.shift();
        if (next) mixed.push(next);
        if (i > 500) for (const rest of queues) mixed.push(...rest.splice(0));
        if (i % 3 === 0) mixed.push(frame(8, 0, Buffer.alloc(0)));
      }
      const stream = Buffer.concat(mixed);
      const joiner = new FrameJoiner(new BulkMemory());
      const all: Came[] = [];
      // One memory for all that is read, as a socket has it.
      const memory = Buffer.alloc(40);
      for (let [at, i] = [0, 0]; at < stream.length; i++) {
        const bytes = stream.copy(memory, 0, at, at + (cuts[i % cuts.length] as number));
        all.push(...read(joiner, memory.subarray(0, bytes)));
        at += bytes;
      }
      const wanted = texts.map((text, i) => `${i + 1} ${text}`).filter((_, i) => texts[i] !== '');
      assert.deepEqual(contentsOf(all).sort(), wanted.sort());
      const others = mixed.filter((each) => each[0] !== 3);
      assert.deepEqual(
        all.flatMap((came) => ('frame' in came ? [came.frame] : [])),
        others,
      );
    }),
    { numRuns: 300 },
  );
});

test('what is no AMQP is said to be none, and takes no memory', () => {
  const endless = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -1), Buffer.of(0)]);
  const bad: Buffer[] = [
    frame(3, 1, Buffer.from('nobody said how long it is')),
    Buffer.concat([header(1, 3), frame(3, 1, Buffer.from('four'))]),
    Buffer.concat([header(1, 3), endless(frame(3, 1, Buffer.from('abc')))]),
    endless(method(1, 'x')),
    header(1, 2_000),
    Buffer.from([1, 0, 1, 255, 255, 255, 255]),
    frame(2, 1, Buffer.alloc(5)),
  ];
  for (const bytes of bad)
    assert.throws(() => read(new FrameJoiner(new BulkMemory(), 1_000), bytes), Error, bytes.toString('hex'));
});

test('whatever comes, it ends in frames or in an error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (chunks) => {
      const joiner = new FrameJoiner(new BulkMemory(), 5_000);
      try {
        for (const chunk of chunks) read(joiner, Buffer.from(chunk));
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof RangeError), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

/** Of the library's connection what is used here. */
function connection() {
  const incoming: Buffer[] = [];
  const written: Buffer[] = [];
  return {
    incoming,
    written,
    stream: { read: () => incoming.shift() ?? null },
    frameMax: 18,
    channels: [undefined, { buffer: { write: (each: Buffer) => written.push(Buffer.from(each)) > 0 } }],
    rest: Buffer.alloc(0),
    recvSinceLastCheck: false,
    sentSinceLastCheck: false,
    recvFrame(): unknown {
      const was = this.rest;
      this.rest = Buffer.alloc(0);
      return `decoded ${was[0]}`;
    },
    sendContent: (): boolean => assert.fail('the library sends it'),
  };
}

test('a connection is given frames that it decodes, and bodies that it need not', () => {
  const it = connection();
  const frames = framesOf(7, Buffer.from('a body of some length'), 8);
  it.rest = Buffer.from((frames[0] as Buffer).subarray(0, 5));
  joinFrames(it, new BulkMemory());
  assert.equal(it.recvFrame(), false);
  assert.equal(it.recvSinceLastCheck, false);
  const rest = Buffer.concat(frames).subarray(5);
  it.incoming.push(Buffer.from(rest.subarray(0, 40)), Buffer.from(rest.subarray(40)));
  assert.deepEqual([it.recvFrame(), it.recvFrame()], ['decoded 1', 'decoded 2']);
  assert.deepEqual(it.recvFrame(), { channel: 7, content: Buffer.from('a body of some length') });
  assert.equal(it.recvFrame(), false);
  assert.equal(it.recvSinceLastCheck, true);
  assert.throws(() => joinFrames({}, new BulkMemory()), /another version/);
});

test('the frames of a body lie in one memory, which is the caller’s', () => {
  const it = connection();
  const frames = frameBodies(it, new BulkMemory());
  const body = Buffer.from('a body of some length');
  assert.equal((it.sendContent as (channel: number, body: Buffer) => boolean)(1, body), true);
  const joiner = new FrameJoiner(new BulkMemory());
  assert.deepEqual(contentsOf(read(joiner, Buffer.concat([header(1, body.length), ...it.written]))), [`1 ${body}`]);
  assert.ok(it.written.every(({ length }) => length <= it.frameMax));
  assert.equal(frames.memory()?.byteLength, Buffer.concat(it.written).length);
  assert.equal(frames.memory(), undefined);
  assert.ok(it.sentSinceLastCheck);
  assert.throws(() => frameBodies({}, new BulkMemory()), /another version/);
});

test('a body that was released is the memory of the next one', () => {
  const memory = new BulkMemory();
  const joiner = new FrameJoiner(memory);
  const bodies = [Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 2)];
  const contents = bodies.map((body) => {
    const came = read(joiner, Buffer.concat(framesOf(3, body, 60_000))).find((one) => 'content' in one);
    const { content } = came as { content: Buffer };
    assert.deepEqual(content, body);
    memory.release(content);
    memory.release(content);
    return content;
  });
  assert.deepEqual(
    contents.map(({ length }) => length),
    [0, 0],
  );
  assert.notEqual(memory.take(100_000).buffer, memory.take(100_000).buffer);
});

test('a small body is not taken away from others that lie beside it', () => {
  const memory = new BulkMemory();
  const small = Buffer.from('a small one');
  memory.release(small);
  assert.equal(`${small}`, 'a small one');
});
