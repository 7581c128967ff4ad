import type { Role, Way } from '../message-types.ts';

/** How far one node is with one distribution, as the central knows it. */
export type TargetState =
  /** Not here, or its turn has not come. */
  | 'waiting'
  | 'offered'
  /** It has understood, has room, and its inbox stands; it lacks the seed, which did not fit into the offer. */
  | 'unseeded'
  /** It is being sent the seed. */
  | 'seeding'
  /** It can begin. */
  | 'ready'
  | 'receiving'
  | 'done'
  /** It said no: its code is in `why`. */
  | 'refused'
  | 'failed';

export type PlanNode = { readonly name: string; readonly role: Role; readonly site: string; readonly online: boolean };
export type PlanTarget = {
  readonly node: string;
  readonly state: TargetState;
  readonly why: string | null;
  readonly tries: number;
  /** Since when it is so, or when it last made progress. */
  readonly changedMs: number;
};

export type PlanState = 'open' | 'converged' | 'complete' | 'partial' | 'cancelled';
export type Plan = {
  readonly state: PlanState;
  /** Of the targets, 0 to 1: when so many have it, others may begin, and the rest is tried on. */
  readonly quorum: number;
  /** Unix time, ms: what is not done then is not tried on. */
  readonly deadlineMs: number;
  /** By group: what was chosen when it was first offered. */
  readonly ways: Readonly<Record<string, Way>>;
  /** Sites where it is not its time: nothing begins there. */
  readonly shut?: ReadonlySet<string>;
};

export type Step =
  | { readonly kind: 'offer'; readonly group: string; readonly nodes: readonly string[] }
  | { readonly kind: 'seed'; readonly nodes: readonly string[] }
  /** All pieces, over AMQP. */
  | { readonly kind: 'send'; readonly nodes: readonly string[] }
  | { readonly kind: 'start'; readonly group: string; readonly nodes: readonly string[] }
  | {
      readonly kind: 'target';
      readonly node: string;
      readonly state: TargetState;
      readonly why?: string;
      readonly tried?: true;
    }
  | { readonly kind: 'state'; readonly state: PlanState };

export const PLAN_LIMITS = {
  /** An offer that is not answered for so long is made again, ms. It is not lost on its way: who is silent is slow, or waits among many. */
  offerMs: 30_000,
  /** How long the first who are ready wait for the others of their group, ms: who is later gets it by itself. */
  gatherMs: 1_500,
  /** Without any progress for so long, ms, it is begun again. */
  stalledMs: 20_000,
  /** Both are twice as long after each try, up to so many times. */
  longer: 8,
  /** A node that failed is tried again after so long, ms. */
  retryMs: 30_000,
  tries: 8,
} as const;

/** Relays come first, all of them together; then the terminals of each site. */
export const RELAYS = 'relays';
export const groupOf = ({ role, site }: Pick<PlanNode, 'role' | 'site'>): string =>
  role === 'relay' ? RELAYS : `site ${site}`;

/** Why somebody waits who is here: his site's time, or its own, has not come. */
export const SHUT = 'window';

const isUnderWay = (state: TargetState): boolean =>
  ['offered', 'unseeded', 'seeding', 'ready', 'receiving'].includes(state);
const isOver = (state: TargetState): boolean => state === 'done' || state === 'refused' || state === 'failed';
/** Refusals and failures that another time may end better. */
const PASSING = new Set([
  'disk-full',
  'disk',
  'busy',
  'silent',
  'stalled',
  'wrong-seed',
  'not-offered',
  'no-seed',
  'not-given',
]);

/**
 * What is to be done next for one distribution: follows from how far everybody is, who is here, and the time. Doing the same again does no harm, so it is asked after every message
 * and every second, and after a restart it goes on from what the book says. In a site that is shut nothing begins: who has been told to begin gets what is given.
 */
export function stepsFor(
  plan: Plan,
  targets: readonly PlanTarget[],
  nodes: ReadonlyMap<string, PlanNode>,
  nowMs: number,
): Step[] {
  if (plan.state === 'complete' || plan.state === 'partial' || plan.state === 'cancelled') return [];
  const isShut = (node: string): boolean => plan.shut?.has(nodes.get(node)?.site ?? '') ?? false;
  const steps = [...revived(targets, nodes, nowMs), ...lapsed(targets, nodes, isShut, nowMs)];
  const moved = new Map(steps.flatMap((step) => (step.kind === 'target' ? [[step.node, step] as const] : [])));
  const now = targets.map((target) => {
    const step = moved.get(target.node);
    return step ? { ...target, state: step.state, why: step.why ?? null } : target;
  });
  for (const [group, members] of groupsOf(now, nodes)) {
    if (isGroupOpen(group, now, nodes)) steps.push(...groupSteps(plan, group, members, nodes, isShut, nowMs));
  }
  const state = stateOf(plan, now, nowMs);
  if (state !== plan.state) steps.push({ kind: 'state', state });
  return steps;
}

/** Who failed and may be tried again. */
function revived(targets: readonly PlanTarget[], nodes: ReadonlyMap<string, PlanNode>, nowMs: number): Step[] {
  const again = ({ node, state, why, tries, changedMs }: PlanTarget): boolean =>
    (state === 'failed' || state === 'refused') &&
    PASSING.has(why ?? '') &&
    tries < PLAN_LIMITS.tries &&
    nowMs - changedMs >= PLAN_LIMITS.retryMs &&
    nodes.get(node)?.online === true;
  return targets.filter(again).map(({ node }) => ({ kind: 'target', node, state: 'waiting' }));
}

/** Who has gone, and whoever should have answered or got on by now. Where it is not its time that costs no try. */
function lapsed(
  targets: readonly PlanTarget[],
  nodes: ReadonlyMap<string, PlanNode>,
  isShut: (node: string) => boolean,
  nowMs: number,
): Step[] {
  const steps: Step[] = [];
  for (const { node, state, tries, changedMs } of targets) {
    if (!isUnderWay(state)) continue;
    if (!nodes.get(node)?.online) {
      steps.push({ kind: 'target', node, state: 'waiting' });
      continue;
    }
    const isOffered = state === 'offered';
    // Longer with each try: where all are slow, asking again makes them slower.
    const longer = Math.min(PLAN_LIMITS.longer, 2 ** tries);
    const patienceMs = longer * (isOffered ? PLAN_LIMITS.offerMs : PLAN_LIMITS.stalledMs);
    if (state === 'ready' || state === 'unseeded' || nowMs - changedMs < patienceMs) continue;
    if (isShut(node)) {
      steps.push({ kind: 'target', node, state: 'waiting', why: SHUT });
      continue;
    }
    const isLast = tries + 1 >= PLAN_LIMITS.tries;
    if (isLast)
      steps.push({ kind: 'target', node, state: 'failed', why: isOffered ? 'silent' : 'stalled', tried: true });
    else steps.push({ kind: 'target', node, state: 'waiting', tried: true });
  }
  return steps;
}

function groupsOf(targets: readonly PlanTarget[], nodes: ReadonlyMap<string, PlanNode>): Map<string, PlanTarget[]> {
  return Map.groupBy(
    targets.filter(({ node }) => nodes.has(node)),
    ({ node }) => groupOf(nodes.get(node) as PlanNode),
  );
}

/** Terminals wait for a relay of their site that has it, or until none of them will. */
function isGroupOpen(group: string, targets: readonly PlanTarget[], nodes: ReadonlyMap<string, PlanNode>): boolean {
  if (group === RELAYS) return true;
  const relays = targets.filter(({ node }) => {
    const known = nodes.get(node);
    return known?.role === 'relay' && `site ${known.site}` === group;
  });
  return (
    relays.length === 0 || relays.some(({ state }) => state === 'done') || relays.every(({ state }) => isOver(state))
  );
}

function groupSteps(
  plan: Plan,
  group: string,
  all: readonly PlanTarget[],
  nodes: ReadonlyMap<string, PlanNode>,
  isShut: (node: string) => boolean,
  nowMs: number,
): Step[] {
  const members = all.filter(({ node }) => !isShut(node));
  const steps: Step[] = all
    .filter(({ node, state, why }) => isShut(node) && state === 'waiting' && why !== SHUT)
    .map(({ node }) => ({ kind: 'target', node, state: 'waiting', why: SHUT }));
  const named = (state: TargetState): string[] => members.filter((m) => m.state === state).map(({ node }) => node);
  const waiting = named('waiting').filter((node) => nodes.get(node)?.online);
  if (waiting.length > 0) steps.push({ kind: 'offer', group, nodes: waiting });
  const unseeded = named('unseeded');
  if (unseeded.length > 0) steps.push({ kind: 'seed', nodes: unseeded });
  const ready = members.filter(({ state }) => state === 'ready');
  if (ready.length === 0) return steps;
  // The first begin when all who were offered it have answered, or have had their time.
  const firstMs = Math.min(...ready.map(({ changedMs }) => changedMs));
  const isBegun = members.some(({ state }) => state === 'receiving' || state === 'done');
  const pending = waiting.length + named('offered').length + unseeded.length + named('seeding').length;
  const isGathered = isBegun || nowMs - firstMs >= PLAN_LIMITS.gatherMs || pending === 0;
  if (!isGathered) return steps;
  const way = plan.ways[group];
  const who = ready.map(({ node }) => node);
  if (way === 'swarm') steps.push({ kind: 'start', group, nodes: who });
  else steps.push({ kind: 'send', nodes: who });
  return steps;
}

function stateOf({ quorum, deadlineMs }: Plan, targets: readonly PlanTarget[], nowMs: number): PlanState {
  const done = targets.filter(({ state }) => state === 'done').length;
  if (done === targets.length) return 'complete';
  if (nowMs >= deadlineMs) return 'partial';
  const isHopeless = ({ state, why, tries }: PlanTarget): boolean =>
    state === 'done' ||
    ((state === 'refused' || state === 'failed') && (!PASSING.has(why ?? '') || tries >= PLAN_LIMITS.tries));
  if (targets.every(isHopeless)) return 'partial';
  return done >= quorum * targets.length ? 'converged' : 'open';
}
