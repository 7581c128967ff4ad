import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Carried,
  CONTENT_TYPE,
  type DownMessage,
  decodeDown,
  decodeUp,
  encodeDown,
  encodeUp,
  MESSAGE_BYTES,
  piecesIn,
  rangesOf,
  type UpMessage,
} from './messages.ts';

const id = 'ab'.repeat(32);
const place = { ip: '192.168.77.2', port: 6_881 };
const down: readonly DownMessage[] = [
  { kind: 'discover', epoch: 7 },
  { kind: 'offer', id, manifest: 'e30=', signature: 'AA==', way: 'swarm' },
  { kind: 'seed', id, at: 0, bytes: 'AAAA' },
  { kind: 'go', id },
  { kind: 'start', id, givers: [place], nodes: [{ ip: 'fd00::7', port: 1 }], slot: 0, rateBytesPerS: 1_000 },
  { kind: 'cancel', id },
  { kind: 'install', id, attempt: 1 },
];
const up: readonly UpMessage[] = [
  {
    kind: 'hello',
    role: 'relay',
    site: 'east-1',
    version: '1.0.0',
    epoch: 7,
    beganMs: 1,
    swarm: place,
    freeBytes: 5e12,
    have: [id],
  },
  { kind: 'warn', id, code: 'wrong-pieces', detail: '192.168.1.9' },
  { kind: 'ready', id, have: [[0, 3]] },
  { kind: 'refuse', id, code: 'disk-full', detail: '没有空间' },
  { kind: 'seeded', id, have: [] },
  { kind: 'progress', id, haveBytes: 1 },
  { kind: 'want', id, pieces: [[1, 2]] },
  { kind: 'done', id, ms: 10, amqpBytes: 1, swarmBytes: 2 },
  { kind: 'failed', id, code: 'wrong-bytes' },
  { kind: 'installing', id, attempt: 1 },
  { kind: 'installed', id, attempt: 2, healthy: false, code: 'not-ready' },
];

test('every message is read as it was said', () => {
  for (const message of down) assert.deepEqual(decodeDown(encodeDown(message)), { kind: 'ok', value: message });
  for (const message of up) assert.deepEqual(decodeUp(encodeUp(message)), { kind: 'ok', value: message });
});

test('what is of another version or kind is unsupported, what breaks the rules is bad', () => {
  const go = encodeDown({ kind: 'go', id });
  const read = (over: Partial<Carried>) => decodeDown({ ...go, ...over }).kind;
  assert.equal(read({}), 'ok');
  assert.equal(read({ contentType: 'application/vnd.swarmbox.fleet+json; v=2' }), 'unsupported');
  assert.equal(read({ contentType: '' }), 'unsupported');
  assert.equal(read({ type: 'dance' }), 'unsupported');
  assert.equal(read({ type: 'constructor' }), 'unsupported');
  assert.equal(read({ type: 'hello' }), 'unsupported');
  assert.equal(read({ body: Buffer.from('{') }), 'bad');
  assert.equal(read({ body: Buffer.from('{}') }), 'bad');
  assert.equal(read({ body: Buffer.from('null') }), 'bad');
  assert.equal(read({ body: Buffer.from(JSON.stringify({ id, more: 1 })) }), 'bad');
  assert.equal(read({ body: Buffer.from(JSON.stringify({ id: id.toUpperCase() })) }), 'bad');
  assert.equal(read({ body: Buffer.alloc(MESSAGE_BYTES + 1, 32) }), 'bad');
});

test('what nobody would read is not said', () => {
  assert.throws(() => encodeDown({ kind: 'go', id: 'x' }), /bug: a go/);
  assert.throws(() => encodeUp({ kind: 'ready', id, have: [[0, 1, 2]] }), /bug: a ready/);
  assert.throws(() => encodeUp({ kind: 'progress', id, haveBytes: -1 }), /bug: a progress/);
  assert.throws(() => encodeUp({ kind: 'progress', id, haveBytes: 0.5 }), /bug: a progress/);
});

test('any body of any kind is answered', () => {
  const kinds = fc.constantFrom(...down.map(({ kind }) => kind), ...up.map(({ kind }) => kind));
  fc.assert(
    fc.property(kinds, fc.oneof(fc.json(), fc.string()), (type, text) => {
      const carried = { type, contentType: CONTENT_TYPE, body: Buffer.from(text) };
      for (const decode of [decodeDown, decodeUp]) {
        const read = decode(carried);
        assert.ok(read.kind !== 'ok' || typeof read.value === 'object');
      }
    }),
    { numRuns: 500 },
  );
});

test('runs of pieces are those pieces again', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (has) => {
      const read = piecesIn(
        rangesOf(has.length, (piece) => has[piece] === true),
        has.length,
      );
      assert.ok(read.kind === 'ok');
      assert.deepEqual(
        has.map((_, piece) => read.value.has(piece)),
        has,
      );
    }),
  );
  assert.equal(piecesIn([[5, 2]], 9).kind, 'bad');
  assert.deepEqual(piecesIn([[7, 1e15]], 9), { kind: 'ok', value: new Set([7, 8]) });
});
