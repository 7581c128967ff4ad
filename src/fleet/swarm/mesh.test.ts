import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SWARM_LIMITS } from './limits.ts';
import { dialledBy, diallersOf } from './mesh.ts';

function neighbours(count: number): Set<number>[] {
  const all = Array.from({ length: count }, () => new Set<number>());
  for (let slot = 0; slot < count; slot++)
    for (const other of dialledBy(slot, count)) {
      assert.ok(other !== slot && !all[slot]?.has(other), `${slot} and ${other} of ${count} know each other already`);
      all[slot]?.add(other);
      all[other]?.add(slot);
    }
  return all;
}

/** The most links between any two. */
function diameter(all: readonly Set<number>[]): number {
  let [reached, front, steps] = [new Set([0]), [0], 0];
  while (reached.size < all.length && front.length > 0) {
    front = front.flatMap((slot) => [...(all[slot] as Set<number>)]).filter((slot) => !reached.has(slot));
    reached = reached.union(new Set(front));
    steps++;
  }
  return reached.size === all.length ? steps : Number.POSITIVE_INFINITY;
}

test('a few nodes all know each other; of many each knows as many as the others, and is a few steps from all', () => {
  for (const count of [1, 2, 3, SWARM_LIMITS.meshUpTo])
    for (const known of neighbours(count)) assert.equal(known.size, count - 1);
  for (const count of [SWARM_LIMITS.meshUpTo + 1, 40, 60, 61, 200, 1_000]) {
    const all = neighbours(count);
    for (const known of all) assert.equal(known.size, SWARM_LIMITS.degree, `of ${count}`);
    assert.ok(diameter(all) <= (count > 200 ? 8 : 5), `${count} nodes are ${diameter(all)} steps across`);
  }
});

test('a slot that is none is a bug', () => {
  assert.throws(() => dialledBy(3, 3), RangeError);
  assert.throws(() => dialledBy(-1, 3), RangeError);
});

test('of a list of those whom it dials, itself, and those that dial it, a node dials the first', () => {
  for (const count of [1, 2, 24, 25, 60, 500, 5_000])
    for (const slot of [0, 1, count >> 1, count - 1].filter((s) => s < count)) {
      const [dials, diallers] = [dialledBy(slot, count), diallersOf(slot, count)];
      for (const other of diallers) assert.ok(dialledBy(other, count).includes(slot), `${other} dials ${slot}`);
      const near = [...dials, slot, ...diallers];
      assert.equal(
        new Set(near).size,
        Math.min(count, count > SWARM_LIMITS.meshUpTo ? SWARM_LIMITS.degree + 1 : count),
      );
      assert.ok(near.length <= SWARM_LIMITS.meshUpTo);
      assert.deepEqual(
        dialledBy(dials.length, near.length).map((i) => near[i]),
        dials,
      );
    }
});
