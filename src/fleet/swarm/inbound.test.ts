import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeMessage } from '#wire/frames.ts';
import { Inbound, type InboundWorld } from './inbound.ts';
import { SWARM_LIMITS } from './limits.ts';

const PIECES = 20;

function heard(target: (piece: number, begin: number) => Uint8Array | undefined = () => undefined) {
  const said: string[] = [];
  const world: InboundWorld = {
    choke: (is) => void said.push(is ? 'choke' : 'unchoke'),
    have: (piece) => {
      said.push(`have ${piece}`);
      return piece < PIECES ? undefined : 'too far';
    },
    bitfield: (bits) => {
      said.push(`bitfield ${Buffer.from(bits).toString('hex')}`);
      return undefined;
    },
    request: (piece, begin, length) => {
      said.push(`request ${piece} ${begin} ${length}`);
      return undefined;
    },
    cancel: (piece, begin, length) => void said.push(`cancel ${piece} ${begin} ${length}`),
    block: (piece, begin) => target(piece, begin),
    blockEnd: (piece, begin, length) => void said.push(`block ${piece} ${begin} ${length}`),
  };
  return { said, inbound: new Inbound(world, Math.ceil(PIECES / 8)) };
}

const messages = Buffer.concat([
  encodeMessage({ kind: 'keep-alive' }),
  encodeMessage({ kind: 'bitfield', bits: Buffer.from([1, 2, 0x30]) }),
  encodeMessage({ kind: 'unchoke' }),
  encodeMessage({ kind: 'interested' }),
  encodeMessage({ kind: 'extended', id: 0, payload: Buffer.from('d1:md11:ut_metadatai1eee') }),
  encodeMessage({ kind: 'have', piece: 7 }),
  encodeMessage({ kind: 'request', piece: 1, begin: 16_384, length: 5 }),
  encodeMessage({ kind: 'cancel', piece: 1, begin: 16_384, length: 5 }),
  encodeMessage({ kind: 'piece', piece: 2, begin: 0, data: Buffer.from('hello') }),
  encodeMessage({ kind: 'piece', piece: 3, begin: 0, data: Buffer.from('not wanted') }),
  encodeMessage({ kind: 'choke' }),
]);

test('however the bytes are cut, the same is heard, and a block lies where it was wanted', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (cuts) => {
      const place = new Uint8Array(5);
      const { said, inbound } = heard((piece) => (piece === 2 ? place : undefined));
      for (let at = 0, i = 0; at < messages.length; i++) {
        const cut = cuts[i % cuts.length] as number;
        assert.equal(inbound.push(messages.subarray(at, at + cut)), undefined);
        at += cut;
      }
      assert.deepEqual(said, [
        'bitfield 010230',
        'unchoke',
        'have 7',
        'request 1 16384 5',
        'cancel 1 16384 5',
        'block 2 0 5',
        'block 3 0 10',
        'choke',
      ]);
      assert.equal(Buffer.from(place).toString(), 'hello');
    }),
  );
});

test('what cannot be a message ends the connection', () => {
  const why = (bytes: readonly number[]): string | undefined => heard().inbound.push(Buffer.from(bytes));
  assert.match(why([0, 0, 0, 4, 4, 0, 0, 0]) ?? '', /message 4/);
  assert.match(why([0, 0, 0, 9, 4, 0, 0, 0, 1, 0, 0, 0, 0]) ?? '', /too long/);
  assert.match(why([0, 0, 0, 2, 5, 0]) ?? '', /a bitfield of 1 bytes/);
  assert.match(why([0xff, 0, 0, 0, 99]) ?? '', /message 99/);
  assert.match(why([0, 0, 0, 5, 4, 0, 0, 0, 200]) ?? '', /too far/);
  const tooLong = SWARM_LIMITS.requestBytes + 10;
  assert.match(
    why([0, tooLong >> 16, (tooLong >> 8) & 255, tooLong & 255, 7, 0, 0, 0, 0, 0, 0, 0, 0]) ?? '',
    /a block of/,
  );
});

test('any bytes are heard without a throw, and nothing of them is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      const { inbound } = heard();
      for (const chunk of chunks) if (inbound.push(chunk) !== undefined) return;
    }),
    { numRuns: 1_000 },
  );
});
