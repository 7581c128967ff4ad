import assert from 'node:assert/strict';
import { decode, decodePrefix, type Encodable, encode } from '#wire/bencode.ts';
import { assertBounded, assertUntouched } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

export const BENCODE_TOKENS = ['d', 'l', 'e', 'i', '0:', '1:a', 'i0e', 'i-1e', 'le', 'de', '-', ':', '20:', 'i1e'];

/** Any value, with keys of `words` among others. */
export function anyValue(random: Random, words: readonly string[] = ['a'], depth = 0): Encodable {
  switch (random.below(depth > 4 ? 3 : 6)) {
    case 0:
      return random.pick([0, 1, -1, 20, 65_535, Number.MAX_SAFE_INTEGER, random.next()]);
    case 1:
      return random.bytes(random.pick([0, 4, 6, 18, 20, 26, 32, random.size(64)]));
    case 2:
      return random.pick(words);
    case 3:
      return Array.from({ length: random.size(6) }, () => anyValue(random, words, depth + 1));
    default: {
      const size = random.size(8);
      return new Map(Array.from({ length: size }, () => [random.pick(words), anyValue(random, words, depth + 1)]));
    }
  }
}

const bencode: Target = {
  tokens: BENCODE_TOKENS,
  make: (random) => encode(anyValue(random, ['a', 'b', 'info', '', '\xff'])),
  run(input) {
    for (const keys of ['sorted', 'any-order'] as const) {
      const read = assertUntouched(input, () => decode(input, { keys }));
      assertBounded(read, input);
      if (read.kind === 'bad') continue;
      const written = encode(read.value);
      if (keys === 'sorted') assert.ok(written.equals(input), 'what is read strictly has one spelling');
      const again = decode(written);
      assert.ok(again.kind === 'ok' && encode(again.value).equals(written));
    }
    const prefix = decodePrefix(input, { keys: 'any-order' });
    if (prefix.kind === 'bad') return;
    assert.ok(prefix.value.end <= input.length);
    for (const { start, end } of prefix.value.spans.values()) {
      assert.ok(0 < start && start < end && end <= prefix.value.end);
      assert.ok(decode(input.subarray(start, end), { keys: 'any-order' }).kind === 'ok');
    }
  },
};

export const bencodeTargets = { bencode };
