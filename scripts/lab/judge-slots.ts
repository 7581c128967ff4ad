/** The seats, beside the rule as its source has it. One line a rule and setting, with pull-through off and on. */
import { type Lab, mean, type SlotOptions, type SlotResult, say, seedsTo } from './referee.ts';
import { factories } from './seats.ts';

const SEEDS = 5;
const DAYS: Readonly<Record<string, number>> = { cafe: 7, campus: 7, scan: 5 };
/** For the long tail: few and many seats, and a thin line. */
const CAMPUS: readonly SlotOptions[] = [
  { slots: 1 },
  { slots: 2 },
  { slots: 32 },
  { wan: 20, slots: 1 },
  { wan: 20, slots: 2 },
  { wan: 20 },
  { wan: 20, slots: 32 },
];

export function judgeSlots(lab: Lab, scenario: string): void {
  const workloads = seedsTo(SEEDS).map((seed) => lab.generate(lab.SCENARIOS[scenario] as object, seed, DAYS[scenario]));
  for (const options of [{}, { tee: true }, ...(scenario === 'campus' ? CAMPUS : [])]) {
    const { tee: pullThrough = false, ...line }: SlotOptions = options;
    const without = workloads.map((w) => lab.simulateSlots(w, null, line));
    // The others for comparison, where it is as usual.
    const compared = Object.entries(factories).filter(
      ([name]) => name === 'priced' || Object.keys(options).length === 0,
    );
    for (const [rule, make] of [["the source's", (pool: never) => new lab.SeedRule(pool)] as const, ...compared]) {
      const results = workloads.map((w) => lab.simulateSlots(w, make, options));
      const of = (what: (r: SlotResult, without: SlotResult) => number): number =>
        mean(results.map((r, i) => what(r, without[i] as SlotResult)));
      say({
        scenario,
        rule,
        setting: { pullThrough, ...line },
        wanSaved: of((r) => r.saved),
        bound: of((r) => r.bound),
        wasted: of((r) => r.wasted),
        meanTime: of((r, before) => r.meanTime / before.meanTime),
        starved: of((r) => r.starved),
        harmed: of((r, before) => lab.harmed(before, r)),
      });
    }
  }
}
