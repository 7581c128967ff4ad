import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BValue, Encodable } from './bencode.ts';
import { asDict, asInt, asText, decode, decodePrefix, encode } from './bencode.ts';
import { fuzzRuns } from './fixtures.ts';

const text = (s: string): Buffer => Buffer.from(s, 'latin1');
const { value: anything } = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .uniqueArray(
        fc.tuple(
          fc.uint8Array({ maxLength: 6 }).map((b) => Buffer.from(b).toString('latin1')),
          tie('value'),
        ),
        {
          selector: ([key]) => key,
          maxLength: 5,
        },
      )
      .map((entries) => new Map(entries)),
  ),
}));

/** Maps and views compared by their content and type. */
const plain = (v: BValue | Encodable): unknown => {
  if (v instanceof Uint8Array) return `bytes ${Buffer.from(v).toString('hex')}`;
  if (v instanceof Map)
    return {
      dict: [...v].map(([k, x]) => [k, plain(x)]).sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1)),
    };
  return Array.isArray(v) ? v.map(plain) : Object.is(v, -0) ? 0 : v;
};

test('what is written is read back, and written again gives the same bytes', () => {
  fc.assert(
    fc.property(anything, (value) => {
      const bytes = encode(value);
      const read = decode(bytes);
      assert.ok(read.kind === 'ok');
      assert.deepEqual(plain(read.value), plain(value));
      assert.deepEqual(encode(read.value), bytes);
    }),
  );
});

test('BEP 3 examples', () => {
  assert.equal(
    encode({ spam: ['a', 'b'], cow: -3, gone: undefined, zero: -0 }).toString(),
    'd3:cowi-3e4:spaml1:a1:be4:zeroi0ee',
  );
  assert.equal(encode('').toString(), '0:');
  const read = decode(text('d3:cow3:moo4:spaml1:ai4eee'));
  assert.ok(read.kind === 'ok');
  assert.equal(asText(asDict(read.value)?.get('cow')), 'moo');
});

test('malformed input is refused', () => {
  for (const bytes of [
    '',
    'i',
    'ie',
    'i-e',
    'i-0e',
    'i03e',
    'i1',
    'i+1e',
    'i1.5e',
    'i9007199254740992e',
    '01:a',
    '2:a',
    '-1:a',
    '1a',
    'l',
    'l-1:a',
    'd',
    'd1:a',
    'd1:ae',
    'di1ei2ee',
    'd1:bi1e1:ai1ee',
    'd1:ai1e1:ai1ee',
    'i1ei2e',
    'e',
    'x',
    ':',
    '99999999999999999999:a',
  ]) {
    assert.equal(decode(text(bytes)).kind, 'bad', bytes);
  }
  assert.equal(decode(text('i9007199254740991e')).kind, 'ok');
  assert.equal(decode(text('i-9007199254740991e')).kind, 'ok');
});

test('unsorted keys are read where real programs send them, repeated ones nowhere', () => {
  const unsorted = text('d1:bi1e1:ai2ee');
  const read = decode(unsorted, { keys: 'any-order' });
  assert.ok(read.kind === 'ok');
  assert.equal(asInt(asDict(read.value)?.get('a')), 2);
  assert.equal(decode(text('d1:bi1e1:ai2e1:bi3ee'), { keys: 'any-order' }).kind, 'bad');
});

test('a prefix ends where its value ends, and the members of the outer dictionary have their places', () => {
  const bytes = text('d1:ad1:xi1ee1:b3:foeeTAIL');
  const read = decodePrefix(bytes);
  assert.ok(read.kind === 'ok');
  assert.equal(bytes.toString('latin1', read.value.end), 'TAIL');
  const span = (key: string): string => {
    const at = read.value.spans.get(key);
    return bytes.toString('latin1', at?.start, at?.end);
  };
  assert.deepEqual([span('a'), span('b')], ['d1:xi1ee', '3:foe']);
  assert.equal(read.value.spans.has('x'), false);
});

test('nesting and the number of values are bounded', () => {
  const nested = (n: number): Buffer => text('l'.repeat(n) + 'e'.repeat(n));
  assert.equal(decode(nested(64)).kind, 'ok');
  assert.equal(decode(nested(65)).kind, 'bad');
  assert.equal(decode(nested(1_000_000)).kind, 'bad');
  const wide = (n: number): Buffer => text(`l${'de'.repeat(n)}e`);
  assert.equal(decode(wide(10), { weight: 42 }).kind, 'ok');
  assert.equal(decode(wide(10), { weight: 41 }).kind, 'bad');
});

test('no input makes the reader throw', () => {
  const token = fc.constantFrom('d', 'l', 'e', 'i', '1:', '0:', '3:abc', 'i1e', '-', '9', '2:', ':', '4:info', '\xff');
  const soup = fc.array(token, { maxLength: 60 }).map((parts) => text(parts.join('')));
  fc.assert(
    fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      for (const keys of ['sorted', 'any-order'] as const) {
        const read = decode(bytes, { keys });
        // What is accepted in strict order has one spelling only.
        if (read.kind === 'ok' && keys === 'sorted') assert.deepEqual(encode(read.value), Buffer.from(bytes));
      }
    }),
    { numRuns: fuzzRuns },
  );
});
