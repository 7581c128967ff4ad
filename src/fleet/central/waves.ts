import type { Waves } from '../config-types.ts';

/** How far one node is with installing one bundle, as the central knows it. */
export type InstallState =
  /** Its wave has not come, or it is not here. */
  | 'waiting'
  /** It was asked, and has not said that it has begun. */
  | 'ordered'
  | 'installing'
  | 'healthy'
  /** Its code is in `why`. */
  | 'failed'
  /** It was not healthy with it, and what ran before runs again. */
  | 'rolled-back';

export type InstallTarget = {
  readonly node: string;
  readonly wave: number;
  readonly state: InstallState;
  /** Since when it is so, or when it last said that it is still at it. */
  readonly changedMs: number;
  /** It is here, has the whole bundle, and may install now: its window is open. */
  readonly isReady: boolean;
};

export type RolloutState =
  /** The bundle is on its way to all. */
  | 'bringing'
  | 'rolling'
  /** Until a person says otherwise nobody else is asked. */
  | 'stopped'
  /** All have it or failed, it was cancelled, or a later revision took its place. */
  | 'over';

export type Rollout = {
  readonly state: RolloutState;
  /** The last wave that is open, from 0 on. */
  readonly wave: number;
  /** See Waves. */
  readonly mostFailed: number;
  /** A person said after these failures that it is to go on. */
  readonly resumedMs: number;
};

export type RolloutStep =
  | { readonly kind: 'order'; readonly nodes: readonly string[] }
  /** It has said nothing for too long. */
  | { readonly kind: 'silent'; readonly node: string }
  | { readonly kind: 'open'; readonly wave: number }
  /** `node`: who failed last. */
  | { readonly kind: 'stop'; readonly wave: number; readonly node: string }
  | { readonly kind: 'over' };

/** One node, 5 %, 25 %, all; of a wave 2 % may fail. */
export const USUAL_WAVES: Waves = { shares: [0, 0.05, 0.25, 1], mostFailed: 0.02 };

/**
 * Who is in which wave, from 0 on. Each wave has at least one; waves that would have nobody are left out. A site's nodes are spread over all waves as evenly as they can be, so a bad wave
 * hits of each site the share that it hits of all. Depends on names and sites alone.
 */
export function wavesOf(
  nodes: readonly { readonly name: string; readonly site: string }[],
  shares: readonly number[],
): Map<string, number> {
  const bySite = Map.groupBy(nodes, ({ site }) => site);
  const placed = [...bySite].flatMap(([site, members]) =>
    members
      .map(({ name }) => name)
      .sort()
      .map((name, i) => ({ name, site, at: (i + 0.5) / members.length })),
  );
  placed.sort((a, b) => a.at - b.at || (a.site < b.site ? -1 : a.site > b.site ? 1 : 0));
  const waves = new Map<string, number>();
  let [wave, from] = [0, 0];
  for (const share of shares) {
    // A hair less than its share is its share: a third of three is one.
    const end = Math.min(placed.length, Math.max(1, Math.ceil(share * placed.length - 1e-9)));
    if (end <= from) continue;
    for (const { name } of placed.slice(from, end)) waves.set(name, wave);
    [wave, from] = [wave + 1, end];
  }
  return waves;
}

const isFailed = (state: InstallState): boolean => state === 'failed' || state === 'rolled-back';
const isAtIt = (state: InstallState): boolean => state === 'ordered' || state === 'installing';

/**
 * What is to be done next with a bundle that is everywhere: follows from how far everybody is and the time, as the steps of a plan do. Of each wave that is open those who are here are asked.
 * The next one opens when nobody of this one is at it or could be, at least one is healthy, and no more failed than may. As soon as more did, it stops: nobody is asked any more, but who was asked goes on,
 * and what he says is kept. A later message may mend a failure; the stop stays until a person says `resume`, which takes the failures so far for granted.
 */
export function rolloutSteps(
  rollout: Rollout,
  targets: readonly InstallTarget[],
  silentMs: number,
  nowMs: number,
): RolloutStep[] {
  if (rollout.state !== 'rolling' && rollout.state !== 'stopped') return [];
  const silent = targets.filter(({ state, changedMs }) => isAtIt(state) && nowMs - changedMs >= silentMs);
  const steps: RolloutStep[] = silent.map(({ node }) => ({ kind: 'silent', node }));
  if (rollout.state === 'stopped') return steps;
  const now = targets.map((target) =>
    silent.includes(target) ? { ...target, state: 'failed' as const, changedMs: nowMs } : target,
  );
  const waves = Map.groupBy(now, ({ wave }) => wave);
  const last = Math.max(0, ...waves.keys());
  for (let wave = 0; wave <= rollout.wave; wave++) {
    const node = tooManyFailed(wave, waves.get(wave) ?? [], rollout);
    if (node !== undefined) return [...steps, { kind: 'stop', wave, node }];
  }
  let open = rollout.wave;
  if (open < last && isPassed(waves.get(open) ?? [], rollout)) {
    open++;
    steps.push({ kind: 'open', wave: open });
  }
  const due = now.filter(({ wave, state, isReady }) => wave <= open && state === 'waiting' && isReady);
  if (due.length > 0) steps.push({ kind: 'order', nodes: due.map(({ node }) => node) });
  if (now.length > 0 && now.every(({ state }) => state === 'healthy' || isFailed(state))) steps.push({ kind: 'over' });
  return steps;
}

/** Who failed last of those that are too many: more than may, or all of the wave. */
function tooManyFailed(
  wave: number,
  members: readonly InstallTarget[],
  { mostFailed, resumedMs }: Rollout,
): string | undefined {
  const failed = members.filter(({ state, changedMs }) => isFailed(state) && changedMs > resumedMs);
  const most = wave === 0 ? 0 : mostFailed * members.length;
  const areAll = failed.length > 0 && members.every(({ state }) => isFailed(state));
  if (failed.length <= most && !areAll) return undefined;
  return failed.reduce((a, b) => (b.changedMs >= a.changedMs ? b : a)).node;
}

/** Who is away is not waited for, but somebody must have shown that it is well, or a person have said that it may go on without. */
function isPassed(members: readonly InstallTarget[], { resumedMs }: Rollout): boolean {
  if (members.some(({ state, isReady }) => isAtIt(state) || (state === 'waiting' && isReady))) return false;
  return members.some(({ state, changedMs }) => state === 'healthy' || (isFailed(state) && changedMs <= resumedMs));
}
