import assert from 'node:assert/strict';
import type { Random } from './random.ts';

/** What must be true of several parsers. */

/** Roughly how many bytes a value keeps alive. */
export function weight(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length;
  if (value instanceof Uint8Array) return 64 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Map) {
    let sum = 64;
    for (const [key, item] of value) sum += weight(key) + weight(item);
    return sum;
  }
  let sum = 32;
  for (const item of Array.isArray(value) ? value : Object.values(value)) sum += weight(item);
  return sum;
}

/** What is made of an input may weigh this many times as much, and this much more. */
const TIMES = 64;
const MORE_BYTES = 8192;

export function assertBounded(made: unknown, input: Uint8Array): void {
  const bytes = weight(made);
  assert.ok(bytes <= TIMES * input.length + MORE_BYTES, `${input.length} bytes became ${bytes}`);
}

/** The input in pieces: few, or many, or single bytes. Empty ones are among them. */
export function cut(input: Buffer, random: Random): Buffer[] {
  const largest = random.pick([1, 3, 20, 100, 1000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const size = random.below(20) === 0 ? 0 : 1 + random.below(largest);
    chunks.push(input.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** A stream means the same however it is cut. Returns what it means. */
export function assertSameHoweverCut<T>(input: Buffer, random: Random, read: (chunks: Buffer[]) => T): T {
  const whole = read([input]);
  assert.deepEqual(read(cut(input, random)), whole, 'another meaning when it comes in pieces');
  return whole;
}

/** A caller's buffer is never changed. */
export function assertUntouched<T>(input: Buffer, use: () => T): T {
  const before = Buffer.from(input);
  const result = use();
  assert.ok(before.equals(input), 'the input was changed');
  return result;
}
