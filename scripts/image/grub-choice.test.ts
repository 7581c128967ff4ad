import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockTroubles, grubChoice } from './grub-choice.ts';

const block = (...lines: string[]): Buffer =>
  Buffer.from(['# GRUB Environment Block', ...lines, ''].join('\n').padEnd(1024, '#'));
const of = (order: string, a: readonly [number, number], b: readonly [number, number], proven = ''): Buffer =>
  block(`PROVEN=${proven}`, `ORDER=${order}`, `A_OK=${a[0]}`, `A_TRY=${a[1]}`, `B_OK=${b[0]}`, `B_TRY=${b[1]}`);

test('the first slot that is good and has a try left is started, else the last one that was good, as a wire', () => {
  const starts = (bytes: Buffer): string => {
    const { slot, turn, isLast } = grubChoice(bytes, undefined);
    return `${slot} ${turn}${isLast ? ' last' : ''}`;
  };
  assert.equal(starts(of('A B', [1, 0], [0, 0])), 'A 1');
  assert.equal(starts(of('B A', [1, 0], [1, 2])), 'B 3');
  assert.equal(starts(of('B A', [1, 0], [1, 3])), 'A 1');
  assert.equal(starts(of('B A', [1, 3], [1, 3])), 'A 9 last');
  assert.equal(starts(of('B A', [1, 3], [1, 3], 'B')), 'B 4');
  assert.equal(starts(of('B A', [1, 8], [1, 9], 'A B')), 'A 9');
  assert.equal(starts(of('A B', [0, 0], [0, 0])), 'A 9 last');
});

test('a damaged block is not taken: then the one beside it, then what GRUB is set to', () => {
  const [good, damaged] = [of('B A', [0, 0], [1, 0]), Buffer.alloc(1024)];
  const by = (own: Buffer | undefined, beside: Buffer | undefined): string => {
    const choice = grubChoice(own, beside);
    return `${choice.slot} by ${choice.by}`;
  };
  assert.equal(by(good, damaged), 'B by grubenv');
  assert.equal(by(damaged, good), 'B by grubenv.bak');
  assert.equal(by(undefined, good), 'B by grubenv.bak');
  assert.equal(by(damaged, undefined), 'A by nowhere');
});

test('what is wrong with a block is said', () => {
  assert.deepEqual(blockTroubles(of('A B', [1, 0], [0, 3])), []);
  assert.deepEqual(blockTroubles(of('A B', [1, 10], [0, 3])), ['A_TRY=10']);
  assert.deepEqual(blockTroubles(of('A B', [1, 0], [0, 3]).subarray(0, 700)), ['700 bytes long']);
  assert.deepEqual(blockTroubles(block('ORDER=A', 'A_OK=1', 'A_TRY=0')), ['no B_OK', 'no B_TRY']);
  const long = block('ORDER=A B', 'A_OK=1', 'A_TRY=0', 'B_OK=1', 'B_TRY=0', `X=${'x'.repeat(450)}`);
  assert.deepEqual(blockTroubles(long), ['its words do not fit into one sector']);
  const torn = Buffer.concat([of('A B', [1, 0], [0, 3]).subarray(0, 512), Buffer.alloc(512)]);
  assert.deepEqual(blockTroubles(torn), ['its end is not filled up', 'its words do not fit into one sector']);
});
