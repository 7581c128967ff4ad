import { SWARM_LIMITS, type SwarmLimits } from './limits.ts';

/**
 * Whom a node dials, of all nodes in an order that they all know: each pair once, everybody about as many, and so that whoever is `degree` links away
 * from nobody is still only a few steps away. Everybody comes to the same answer without asking: node i and node i + step know each other, for
 * steps that are spread over the ring (a circulant graph).
 */
export function dialledBy(
  slot: number,
  count: number,
  limits: Pick<SwarmLimits, 'degree' | 'meshUpTo'> = SWARM_LIMITS,
): number[] {
  if (!Number.isInteger(slot) || slot < 0 || slot >= count) throw new RangeError(`bug: node ${slot} of ${count}`);
  if (count <= limits.meshUpTo) return Array.from({ length: slot }, (_, i) => i);
  return stepsOf(count, limits.degree / 2).map((step) => (slot + step) % count);
}

/** Who dials it, by the same rule. */
export function diallersOf(
  slot: number,
  count: number,
  limits: Pick<SwarmLimits, 'degree' | 'meshUpTo'> = SWARM_LIMITS,
): number[] {
  if (count <= limits.meshUpTo) return Array.from({ length: count - slot - 1 }, (_, i) => slot + 1 + i);
  return stepsOf(count, limits.degree / 2).map((step) => (slot - step + count) % count);
}

/** So many steps of 1 to count / 2, growing by the same factor each: near ones and far ones. */
function stepsOf(count: number, wanted: number): number[] {
  const most = Math.floor((count - 1) / 2);
  const steps = new Set<number>();
  for (let k = 0; steps.size < Math.min(wanted, most) && k < most; k++) {
    let step = Math.max(1, Math.round(most ** ((k + 1) / wanted)));
    while (steps.has(step)) step = (step % most) + 1;
    steps.add(step);
  }
  return [...steps];
}
