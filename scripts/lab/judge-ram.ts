/** The memory cache in front of mixed disks, without and with pieces announced step by step (the carousel). One line a policy and order. */
import { factory } from './cache-policy.ts';
import { type Lab, mean, type RamResult, say, seedsTo } from './referee.ts';

const SEEDS: Readonly<Record<string, number>> = { cafe: 5, campus: 3 };

export function judgeRam(lab: Lab, scenario: string): void {
  const options = lab.RAM_SCENARIOS[scenario];
  if (!options) return;
  const seeds = seedsTo(SEEDS[scenario] ?? 3);
  let first: readonly RamResult[] | undefined;
  for (const steer of [false, true])
    for (const [rule, make] of Object.entries({ LRU: (view: never) => new lab.Lru(view), swarmbox: factory })) {
      const results = seeds.map((seed) => lab.simulateRam({ ...options, steer, seed }, make));
      first ??= results;
      say({
        scenario,
        rule,
        setting: { order: steer ? 'steered' : "the client's" },
        MBps: mean(results.map((r) => r.mbps)),
        xLru: mean(results.map((r, i) => r.mbps / (first?.[i]?.mbps ?? 1))),
        hit: mean(results.map((r) => r.hit)),
        diskPerServed: mean(results.map((r) => r.diskMBps / r.mbps)),
      });
    }
}
