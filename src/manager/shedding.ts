import type { Guest } from '#task/task.ts';
import { LIMITS } from './limits.ts';

/**
 * Who goes when the box has more clients than it bears. First those who take nothing, whoever has taken nothing for longest; of those who
 * are being served, the clients of the torrents with fewest: there what is fetched once serves least.
 */
export function coldest<G extends Pick<Guest, 'tookAtMs'>>(
  parties: readonly (readonly G[])[],
  count: number,
  nowMs: number,
): G[] {
  const ranked = parties.flatMap((party) =>
    party.map((guest) => ({
      guest,
      isServed: nowMs - guest.tookAtMs < LIMITS.servedWithinMs,
      party: party.length,
    })),
  );
  ranked.sort(
    (a, b) =>
      Number(a.isServed) - Number(b.isServed) ||
      (a.isServed ? a.party - b.party : 0) ||
      a.guest.tookAtMs - b.guest.tookAtMs,
  );
  return ranked.slice(0, count).map(({ guest }) => guest);
}
