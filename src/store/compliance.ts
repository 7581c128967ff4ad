import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import {
  type GappedPiece,
  hybridSampleOf,
  naiveRoot,
  payloadOf,
  pieceWith,
  RANDOM_SAMPLES,
  type Sample,
  v2SampleOf,
} from './fixtures.ts';
import type { SharedFile, TaskShape, TaskStore } from './task-store.ts';

/** A store under test, and the hand of fate over its disk. */
export type Bench = AsyncDisposable & {
  task(shape: TaskShape): TaskStore<GappedPiece>;
  /** As after a restart: what was in memory only is gone. Tasks from before are dead. */
  reopen(): Promise<void>;
  /** The bytes of a piece at rest change. */
  damage(shape: TaskShape, index: number): Promise<void>;
  /** From now on writes find the disk full, or not. Tasks from before are dead. */
  full(on: boolean): Promise<void>;
  /** From now on every write fails for another reason, or not. */
  broken(shape: TaskShape, on: boolean): Promise<void>;
};

const PIECES = 6;
const never = new AbortController().signal;

async function acceptAll(task: TaskStore<GappedPiece>, sample: Sample): Promise<void> {
  const all = Array.from({ length: sample.shape.pieceCount }, (_, i) => task.accept(sample.piece(i)));
  for (const answer of await Promise.all(all)) assert.equal(answer.kind, 'durable');
}

async function assertReads(task: TaskStore<GappedPiece>, sample: Sample, index: number): Promise<GappedPiece> {
  const read = await task.read(index);
  assert.ok(read.kind === 'ok', `piece ${index}: ${read.kind}`);
  assert.ok(payloadOf(read.piece).equals(sample.payload(index)));
  return read.piece;
}

async function found(task: TaskStore<GappedPiece>, known: Bitfield): Promise<number[]> {
  const seen: number[] = [];
  await task.recheck(known, (index) => seen.push(index), never);
  return seen;
}

/** The promises of TaskStore. The store on a disk and the fake one both pass. */
export function taskStoreCompliance(name: string, open: () => Promise<Bench>): void {
  for (const [kind, make] of Object.entries(RANDOM_SAMPLES)) {
    const check: Check = (promise, work) => {
      test(`${name}, ${kind}: ${promise}`, async () => {
        await using bench = await open();
        await work(bench, make(PIECES), make);
      });
    };
    comingAndGoing(check);
    trouble(check);
    rechecking(check);
  }
}

/** Torrents with a file in common: whichever way round, the second has it without a second copy. */
export function lendingCompliance(name: string, open: () => Promise<Bench>): void {
  const shared = randomBytes(5 * 65_536 + 20_000);
  const others = (n: number) => Array.from({ length: n }, () => randomBytes(40_000));
  const makers = { v2: v2SampleOf, hybrid: hybridSampleOf };
  const kinds = Object.keys(makers) as (keyof typeof makers)[];
  for (const [lends, borrows] of kinds.flatMap((a) => kinds.map((b) => [a, b] as const)))
    for (const [theirs, ours] of [
      [65_536, 65_536],
      [16_384, 131_072],
      [131_072, 32_768],
    ] as const) {
      const what = `${lends} of ${theirs} to ${borrows} of ${ours}`;
      test(`${name}: a file is lent, ${what}`, async () => {
        await using bench = await open();
        const lender = makers[lends]([...others(2), shared, ...others(1)], theirs);
        const borrower = makers[borrows]([...others(1), shared, ...others(2)], ours);
        await lendsAndGoes(bench, lender, borrower, shared);
      });
    }
}

async function lendsAndGoes(bench: Bench, lender: Sample, borrower: Sample, shared: Buffer): Promise<void> {
  await acceptAll(bench.task(lender.shape), lender);
  const [from, to] = [lender, borrower].map((sample) => fileIn(sample, shared));
  assert.ok(from && to);
  const task = bench.task(borrower.shape);
  assert.equal((await task.accept(borrower.piece(0))).kind, 'durable');
  assert.deepEqual(await found(task, new Bitfield(borrower.shape.pieceCount)), [0]);
  const { infoHash, pieceLength } = lender.shape;
  assert.equal(await task.borrow(to.file, { infoHash, pieceLength, firstPiece: from.file.firstPiece }), true);
  assert.deepEqual(await found(task, new Bitfield(borrower.shape.pieceCount)), [0, ...to.pieces]);
  for (const index of to.pieces) await assertReads(task, borrower, index);
  assert.equal((await bench.task(lender.shape).remove()).kind, 'ok');
  await bench.reopen();
  const again = bench.task(borrower.shape);
  for (const index of [0, ...to.pieces]) await assertReads(again, borrower, index);
  for (let index = 1; index < borrower.shape.pieceCount; index++)
    assert.equal((await again.accept(borrower.piece(index))).kind, 'durable');
  await bench.reopen();
  for (let index = 0; index < borrower.shape.pieceCount; index++)
    await assertReads(bench.task(borrower.shape), borrower, index);
}

/** Where the file begins in a sample, and the pieces it takes. */
function fileIn({ shape, payload }: Sample, file: Buffer): { file: SharedFile; pieces: number[] } | undefined {
  const { pieceLength } = shape;
  const head = file.subarray(0, pieceLength);
  for (let index = 0; index < shape.pieceCount; index++) {
    if (!payload(index).subarray(0, head.length).equals(head)) continue;
    const pieces = Array.from({ length: Math.ceil(file.length / pieceLength) }, (_, i) => index + i);
    const root = naiveRoot(file, 2 ** Math.ceil(Math.log2(Math.ceil(file.length / BLOCK_BYTES))));
    return { file: { root, firstPiece: index, lengthBytes: file.length }, pieces };
  }
  return undefined;
}

type Make = (pieces: number, pieceLength?: number) => Sample;
type Check = (promise: string, work: (bench: Bench, sample: Sample, make: Make) => Promise<void>) => void;

function comingAndGoing(check: Check): void {
  check(
    'an accepted piece is in memory, the same bytes, and its buffer is no longer the caller’s',
    async (bench, sample) => {
      const task = bench.task(sample.shape);
      const piece = sample.piece(PIECES - 1);
      const whole = piece.buffer.length;
      assert.deepEqual(await task.accept(piece), { kind: 'durable' });
      assert.equal(piece.buffer.length, 0);
      const kept = task.cached(PIECES - 1);
      assert.ok(kept);
      assert.equal(kept.buffer.length, whole);
      assert.ok(payloadOf(kept).equals(sample.payload(PIECES - 1)));
      assert.ok((await assertReads(task, sample, PIECES - 1)) === kept);
      assert.ok(task.cached(0) === undefined);
    },
  );

  check('pieces accepted at once, in any order, all come back after a restart', async (bench, _, make) => {
    const orders = fc.shuffledSubarray([...Array(PIECES).keys()], { minLength: PIECES });
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const sample = make(PIECES, 16_384);
        const task = bench.task(sample.shape);
        const answers = await Promise.all(order.map((index) => task.accept(sample.piece(index))));
        assert.deepEqual(new Set(answers.map((a) => a.kind)), new Set(['durable']));
        await bench.reopen();
        const again = bench.task(sample.shape);
        for (const index of order) {
          assert.ok(again.cached(index) === undefined);
          await assertReads(again, sample, index);
          assert.ok(again.cached(index));
        }
      }),
      { numRuns: 5 },
    );
  });

  check('reads of one piece at once share one answer', async (bench, sample) => {
    await acceptAll(bench.task(sample.shape), sample);
    await bench.reopen();
    const task = bench.task(sample.shape);
    const [a, b] = await Promise.all([assertReads(task, sample, 2), assertReads(task, sample, 2)]);
    assert.ok(a === b);
  });

  check('a dropped segment is gone for good, after its owner was asked, and the others stay', async (bench, sample) => {
    const task = bench.task(sample.shape);
    for (let index = 0; index < PIECES; index++) await task.accept(sample.piece(index));
    const segments = await task.segments();
    assert.deepEqual(
      segments.flatMap(({ pieces }) => pieces),
      [...Array(PIECES).keys()],
    );
    const [last] = segments.slice(-1);
    assert.ok(last);
    assert.equal(await task.drop(last, () => false), false);
    for (const index of last.pieces) await assertReads(task, sample, index);
    assert.equal(await task.drop(last, () => true), true);
    await bench.reopen();
    const again = bench.task(sample.shape);
    for (const { pieces } of segments)
      for (const index of pieces)
        if (last.pieces.includes(index)) assert.equal((await again.read(index)).kind, 'corrupt', `${index}`);
        else await assertReads(again, sample, index);
    assert.deepEqual(await again.accept(sample.piece(PIECES - 1)), { kind: 'durable' });
    await assertReads(again, sample, PIECES - 1);
  });

  check('what is being read when its segment goes is still given', async (bench, sample) => {
    await acceptAll(bench.task(sample.shape), sample);
    await bench.reopen();
    const task = bench.task(sample.shape);
    const [last] = (await task.segments()).slice(-1);
    assert.ok(last);
    let isForgotten = false;
    const reads = last.pieces.map((index) => task.read(index));
    const dropped = task.drop(last, () => {
      isForgotten = true;
      return true;
    });
    for (const read of await Promise.all(reads)) assert.equal(read.kind, 'ok');
    assert.equal(await dropped, true);
    assert.equal(isForgotten, true);
    for (const index of last.pieces) assert.equal((await task.read(index)).kind, 'corrupt');
  });

  check('a removed torrent is gone, and one that comes back starts with nothing', async (bench, sample) => {
    const task = bench.task(sample.shape);
    await acceptAll(task, sample);
    const last = task.accept(sample.piece(1));
    const [removed] = await Promise.all([task.remove(), last]);
    assert.equal(removed.kind, 'ok');
    assert.equal((await task.accept(sample.piece(0))).kind, 'failed');
    assert.ok(task.cached(0) === undefined);
    const again = bench.task(sample.shape);
    assert.equal((await again.read(0)).kind, 'corrupt');
    assert.deepEqual(await found(again, new Bitfield(PIECES)), []);
    await acceptAll(again, sample);
    assert.equal((await task.remove()).kind, 'ok');
    await assertReads(again, sample, 3);
  });
}

function trouble(check: Check): void {
  check('a piece whose hash is wrong never exists', async (bench, sample) => {
    const task = bench.task(sample.shape);
    const wrong = Buffer.from(sample.payload(0));
    wrong[wrong.length - 1] = (wrong[wrong.length - 1] as number) ^ 1;
    assert.deepEqual(await task.accept(pieceWith(0, wrong)), { kind: 'hash-mismatch' });
    assert.ok(task.cached(0) === undefined);
    assert.equal((await task.read(0)).kind, 'corrupt');
    assert.deepEqual(await found(task, new Bitfield(PIECES)), []);
    assert.deepEqual(await task.accept(sample.piece(0)), { kind: 'durable' });
  });

  check('bytes that changed at rest are reported and never handed out, and can be replaced', async (bench, sample) => {
    await acceptAll(bench.task(sample.shape), sample);
    await bench.damage(sample.shape, 2);
    await bench.reopen();
    const task = bench.task(sample.shape);
    assert.equal((await task.read(2)).kind, 'corrupt');
    assert.ok(task.cached(2) === undefined);
    await assertReads(task, sample, 1);
    assert.deepEqual(await found(task, new Bitfield(PIECES)), [0, 1, 3, 4, 5]);
    assert.deepEqual(await task.accept(sample.piece(2)), { kind: 'durable' });
    await bench.reopen();
    await assertReads(bench.task(sample.shape), sample, 2);
  });

  check('a piece at rest is verified past the memory, and does not come into it', async (bench, sample) => {
    const task = bench.task(sample.shape);
    assert.notEqual((await task.verify(1)).kind, 'ok', 'there is none yet');
    await acceptAll(task, sample);
    await bench.damage(sample.shape, 2);
    assert.ok(task.cached(2));
    assert.deepEqual([await task.verify(1), await task.verify(2)], [{ kind: 'ok' }, { kind: 'corrupt' }]);
    await bench.reopen();
    const again = bench.task(sample.shape);
    assert.deepEqual([await again.verify(1), await again.verify(2)], [{ kind: 'ok' }, { kind: 'corrupt' }]);
    assert.ok(again.cached(1) === undefined);
    await again.remove();
    assert.equal((await again.verify(1)).kind, 'failed');
  });

  check('a full disk is an answer, loses nothing, and ends when there is room', async (bench, sample) => {
    assert.equal((await bench.task(sample.shape).accept(sample.piece(0))).kind, 'durable');
    await bench.full(true);
    const task = bench.task(sample.shape);
    assert.deepEqual(await task.accept(sample.piece(1)), { kind: 'full' });
    assert.deepEqual(await task.writeMetainfo(Buffer.from('de')), { kind: 'full' });
    assert.ok(task.cached(1) === undefined);
    assert.deepEqual(await found(task, new Bitfield(PIECES)), [0]);
    await assertReads(task, sample, 0);
    await bench.full(false);
    assert.deepEqual(await bench.task(sample.shape).accept(sample.piece(1)), { kind: 'durable' });
  });

  check('a disk that fails is an answer too, and nothing counts as kept', async (bench, sample) => {
    const task = bench.task(sample.shape);
    await bench.broken(sample.shape, true);
    for (const answer of await Promise.all([task.accept(sample.piece(0)), task.accept(sample.piece(1))])) {
      assert.ok(answer.kind === 'failed');
      assert.ok(answer.error instanceof Error);
    }
    assert.ok(task.cached(0) === undefined);
    await bench.broken(sample.shape, false);
    assert.deepEqual(await found(task, new Bitfield(PIECES)), []);
    assert.deepEqual(await task.accept(sample.piece(0)), { kind: 'durable' });
  });
}

/** A hybrid is known by SHA-1 alone until its layers are. */
export function describingCompliance(name: string, open: () => Promise<Bench>): void {
  const sample = hybridSampleOf([randomBytes(100_000), randomBytes(70_000)], 65_536);
  const bySha1 = {
    ...sample.shape,
    checksOf: (index: number) => sample.shape.checksOf(index).filter(({ kind }) => kind === 'sha1'),
  };
  const lying = {
    ...sample.shape,
    checksOf: (index: number) =>
      sample.shape
        .checksOf(index)
        .map((check) => (check.kind === 'merkle' ? { ...check, root: Buffer.alloc(32) } : check)),
  };

  test(`${name}: what is known better is verified by all that is known, memory included`, async () => {
    await using bench = await open();
    const task = bench.task(bySha1);
    await acceptAll(task, sample);
    task.describe(sample.shape);
    assert.ok(task.cached(0) === undefined);
    await assertReads(task, sample, 0);
    task.describe(bySha1);
    assert.ok(task.cached(0), 'a lesser description changes nothing');
    assert.equal((await task.accept(sample.piece(1))).kind, 'durable');
  });

  test(`${name}: a torrent that contradicts itself is given to nobody`, async () => {
    await using bench = await open();
    const task = bench.task(bySha1);
    await acceptAll(task, sample);
    task.describe(lying);
    assert.equal((await task.read(0)).kind, 'corrupt');
    assert.deepEqual(await task.accept(sample.piece(1)), { kind: 'contradiction' });
    assert.ok(task.cached(1) === undefined);
    assert.deepEqual(await found(task, new Bitfield(sample.shape.pieceCount)), []);
  });
}

function rechecking(check: Check): void {
  check('a recheck reports what verifies and is not known, and nothing else', async (bench, sample) => {
    const before = bench.task(sample.shape);
    for (const index of [0, 2, 5]) assert.equal((await before.accept(sample.piece(index))).kind, 'durable');
    await bench.reopen();
    const task = bench.task(sample.shape);
    const known = new Bitfield(PIECES);
    known.set(2);
    assert.deepEqual(await found(task, known), [0, 5]);
    known.setAll();
    assert.deepEqual(await found(task, known), []);
  });

  check('a recheck ends when it is told to', async (bench, sample) => {
    await acceptAll(bench.task(sample.shape), sample);
    await bench.reopen();
    const stop = new AbortController();
    stop.abort();
    const ran = bench.task(sample.shape).recheck(new Bitfield(PIECES), () => assert.fail('reported'), stop.signal);
    await assert.rejects(ran, { name: 'AbortError' });
  });
}
