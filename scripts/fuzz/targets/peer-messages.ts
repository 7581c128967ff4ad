import assert from 'node:assert/strict';
import { endpointKey } from '#base/endpoint.ts';
import { encode } from '#wire/bencode.ts';
import {
  type ExtendedHandshake,
  encodeExtendedHandshake,
  encodeMetadata,
  MetadataAssembly,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '#wire/frames.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import { encodePex, type PexPeer, parsePex } from '#wire/pex.ts';
import { decodeQvodMessage } from '#wire/qvod/messages.ts';
import { assertBounded, assertSameHoweverCut, assertUntouched } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';
import { anyValue, BENCODE_TOKENS } from './bencode.ts';

const MAX_FRAME_BYTES = 2048;

const anyRange = (random: Random): HashRange => ({
  piecesRoot: random.bytes(32),
  baseLayer: random.size(0xffff_ffff),
  index: random.size(0xffff_ffff),
  length: random.size(0xffff_ffff),
  proofLayers: random.size(0xffff_ffff),
});

export function anyMessage(random: Random): Message {
  const [piece, begin, length] = [random.size(0xffff_ffff), random.size(0xffff_ffff), random.size(0xffff_ffff)];
  const bytes = (): Buffer => random.bytes(random.size(300));
  return random.pick<() => Message>([
    () => ({ kind: random.pick(['keep-alive', 'choke', 'unchoke', 'interested', 'not-interested'] as const) }),
    () => ({ kind: random.pick(['have-all', 'have-none'] as const) }),
    () => ({ kind: random.pick(['have', 'suggest', 'allowed-fast'] as const), piece }),
    () => ({ kind: random.pick(['request', 'cancel', 'reject'] as const), piece, begin, length }),
    () => ({ kind: 'bitfield', bits: bytes() }),
    () => ({ kind: 'piece', piece, begin, data: bytes() }),
    () => ({ kind: 'port', port: random.below(65_536) }),
    () => ({ kind: random.pick(['hash-request', 'hash-reject'] as const), ...anyRange(random) }),
    () => ({ kind: 'hashes', ...anyRange(random), hashes: random.bytes(32 * random.size(6)) }),
    () => ({ kind: 'extended', id: random.below(4), payload: bytes() }),
  ])();
}

export const anyMessages = (random: Random): Buffer =>
  Buffer.concat(Array.from({ length: 1 + random.size(12) }, () => encodeMessage(anyMessage(random))));

const frames: Target = {
  tokens: [
    '\0\0\0\0',
    '\0\0\0\x01',
    '\0\0\0\x0d\x06',
    '\0\0\0\x05\x04',
    '\0\0\0\x15',
    '\0\0\x07\xfc',
    '\xff\xff\xff\xff',
  ],
  make: anyMessages,
  run(input, random) {
    const whole = assertUntouched(input, () =>
      assertSameHoweverCut(input, random, (chunks) => {
        const splitter = new FrameSplitter(MAX_FRAME_BYTES);
        const seen: string[] = [];
        let why: string | undefined;
        for (const chunk of chunks) why = splitter.push(chunk, (frame) => seen.push(frame.toString('hex'))) ?? why;
        assert.ok(splitter.heldBytes <= MAX_FRAME_BYTES);
        return { seen, why, heldBytes: splitter.heldBytes };
      }),
    );
    for (const hex of whole.seen) {
      const frame = Buffer.from(hex, 'hex');
      const message = decodeMessage(frame);
      if (message.kind === 'ok' && message.value.kind !== 'unknown') {
        assert.equal(encodeMessage(message.value).toString('hex'), hex);
      }
      decodeQvodMessage(frame);
    }
    decodeMessage(input);
    decodeQvodMessage(input);
  },
};

const extended: Target = {
  tokens: [
    ...BENCODE_TOKENS,
    '1:m',
    '11:ut_metadata',
    '13:metadata_size',
    '8:msg_type',
    '5:piece',
    '10:total_size',
    '1:v',
    '4:reqq',
    '1:p',
  ],
  make: (random) => {
    const number = (): number => random.pick([0, 1, 3, 255, 256, 16_384, 16_385, random.next()]);
    if (random.chance(0.4)) {
      const head = encode({ msg_type: random.below(4), piece: number(), total_size: number() });
      return Buffer.concat([head, random.bytes(random.size(200))]);
    }
    return encode({
      m: { ut_metadata: number(), ut_pex: number() },
      metadata_size: number(),
      p: number(),
      reqq: number(),
      v: 'client',
      x: anyValue(random, ['m', 'v', 'p']),
    });
  },
  run(input, random) {
    const hands = assertUntouched(input, () => parseExtendedHandshake(input));
    assertBounded(hands, input);
    if (hands.kind === 'ok') {
      const again = parseExtendedHandshake(encodeExtendedHandshake(hands.value as ExtendedHandshake));
      assert.ok(again.kind === 'ok');
      assert.deepEqual(parseExtendedHandshake(encodeExtendedHandshake(again.value)), again);
    }
    const metadata = parseMetadata(input);
    assertBounded(metadata, input);
    if (metadata.kind === 'ok') assert.deepEqual(parseMetadata(encodeMetadata(metadata.value)), metadata);
    assemble(input, random);
  },
};

/** Pieces of an info dictionary in any order, sizes and numbers taken from the input. */
function assemble(input: Buffer, random: Random): void {
  const totalSize = 1 + random.below(40_000);
  const assembly = new MetadataAssembly(totalSize);
  let state = 'ok';
  for (let at = 0; at + 2 <= input.length && at < 20; at += 2) {
    const piece = (input[at] as number) % 4;
    const size = (input[at + 1] as number) % 3 === 0 ? input.length : Math.min(16_384, totalSize - piece * 16_384);
    const put = assembly.put(piece, Buffer.alloc(Math.max(0, size)));
    if (put !== 'bad') state = put;
  }
  assert.equal(state === 'done', assembly.missing().length === 0);
  if (state === 'done') assert.equal(assembly.bytes().length, totalSize);
}

export const anyPex = (random: Random): Buffer => {
  const list = (size: number): Buffer => random.bytes(random.pick([size, 3 * size, size + 1, 0, 60 * size]));
  return encode({
    added: list(6),
    'added.f': list(1),
    added6: list(18),
    'added6.f': list(1),
    dropped: list(6),
    dropped6: list(18),
    ...(random.chance(0.1) && { x: anyValue(random, ['added']) }),
  });
};

const pex: Target = {
  tokens: [...BENCODE_TOKENS, '5:added', '7:added.f', '6:added6', '8:added6.f', '7:dropped', '8:dropped6'],
  make: anyPex,
  run(input) {
    const read = assertUntouched(input, () => parsePex(input));
    assertBounded(read, input);
    if (read.kind === 'bad') return;
    const { added, dropped } = read.value;
    assert.ok(added.length <= WIRE_LIMITS.pexPeers && dropped.length <= WIRE_LIMITS.pexPeers);
    const again = parsePex(encodePex(read.value));
    assert.ok(again.kind === 'ok');
    // IPv4 comes first when it is written.
    assert.deepEqual(again.value.added.map(spelling).sort(), added.map(spelling).sort());
    assert.deepEqual(again.value.dropped.map(endpointKey).sort(), dropped.map(endpointKey).sort());
  },
};

const spelling = ({ endpoint, flags }: PexPeer): string => `${endpointKey(endpoint)} ${flags}`;

export const peerMessageTargets = { frames, extended, pex };
