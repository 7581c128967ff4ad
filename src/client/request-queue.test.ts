import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { type Request, RequestQueue } from './request-queue.ts';

test('every request leaves exactly once and in order, whatever the runs', () => {
  const some = fc.record({
    piece: fc.nat(2),
    begin: fc.nat(5).map((b) => b * BLOCK_BYTES),
    length: fc.constantFrom(BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, 100, 2 * BLOCK_BYTES),
  });
  fc.assert(
    fc.property(
      fc.array(some, { maxLength: 1500 }),
      fc.array(fc.nat(40)),
      fc.integer({ min: 1, max: 8 }),
      (all, takes, blocks) => {
        const queue = new RequestQueue({ requests: 600, runBytes: blocks * BLOCK_BYTES });
        const taken: Request[] = [];
        const pushed: Request[] = [];
        const take = (): boolean => {
          const run = queue.take(1 << 20);
          if (!run) return false;
          assert.equal(
            run.length,
            run.requests.reduce((sum, r) => sum + r.length, 0),
          );
          if (run.requests.length > 1) assert.ok(run.length <= blocks * BLOCK_BYTES);
          let at = run.begin;
          for (const r of run.requests) {
            assert.deepEqual([r.piece, r.begin], [run.piece, at]);
            at += r.length;
          }
          taken.push(...run.requests);
          return true;
        };
        for (const [i, request] of all.entries()) {
          if (queue.push(request)) pushed.push(request);
          else assert.equal(queue.length, 600);
          if (takes[i % Math.max(1, takes.length)] === 0) take();
        }
        while (take()) {}
        // Not deepEqual: the difference of two long lists takes minutes to print.
        assert.ok(isDeepStrictEqual(taken, pushed));
        assert.equal(queue.length, 0);
      },
    ),
    { numRuns: 50 },
  );
});

test('cancelling takes out one waiting request and no other', () => {
  const queue = new RequestQueue({ requests: 10, runBytes: BLOCK_BYTES });
  const at = (begin: number): Request => ({ piece: 0, begin: begin * BLOCK_BYTES, length: BLOCK_BYTES });
  for (const block of [0, 1, 2]) queue.push(at(block));
  queue.take(BLOCK_BYTES);
  assert.equal(queue.cancel(at(0)), false, 'it is under way');
  assert.equal(queue.cancel(at(1)), true);
  assert.deepEqual(queue.take(BLOCK_BYTES)?.begin, 2 * BLOCK_BYTES);
  assert.equal(queue.take(BLOCK_BYTES), undefined);
});
