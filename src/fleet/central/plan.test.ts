import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Way } from '../message-types.ts';
import {
  groupOf,
  PLAN_LIMITS,
  type Plan,
  type PlanNode,
  type PlanTarget,
  RELAYS,
  SHUT,
  type Step,
  stepsFor,
  type TargetState,
} from './plan.ts';

const plan: Plan = { state: 'open', quorum: 0.9, deadlineMs: 1e12, ways: {} };
const node = (name: string, role: PlanNode['role'], site: string, online = true): PlanNode => ({
  name,
  role,
  site,
  online,
});
const mapOf = (...nodes: PlanNode[]): Map<string, PlanNode> => new Map(nodes.map((n) => [n.name, n]));
const target = (name: string, state: TargetState = 'waiting', over: Partial<PlanTarget> = {}): PlanTarget => ({
  node: name,
  state,
  why: null,
  tries: 0,
  changedMs: 0,
  ...over,
});
const kinds = (steps: readonly Step[]): string[] =>
  steps.map(
    (s) => `${s.kind} ${'nodes' in s ? s.nodes.join(',') : s.kind === 'target' ? `${s.node} ${s.state}` : s.state}`,
  );

const site = mapOf(
  node('r1', 'relay', 'east'),
  node('t1', 'terminal', 'east'),
  node('t2', 'terminal', 'east'),
  node('t3', 'terminal', 'west'),
);

test('relays come first, then the terminals of a site whose relay has it; a site without one need not wait', () => {
  const all = ['r1', 't1', 't2', 't3'].map((name) => target(name));
  assert.deepEqual(kinds(stepsFor(plan, all, site, 0)), ['offer r1', 'offer t3']);
  const done = all.map((t) => (t.node === 'r1' ? target('r1', 'done') : t));
  assert.deepEqual(kinds(stepsFor(plan, done, site, 0)), ['offer t1,t2', 'offer t3']);
  const refused = all.map((t) => (t.node === 'r1' ? target('r1', 'refused', { why: 'not-signed' }) : t));
  assert.deepEqual(kinds(stepsFor(plan, refused, site, 0)), ['offer t1,t2', 'offer t3'], 'no relay will have it');
});

test('who is not here waits, without a try lost, and is offered it when it comes', () => {
  const away = mapOf(node('t3', 'terminal', 'west', false));
  assert.deepEqual(stepsFor(plan, [target('t3')], away, 0), []);
  assert.deepEqual(kinds(stepsFor(plan, [target('t3', 'receiving')], away, 0)), ['target t3 waiting']);
  assert.deepEqual(kinds(stepsFor(plan, [target('t3')], site, 0)), ['offer t3']);
});

test('where it is not its time nothing begins, what was given arrives, and no try is lost', () => {
  const shut = { ...plan, ways: { 'site west': 'chunks' as const }, shut: new Set(['west']) };
  const of = (state: TargetState, nowMs = 0, over: Partial<PlanTarget> = {}): string[] =>
    kinds(stepsFor(shut, [target('t1'), target('t3', state, over)], site, nowMs));
  assert.deepEqual(of('waiting'), ['offer t1', 'target t3 waiting']);
  assert.deepEqual(of('waiting', 0, { why: SHUT }), ['offer t1'], 'it is said once');
  for (const state of ['offered', 'unseeded', 'seeding', 'ready', 'receiving'] as const)
    assert.deepEqual(of(state), ['offer t1'], state);
  assert.deepEqual(of('receiving', PLAN_LIMITS.stalledMs), ['target t3 waiting', 'offer t1']);
  const last = { tries: PLAN_LIMITS.tries - 1 };
  assert.deepEqual(of('receiving', PLAN_LIMITS.longer * PLAN_LIMITS.stalledMs, last), [
    'target t3 waiting',
    'offer t1',
  ]);
  const open = { ...shut, shut: new Set<string>() };
  assert.deepEqual(kinds(stepsFor(open, [target('t3', 'waiting', { why: SHUT })], site, 0)), ['offer t3']);
});

test('those who are ready begin together, and who is late by itself', () => {
  const ways: Record<string, Way> = { 'site east': 'swarm' };
  const nodes = mapOf(node('t1', 'terminal', 'east'), node('t2', 'terminal', 'east'));
  const steps = (a: TargetState, b: TargetState, nowMs: number, of = ways) =>
    kinds(
      stepsFor(
        { ...plan, ways: of },
        [target('t1', a, { changedMs: 10 }), target('t2', b, { changedMs: 10 })],
        nodes,
        nowMs,
      ),
    );
  assert.deepEqual(steps('ready', 'offered', 20), []);
  assert.deepEqual(steps('ready', 'offered', 10 + PLAN_LIMITS.gatherMs), ['start t1']);
  assert.deepEqual(steps('ready', 'ready', 20), ['start t1,t2']);
  assert.deepEqual(steps('receiving', 'ready', 20), ['start t2']);
  assert.deepEqual(steps('ready', 'ready', 20, { 'site east': 'chunks' }), ['send t1,t2']);
  assert.deepEqual(steps('ready', 'unseeded', 20), ['seed t2']);
});

test('who does not answer or get on is tried again, and given up at last', () => {
  const of = (state: TargetState, tries: number, nowMs: number): string[] =>
    kinds(stepsFor(plan, [target('t3', state, { tries })], site, nowMs));
  assert.deepEqual(of('offered', 0, PLAN_LIMITS.offerMs - 1), []);
  assert.deepEqual(of('offered', 0, PLAN_LIMITS.offerMs), ['target t3 waiting', 'offer t3']);
  assert.deepEqual(of('receiving', 0, PLAN_LIMITS.stalledMs), ['target t3 waiting', 'offer t3']);
  assert.deepEqual(of('offered', 1, 2 * PLAN_LIMITS.offerMs - 1), [], 'it has longer than the first time');
  assert.deepEqual(of('offered', 1, 2 * PLAN_LIMITS.offerMs), ['target t3 waiting', 'offer t3']);
  const mostMs = PLAN_LIMITS.longer * PLAN_LIMITS.stalledMs;
  assert.deepEqual(of('receiving', PLAN_LIMITS.tries - 1, mostMs)[0], 'target t3 failed');
});

test('it converges when most have it, ends when all have, or when nobody else will', () => {
  const nodes = mapOf(...Array.from({ length: 10 }, (_, i) => node(`t${i}`, 'terminal', 'east')));
  const state = (states: readonly TargetState[], why = 'not-signed', nowMs = 0): string | undefined =>
    kinds(
      stepsFor(
        { ...plan, deadlineMs: 100 },
        states.map((s, i) => target(`t${i}`, s, { why: s === 'refused' ? why : null })),
        nodes,
        nowMs,
      ),
    ).find((step) => step.startsWith('state'));
  const done: TargetState[] = Array(9).fill('done');
  assert.equal(state([...done, 'receiving']), 'state converged');
  assert.equal(state([...done, 'done']), 'state complete');
  assert.equal(state([...done, 'refused']), 'state partial');
  assert.equal(state([...done, 'refused'], 'disk-full'), 'state converged', 'room may come');
  assert.equal(state([...done.slice(1), 'receiving', 'receiving']), undefined);
  assert.equal(state([...done, 'receiving'], '', 100), 'state partial', 'its time is over');
  assert.deepEqual(stepsFor({ ...plan, state: 'cancelled' }, [target('t1')], nodes, 0), []);
});

/** Nodes that answer what they are told, late, twice, or not at all, and come and go: whoever stays ends up with it. */
test('whatever is lost, nothing hangs: every node that is here and well has it in the end', () => {
  const fates = fc.array(
    fc.record({ loses: fc.nat(3), leaves: fc.boolean(), refuses: fc.constantFrom('', '', 'not-signed', 'disk-full') }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(fates, fc.constantFrom<Way>('inline', 'chunks', 'swarm'), fc.boolean(), (all, way, inOffer) => {
      const nodes = all.map((_, i) => node(`n${i}`, i === 0 ? 'relay' : 'terminal', i < 3 ? 'east' : 'west'));
      let targets = nodes.map(({ name }) => target(name));
      const lost = new Map<string, number>();
      let [state, ways]: [Plan['state'], Record<string, Way>] = ['open', {}];
      let nowMs = 0;
      const set = (name: string, to: TargetState, over: Partial<PlanTarget> = {}): void => {
        targets = targets.map((t) => (t.node === name ? { ...t, state: to, changedMs: nowMs, ...over } : t));
      };
      const answer = (name: string): TargetState | undefined => {
        const fate = all[Number(name.slice(1))];
        const times = lost.get(name) ?? 0;
        lost.set(name, times + 1);
        return times < (fate?.loses ?? 0) ? undefined : 'done';
      };
      for (let round = 0; round < 4_000 && state !== 'complete' && state !== 'partial'; round++) {
        nowMs += 1_000;
        const here = mapOf(...nodes.map((n, i) => ({ ...n, online: !(all[i]?.leaves && round % 40 < 15) })));
        for (const step of stepsFor({ state, quorum: 0.9, deadlineMs: 1e9, ways }, targets, here, nowMs)) {
          if (step.kind === 'state') state = step.state;
          else if (step.kind === 'target') {
            const tries = (targets.find((t) => t.node === step.node)?.tries ?? 0) + (step.tried ? 1 : 0);
            set(step.node, step.state, { tries, why: step.why ?? null });
          } else
            for (const name of step.nodes) {
              const refuses = all[Number(name.slice(1))]?.refuses;
              if (step.kind === 'offer') {
                ways = { [step.group]: way, ...ways };
                set(name, 'offered');
                if (refuses)
                  set(name, 'refused', { why: refuses, tries: (targets.find((t) => t.node === name)?.tries ?? 0) + 1 });
                else if (answer(name)) set(name, inOffer ? 'ready' : 'unseeded');
              } else if (step.kind === 'seed') set(name, answer(name) ? 'ready' : 'seeding');
              else set(name, answer(name) ? 'done' : 'receiving');
            }
        }
      }
      assert.ok(state === 'complete' || state === 'partial', JSON.stringify(targets));
      for (const { node: name, state: end } of targets)
        if (!all[Number(name.slice(1))]?.refuses) assert.equal(end, 'done', name);
    }),
    { numRuns: 300 },
  );
});

test('groups are named by who is in them', () => {
  assert.equal(groupOf({ role: 'relay', site: 'x' }), RELAYS);
  assert.equal(groupOf({ role: 'terminal', site: 'x' }), 'site x');
});
