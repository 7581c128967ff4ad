import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InstallState, type InstallTarget, type Rollout, rolloutSteps, USUAL_WAVES, wavesOf } from './waves.ts';

const SILENT_MS = 900_000;
const rolling: Rollout = { state: 'rolling', wave: 0, mostFailed: 0.02, resumedMs: 0 };
const target = (
  node: string,
  wave: number,
  state: InstallState = 'waiting',
  over: Partial<InstallTarget> = {},
): InstallTarget => ({ node, wave, state, changedMs: 10, isReady: true, ...over });
const kinds = (of: Partial<Rollout>, targets: readonly InstallTarget[], nowMs = 20): string[] =>
  rolloutSteps({ ...rolling, ...of }, targets, SILENT_MS, nowMs).map((step) => {
    if (step.kind === 'order') return `order ${step.nodes.join(',')}`;
    if (step.kind === 'open') return `open ${step.wave}`;
    return 'node' in step ? `${step.kind} ${step.node}` : step.kind;
  });
const sizes = (waves: ReadonlyMap<string, number>): number[] => {
  const count: number[] = [];
  for (const wave of waves.values()) count[wave] = (count[wave] ?? 0) + 1;
  return count;
};
const named = (sites: readonly number[]): { name: string; site: string }[] =>
  sites.flatMap((nodes, s) => Array.from({ length: nodes }, (_, i) => ({ name: `s${s}-${i}`, site: `s${s}` })));

test('one node, 5 %, 25 %, all', () => {
  assert.deepEqual(sizes(wavesOf(named([40, 60]), USUAL_WAVES.shares)), [1, 4, 20, 75]);
  assert.deepEqual(sizes(wavesOf(named([3]), USUAL_WAVES.shares)), [1, 2]);
  assert.deepEqual(sizes(wavesOf(named([1, 1, 1]), [1 / 3, 2 / 3, 1])), [1, 1, 1]);
  assert.deepEqual(sizes(wavesOf([], USUAL_WAVES.shares)), []);
});

test('everybody is in one wave, waves without anybody are left out, and each site is in each wave by its share', () => {
  const shares = fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 })
    .map((all) => [...all.sort((a, b) => a - b), 1]);
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: 1, maxLength: 8 }), shares, fc.nat(), (sites, cut, turn) => {
      const nodes = named(sites);
      const waves = wavesOf(nodes, cut);
      assert.equal(waves.size, nodes.length);
      const count = sizes(waves);
      assert.ok(count.every((size) => size > 0) && Object.keys(count).length === count.length);
      let upTo = 0;
      for (const [wave, size] of count.entries()) {
        upTo += size;
        for (const [s, ofSite] of sites.entries()) {
          const has = nodes.filter(({ name, site }) => site === `s${s}` && (waves.get(name) ?? 0) <= wave).length;
          const share = (ofSite * upTo) / nodes.length;
          // How much the other sites' roundings may move it.
          assert.ok(Math.abs(has - share) <= 1 + (ofSite * sites.length) / nodes.length, `${has} of ${share}`);
        }
      }
      const turned = [...nodes.slice(turn % (nodes.length || 1)), ...nodes.slice(0, turn % (nodes.length || 1))];
      assert.deepEqual(new Map([...wavesOf(turned, cut)].sort()), new Map([...waves].sort()), 'order does not matter');
    }),
  );
});

test('a wave is asked when it is open, and the next one opens when all of it are healthy', () => {
  const of = (a: InstallState, b: InstallState = 'waiting') => kinds({}, [target('a', 0, a), target('b', 1, b)]);
  assert.deepEqual(of('waiting'), ['order a']);
  assert.deepEqual(of('ordered'), []);
  assert.deepEqual(of('installing'), []);
  assert.deepEqual(of('healthy'), ['open 1', 'order b']);
  assert.deepEqual(kinds({ wave: 1 }, [target('a', 0, 'healthy'), target('b', 1, 'healthy')]), ['over']);
});

test('of the first wave nobody may fail, of the others so many', () => {
  assert.deepEqual(kinds({ mostFailed: 1 }, [target('a', 0, 'failed'), target('b', 1)]), ['stop a']);
  const wave = (failed: number): InstallTarget[] => [
    target('a', 0, 'healthy'),
    ...Array.from({ length: 100 }, (_, i) =>
      target(`b${i}`, 1, i < failed ? 'rolled-back' : 'healthy', { changedMs: i + 10 }),
    ),
    target('c', 2),
  ];
  assert.deepEqual(kinds({ wave: 1 }, wave(2)), ['open 2', 'order c']);
  assert.deepEqual(kinds({ wave: 1 }, wave(3)), ['stop b2']);
});

test('it stops at once, however many are still at it, and a stop holds whatever comes', () => {
  const targets = [target('a', 0, 'healthy'), target('b', 1, 'failed'), target('c', 1, 'installing'), target('d', 1)];
  assert.deepEqual(kinds({ wave: 1 }, targets), ['stop b']);
  assert.deepEqual(kinds({ wave: 1, state: 'stopped' }, targets), []);
  assert.deepEqual(
    kinds({ wave: 1, state: 'stopped' }, targets, 10 + SILENT_MS),
    ['silent c'],
    'who is silent is known',
  );
  assert.deepEqual(kinds({ wave: 1, resumedMs: 15 }, targets), ['order d'], 'a person said that it may go on');
  const again = targets.map((t) => (t.node === 'c' ? { ...t, state: 'failed' as const, changedMs: 16 } : t));
  assert.deepEqual(kinds({ wave: 1, resumedMs: 15 }, again), ['stop c'], 'but no more than that');
});

test('who is silent has failed, from the last word on', () => {
  const targets = [target('a', 0, 'ordered', { changedMs: 100 })];
  assert.deepEqual(kinds({}, targets, 99 + SILENT_MS), []);
  assert.deepEqual(kinds({}, targets, 100 + SILENT_MS), ['silent a', 'stop a']);
});

test('who is away is not waited for and asked when he comes; a wave in which nobody is well holds the rest', () => {
  const away = { isReady: false };
  assert.deepEqual(kinds({}, [target('a', 0, 'waiting', away), target('b', 1)]), []);
  const half = [target('a', 0, 'healthy'), target('b', 1, 'healthy'), target('c', 1, 'waiting', away), target('d', 2)];
  assert.deepEqual(kinds({ wave: 1 }, half), ['open 2', 'order d']);
  const back = half.map((t) => ({ ...t, isReady: true }));
  assert.deepEqual(kinds({ wave: 2 }, back), ['order c,d']);
  assert.deepEqual(kinds({ wave: 2, state: 'stopped' }, back), []);
});

test('a first wave that failed is passed when a person says so', () => {
  assert.deepEqual(kinds({ resumedMs: 10 }, [target('a', 0, 'failed'), target('b', 1)]), ['open 1', 'order b']);
});

/** Boxes that install what they are asked to, well or not, at once or later, and come and go. */
test('nobody is asked before his wave, nor after a stop, and no wave hides more failures than may be', () => {
  const fate = fc.record({
    isWell: fc.boolean(),
    takes: fc.nat(3),
    away: fc.nat(6),
    isMute: fc.nat(9).map((n) => n === 0),
  });
  fc.assert(
    fc.property(
      fc.array(fate, { minLength: 1, maxLength: 12 }),
      fc.constantFrom([0, 0.25, 1], [0.34, 0.67, 1], [1]),
      fc.constantFrom(0, 0.2, 0.5, 1),
      (fates, shares, mostFailed) => {
        const nodes = fates.map((_, i) => ({ name: `n${i}`, site: `s${i % 3}` }));
        const waves = wavesOf(nodes, shares);
        let rollout: Rollout = { ...rolling, mostFailed };
        let targets = nodes.map(({ name }) => target(name, waves.get(name) ?? -1));
        const asked = new Map<string, number>();
        const set = (name: string, over: Partial<InstallTarget>): void => {
          targets = targets.map((t) => (t.node === name ? { ...t, ...over } : t));
        };
        const failedOf = (wave: number): number =>
          targets.filter((t) => t.wave === wave && (t.state === 'failed' || t.state === 'rolled-back')).length;
        for (let round = 1; round < 60 && rollout.state !== 'over'; round++) {
          const nowMs = round * 100_000;
          targets = targets.map((t, i) => ({ ...t, isReady: round > (fates[i]?.away ?? 0) }));
          const wasStopped = rollout.state === 'stopped';
          for (const step of rolloutSteps(rollout, targets, SILENT_MS, nowMs)) {
            if (step.kind === 'order')
              for (const name of step.nodes) {
                assert.ok(!wasStopped && rollout.state === 'rolling', 'asked after a stop');
                assert.ok(!asked.has(name), 'asked twice');
                const wave = waves.get(name) ?? -1;
                assert.ok(wave <= rollout.wave);
                for (let before = 0; before < wave; before++) {
                  const size = targets.filter((t) => t.wave === before).length;
                  assert.ok(failedOf(before) <= (before === 0 ? 0 : mostFailed * size), 'a bad wave was passed');
                  assert.ok(targets.some((t) => t.wave === before && t.state === 'healthy'));
                }
                asked.set(name, round);
                set(name, { state: 'ordered', changedMs: nowMs });
              }
            else if (step.kind === 'silent') set(step.node, { state: 'failed', changedMs: nowMs });
            else if (step.kind === 'open') rollout = { ...rollout, wave: step.wave };
            else rollout = { ...rollout, state: step.kind === 'stop' ? 'stopped' : 'over' };
          }
          for (const [name, since] of asked) {
            const fate = fates[Number(name.slice(1))];
            const mine = targets.find((t) => t.node === name);
            if (mine?.state === 'ordered' && fate && !fate.isMute && round - since >= fate.takes)
              set(name, { state: fate.isWell ? 'healthy' : 'rolled-back', changedMs: nowMs });
          }
        }
        if (fates.every(({ isWell, isMute }) => isWell && !isMute)) {
          assert.equal(rollout.state, 'over');
          assert.ok(targets.every(({ state }) => state === 'healthy'));
        } else assert.ok(rollout.state === 'over' || rollout.state === 'stopped', 'it hangs');
      },
    ),
    { numRuns: 300 },
  );
});
