import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { HASH_BYTES, heightOver, merkleRoot, proves, zeroHash } from './merkle.ts';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** A tree over `count` nodes at `level`, written out with all its zeros: its levels from the bottom up. */
function written(count: number, level: number): Buffer[][] {
  let row = Array.from({ length: 2 ** heightOver(count) }, (_, i) =>
    i < count ? sha256(Buffer.from(`node ${i}`)) : zeroHash(level),
  );
  const rows = [row];
  while (row.length > 1) {
    const below = row;
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      sha256(Buffer.concat([below[2 * i] as Buffer, below[2 * i + 1] as Buffer])),
    );
    rows.push(row);
  }
  return rows;
}
const tree = fc.record({ count: fc.integer({ min: 1, max: 70 }), level: fc.integer({ min: 0, max: 9 }) });

test('the zero of a level is the root of a tree of zeros', () => {
  assert.deepEqual(zeroHash(0), Buffer.alloc(32));
  assert.equal(zeroHash(1).toString('hex'), sha256(Buffer.alloc(64)).toString('hex'));
  assert.deepEqual(zeroHash(5), merkleRoot(Buffer.alloc(32 * 32), 0));
  assert.throws(() => zeroHash(99), RangeError);
});

test('a root is the same whether the zeros are written out or not', () => {
  fc.assert(
    fc.property(tree, ({ count, level }) => {
      const [bottom = []] = written(count, level);
      const root = written(count, level).at(-1)?.[0];
      assert.deepEqual(merkleRoot(Buffer.concat(bottom.slice(0, count)), level), root);
      assert.deepEqual(merkleRoot(Buffer.concat(bottom), level), root);
    }),
    { numRuns: 200 },
  );
});

test('any run of any tree is proved by its uncles, and by nothing else', () => {
  const cases = fc.record({ tree, log: fc.nat(6), place: fc.nat(200), harm: fc.nat(100_000) });
  fc.assert(
    fc.property(cases, ({ tree: { count, level }, log, place, harm }) => {
      const rows = written(count, level);
      const height = rows.length - 1;
      const k = Math.min(log, height);
      const slot = place % 2 ** (height - k);
      const index = slot * 2 ** k;
      const nodes = Buffer.concat((rows[0] as Buffer[]).slice(index, index + 2 ** k));
      const chain = rows.slice(k, height).map((row, up) => row[(slot >> up) ^ 1] as Buffer);
      const uncles = Buffer.concat(chain);
      const root = rows.at(-1)?.[0] as Buffer;
      assert.ok(proves({ nodes, level, index, uncles }, root));
      // Two runs of zeros are the same run: everywhere else the place is part of what is proved.
      const elsewhere = index ^ (2 ** k);
      const there = Buffer.concat((rows[0] as Buffer[]).slice(elsewhere, elsewhere + 2 ** k));
      if (!there.equals(nodes)) assert.ok(!proves({ nodes, level, index: elsewhere, uncles }, root));
      assert.ok(!proves({ nodes, level, index, uncles: Buffer.concat([uncles, root]) }, root));
      if (chain.length > 0) assert.ok(!proves({ nodes, level, index, uncles: uncles.subarray(HASH_BYTES) }, root));
      const harmed = Buffer.concat([nodes, uncles]);
      const at = harm % harmed.length;
      harmed[at] = (harmed[at] as number) ^ 1;
      const lie = { nodes: harmed.subarray(0, nodes.length), uncles: harmed.subarray(nodes.length), level, index };
      assert.ok(!proves(lie, root));
    }),
    { numRuns: 300 },
  );
});
