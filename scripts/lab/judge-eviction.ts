/** What stays on full disks, beside textbook policies and the offline optimum. One line a policy and share of the footprint that fits. */
import { factories } from './eviction.ts';
import { type Lab, mean, say, seedsTo } from './referee.ts';

/** Of the campus and the scan fewer: theirs differ little. */
const seedsOf = (scenario: string): number[] => seedsTo(scenario === 'cafe' ? 5 : 3);
const SHARES = [0.01, 0.05, 0.2];
const SEGMENT_MB = 16;

export function judgeEviction(lab: Lab, scenario: string): void {
  const traces = seedsOf(scenario).map((seed) =>
    lab.segmentTrace(lab.generate(lab.SCENARIOS[scenario] as object, seed), SEGMENT_MB),
  );
  const textbook = {
    LRU: (view: never) => new lab.Lru(view),
    ARC: (view: never) => new lab.Arc(view),
    'S3-FIFO': (view: never) => new lab.S3Fifo(view, 1),
  };
  for (const share of SHARES) {
    const judge = (make: (view: never) => unknown) =>
      traces.map((t) => lab.replay(t, Math.max(10, Math.floor(t.footprint * share)), make));
    const optimum = judge((view) => new lab.Belady(view));
    const results = new Map(Object.entries({ ...textbook, ...factories }).map(([rule, make]) => [rule, judge(make)]));
    const hitOf = (rule: string): number => mean((results.get(rule) ?? []).map((r) => r.byteHit));
    const best = Math.max(...Object.keys(textbook).map(hitOf));
    for (const [rule, result] of results)
      say({
        scenario,
        rule,
        setting: { share },
        byteHit: hitOf(rule),
        ofMin: mean(result.map((r, i) => r.byteHit / (optimum[i]?.byteHit ?? 1))),
        ofBest: hitOf(rule) / best,
        written: mean(result.map((r) => r.written)),
        xLru: hitOf(rule) / hitOf('LRU'),
      });
  }
}
