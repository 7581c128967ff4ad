import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunksOf, fuzzRuns } from './fixtures.ts';
import type { Message } from './frames.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from './frames.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b));
const bare = fc
  .constantFrom('keep-alive', 'choke', 'unchoke', 'interested', 'not-interested', 'have-all', 'have-none')
  .map((kind) => ({ kind }) as Message);
const aboutPiece = fc
  .tuple(fc.constantFrom('have', 'suggest', 'allowed-fast'), u32)
  .map(([kind, piece]) => ({ kind, piece }) as Message);
const aboutBlock = fc
  .tuple(fc.constantFrom('request', 'cancel', 'reject'), u32, u32, u32)
  .map(([kind, piece, begin, length]) => ({ kind, piece, begin, length }) as Message);
const withBytes: fc.Arbitrary<Message> = fc.oneof(
  bytes.map((bits) => ({ kind: 'bitfield' as const, bits })),
  fc.tuple(u32, u32, bytes).map(([piece, begin, data]) => ({ kind: 'piece' as const, piece, begin, data })),
  fc.nat(0xffff).map((port) => ({ kind: 'port' as const, port })),
  fc.tuple(fc.nat(255), bytes).map(([id, payload]) => ({ kind: 'extended' as const, id, payload })),
);
const root = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b));
const range = fc.record({ piecesRoot: root, baseLayer: u32, index: u32, length: u32, proofLayers: u32 });
const aboutHashes: fc.Arbitrary<Message> = fc.oneof(
  fc
    .tuple(fc.constantFrom('hash-request' as const, 'hash-reject' as const), range)
    .map(([kind, r]) => ({ kind, ...r })),
  fc
    .tuple(range, fc.array(root, { maxLength: 3 }))
    .map(([r, all]) => ({ kind: 'hashes' as const, ...r, hashes: Buffer.concat(all) })),
);
const message = fc.oneof(bare, aboutPiece, aboutBlock, withBytes, aboutHashes);

test('every message survives its own bytes', () => {
  fc.assert(
    fc.property(message, (m) => assert.deepEqual(decodeMessage(encodeMessage(m)), { kind: 'ok', value: m })),
    { numRuns: 1000 },
  );
});

test('messages have the ids of BEP 3, 6, 10 and 52', () => {
  const hex = (m: Message): string => encodeMessage(m).toString('hex');
  assert.equal(hex({ kind: 'have', piece: 258 }), '000000050400000102');
  assert.equal(hex({ kind: 'request', piece: 1, begin: 2, length: 3 }), '0000000d06000000010000000200000003');
  assert.equal(hex({ kind: 'piece', piece: 1, begin: 2, data: Buffer.of(9) }), '0000000a07000000010000000209');
  assert.equal(hex({ kind: 'port', port: 0x1ae1 }), '00000003091ae1');
  assert.equal(hex({ kind: 'have-all' }), '000000010e');
  assert.equal(hex({ kind: 'reject', piece: 0, begin: 0, length: 1 }), '0000000d10000000000000000000000001');
  const range = { piecesRoot: Buffer.alloc(32, 0xee), baseLayer: 1, index: 2, length: 4, proofLayers: 5 };
  const body = `${'ee'.repeat(32)}00000001000000020000000400000005`;
  assert.equal(hex({ kind: 'hash-request', ...range }), `0000003115${body}`);
  assert.equal(hex({ kind: 'hash-reject', ...range }), `0000003117${body}`);
  const hashes = Buffer.alloc(32, 1);
  assert.equal(hex({ kind: 'hashes', ...range, hashes }), `0000005116${body}${hashes.toString('hex')}`);
  assert.equal(hex({ kind: 'extended', id: 3, payload: Buffer.from('de') }), '0000000414036465');
});

test('a body of the wrong length is refused, an id that nobody knows is named', () => {
  const frame = (id: number, size: number): Buffer => {
    const b = Buffer.alloc(5 + size);
    b.writeUInt32BE(1 + size, 0);
    b[4] = id;
    return b;
  };
  for (const [id, size] of [
    [0, 1],
    [4, 3],
    [4, 5],
    [6, 11],
    [6, 13],
    [7, 7],
    [9, 1],
    [9, 3],
    [13, 0],
    [14, 1],
    [16, 0],
    [20, 0],
    [21, 47],
    [21, 80],
    [22, 47],
    [22, 49],
    [23, 80],
  ] as const) {
    assert.equal(decodeMessage(frame(id, size)).kind, 'bad', `id ${id}, ${size} bytes`);
  }
  assert.deepEqual(decodeMessage(frame(24, 48)), { kind: 'ok', value: { kind: 'unknown', id: 24 } });
  assert.equal(decodeMessage(frame(4, 4).subarray(0, 8)).kind, 'bad');
  assert.throws(() => encodeMessage({ kind: 'unknown', id: 24 }), RangeError);
});

test('no frame makes the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
      decodeMessage(Buffer.from(body));
      const frame = Buffer.concat([Buffer.alloc(4), body]);
      frame.writeUInt32BE(body.length, 0);
      decodeMessage(frame);
    }),
    { numRuns: fuzzRuns },
  );
});

test('a stream is cut into the same frames whatever the portions, byte by byte too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3000), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 }),
      (sizes, portions) => {
        const frames = sizes.map((size, i) => {
          const frame = Buffer.alloc(4 + size, i + 1);
          frame.writeUInt32BE(size, 0);
          return frame;
        });
        for (const cut of [portions, [1]]) {
          const splitter = new FrameSplitter(3004);
          const seen: Buffer[] = [];
          for (const chunk of chunksOf(Buffer.concat(frames), cut)) {
            assert.equal(
              splitter.push(chunk, (f) => void seen.push(f)),
              undefined,
            );
            assert.ok(splitter.heldBytes < 3004);
          }
          assert.deepEqual(seen, frames);
          assert.equal(splitter.heldBytes, 0);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a frame that lies whole in a chunk is not copied', () => {
  const chunk = Buffer.concat([encodeMessage({ kind: 'unchoke' }), encodeMessage({ kind: 'have', piece: 1 })]);
  new FrameSplitter(100).push(chunk, (frame) => assert.equal(frame.buffer, chunk.buffer));
});

test('a frame over the limit ends the stream for good, also when its length comes in two chunks', () => {
  for (const portions of [[100], [1], [3]]) {
    const splitter = new FrameSplitter(1000);
    const seen: Buffer[] = [];
    const long = Buffer.concat([encodeMessage({ kind: 'choke' }), Buffer.from('000003e5', 'hex'), Buffer.alloc(50)]);
    let why: string | undefined;
    for (const chunk of chunksOf(long, portions)) why = splitter.push(chunk, (f) => void seen.push(f));
    assert.match(why ?? '', /1001 bytes/);
    assert.equal(seen.length, 1);
    assert.equal(splitter.heldBytes, 0);
    assert.ok(splitter.push(encodeMessage({ kind: 'choke' }), () => assert.fail('after the end')));
  }
  const negative = new FrameSplitter(1000);
  assert.ok(negative.push(Buffer.from('ffffffff00', 'hex'), () => assert.fail('a negative length is no keep-alive')));
});

test('four bytes do not make the splitter reserve the frame they announce', () => {
  const before = process.memoryUsage().arrayBuffers;
  const splitters = Array.from({ length: 200 }, () => new FrameSplitter(64 * 1024 * 1024));
  for (const s of splitters) s.push(Buffer.from('03ffff0007', 'hex'), () => {});
  assert.ok(process.memoryUsage().arrayBuffers - before < 200 * 64 * 1024);
});
