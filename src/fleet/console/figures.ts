import type { Clock } from '#base/clock.ts';
import type { DistributionRow, FleetBook, TargetRow } from '#index/fleet-book.ts';
import type { InstallRow } from '#index/fleet-installs.ts';
import type { KnownNode } from '../central/nodes.ts';
import { ordersOf } from '../central/orders.ts';
import type { PlanState, TargetState } from '../central/plan.ts';
import type { InstallState, RolloutState } from '../central/waves.ts';
import type { DistributionId, Manifest } from '../manifest.ts';
import { CONSOLE_LIMITS } from './limits.ts';
import { Pace } from './pace.ts';

export type FiguresWorld = {
  readonly book: Pick<
    FleetBook,
    'distributionBriefs' | 'targets' | 'targetBriefs' | 'target' | 'distribution' | 'installs'
  >;
  readonly clock: Pick<Clock, 'nowMs'>;
  nodes(): readonly KnownNode[];
  /** ms, for how long a look took. */
  elapsedMs?(): number;
};

type Brief = Omit<DistributionRow, 'seed'>;
/** What a look at one distribution found. */
type Seen = {
  readonly row: Brief;
  readonly manifest: Manifest;
  readonly counts: Counts;
  readonly haveBytes: number;
  readonly pace: Pace;
  /** Who has not got it, and how far he is. */
  readonly lacking: ReadonlyMap<string, TargetState>;
};
type Counts = { all: number; waiting: number; moving: number; done: number; failed: number };
/** See FleetNode of the admin contract. */
type NodeView = {
  readonly name: string;
  readonly role: KnownNode['role'];
  readonly site: string;
  readonly online: boolean;
  readonly sinceMs: number;
  readonly version: string;
  readonly freeBytes: number;
  readonly lacks: number;
  readonly failing: number;
};

const isUnderWay = (state: string): boolean => state === 'open' || state === 'converged';
const isBad = (state: string): boolean => state === 'failed' || state === 'refused';
const manifestOf = (row: Brief): Manifest => JSON.parse(row.manifest.toString('utf8')) as Manifest;

/**
 * What a page shows of the fleet, from the book and from who is here: looked at once a second for all who ask, and not at all while nobody does. With many nodes it looks less often
 * (limits.ts), and says only what has changed.
 */
export class Figures {
  readonly #world: FiguresWorld;
  readonly #seen = new Map<string, Seen>();
  readonly #nodes = new Map<string, { readonly view: NodeView; readonly rev: number; readonly changedMs: number }>();
  /** Rises with each look that finds something new; never one of an earlier process. */
  #rev: number;
  readonly #firstRev: number;
  #distributionsRev: number;
  #list: readonly Brief[] = [];
  #dueMs = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(world: FiguresWorld) {
    this.#world = world;
    this.#firstRev = world.clock.nowMs();
    this.#rev = this.#firstRev;
    this.#distributionsRev = this.#firstRev;
  }

  /** For the live feed. */
  summary() {
    this.#look();
    const views = [...this.#nodes.values()].map(({ view }) => view);
    const moving = this.#list.filter(({ state }) => isUnderWay(state)).map((row) => this.#viewOf(row));
    return {
      nodes: { all: views.length, online: views.filter(({ online }) => online).length },
      bytesPerS: moving.reduce((sum, { bytesPerS }) => sum + bytesPerS, 0),
      nodesRev: this.#rev,
      distributionsRev: this.#distributionsRev,
      moving: moving.slice(0, CONSOLE_LIMITS.moving),
    };
  }

  /** `since`: the `rev` of an answer. One that is not known any more is answered as none. */
  nodes(since?: number) {
    this.#look();
    const isAll = since === undefined || since < this.#firstRev || since > this.#rev;
    const rows = [...this.#nodes.values()].filter(({ rev }) => isAll || rev > since);
    return { rev: this.#rev, isAll, nodes: rows.map(({ view }) => view) };
  }

  /** With all that it shall have, newest first. */
  node(name: string) {
    this.#look();
    const known = this.#world.nodes().find((node) => node.name === name);
    const view = this.#nodes.get(name)?.view;
    if (!known || !view) return undefined;
    const targets = this.#list.flatMap((row) => {
      const target = this.#world.book.target(row.id, name);
      if (!target) return [];
      const { sizeBytes } = manifestOf(row);
      return [
        {
          id: row.id,
          name: row.name,
          rev: row.rev,
          sizeBytes,
          over: row.state as PlanState,
          ...howFar(target, sizeBytes),
        },
      ];
    });
    const { ip, port } = known.swarm;
    return { node: view, address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`, targets };
  }

  /** Newest first. */
  distributions({ offset = 0, limit = 50 }: { readonly offset?: number; readonly limit?: number }) {
    this.#look();
    const distributions = this.#list.slice(offset, offset + limit).map((row) => this.#viewOf(row));
    return { all: this.#list.length, distributions };
  }

  distribution(id: string) {
    this.#look();
    const row = this.#world.book.distribution(id);
    if (!row) return undefined;
    const { ways: _, ...orders } = ordersOf(row);
    const { infoHash, firmware } = manifestOf(row);
    const rollout = this.#rolloutOf(id);
    return {
      ...this.#viewOf(row),
      orders,
      infoHash: infoHash as string,
      ...(firmware && { firmware }),
      ...(rollout && { rollout }),
    };
  }

  /** What a person calls it. */
  nameOf(id: string): string | undefined {
    return this.#seen.get(id)?.row.name ?? this.#world.book.distribution(id)?.name;
  }

  #rolloutOf(id: string) {
    const { installs } = this.#world.book;
    const rollout = installs.rollout(id);
    if (!rollout) return undefined;
    const all = installs.of(id);
    const { wave, why, node } = rollout;
    return {
      state: rollout.state as RolloutState,
      wave,
      waves: Math.max(wave, ...all.map((install) => install.wave)) + 1,
      ...(why !== null && { why }),
      ...(node !== null && { node }),
      healthy: all.filter(({ state }) => state === 'healthy').length,
      failed: all.filter(({ state }) => state === 'failed' || state === 'rolled-back').length,
    };
  }

  /** `since`: the `nowMs` of an answer. */
  targets(id: DistributionId, since?: number) {
    this.#look();
    const { book, clock } = this.#world;
    const row = book.distribution(id);
    if (!row) return undefined;
    const { sizeBytes } = manifestOf(row);
    const nowMs = clock.nowMs();
    // A clock that was set back would hide what has changed.
    const isAll = since === undefined || since > nowMs;
    const installs = new Map(book.installs.of(id).map((install) => [install.node, install]));
    const targets = book.targets(id).flatMap((target) => {
      const node = this.#nodes.get(target.node);
      const install = installs.get(target.node);
      const changedMs = Math.max(target.changedMs, node?.changedMs ?? 0, install?.changedMs ?? 0);
      if (!isAll && changedMs < since) return [];
      const { site = '', role = 'terminal' as const, online = false } = node?.view ?? {};
      const far = howFar(target, sizeBytes);
      const own = { node: target.node, site, role, online, tries: target.tries, ...far };
      return [install ? { ...own, install: installIn(install) } : own];
    });
    return { nowMs, isAll, targets };
  }

  #look(): void {
    const { clock, elapsedMs = () => performance.now() } = this.#world;
    const beganMs = elapsedMs();
    if (beganMs < this.#dueMs) return;
    const nowMs = clock.nowMs();
    this.#lookAtDistributions(nowMs);
    this.#lookAtNodes(nowMs);
    const endedMs = elapsedMs();
    const restMs = CONSOLE_LIMITS.restAfterLook * (endedMs - beganMs);
    this.#dueMs = Math.max(beganMs + CONSOLE_LIMITS.lookMs, endedMs + restMs);
  }

  #lookAtDistributions(nowMs: number): void {
    const { book } = this.#world;
    const list = book.distributionBriefs();
    const isNew = list.some((row) => this.#seen.get(row.id)?.row.state !== row.state);
    const ids = new Set(list.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    if (isNew || list.length !== this.#list.length) this.#distributionsRev++;
    this.#list = list;
    const turn = this.#turn++;
    const turns = Math.max(1, Math.ceil(list.length / CONSOLE_LIMITS.overAtOnce));
    for (const [i, row] of list.entries()) {
      const before = this.#seen.get(row.id);
      const isTurn = i % turns === turn % turns;
      if (before && !isTurn && !isUnderWay(row.state) && before.row.changedMs === row.changedMs) continue;
      this.#seen.set(row.id, seenIn(row, book.targetBriefs(row.id), before, nowMs));
    }
  }

  #lookAtNodes(nowMs: number): void {
    const lacks = new Map<string, { lacks: number; failing: number }>();
    for (const { row, lacking } of this.#seen.values()) {
      if (row.state === 'cancelled') continue;
      for (const [node, state] of lacking) {
        const count = lacks.get(node) ?? { lacks: 0, failing: 0 };
        count.lacks++;
        if (isBad(state)) count.failing++;
        lacks.set(node, count);
      }
    }
    const rev = this.#rev + 1;
    let isNew = false;
    for (const { name, role, site, online, sinceMs, version, freeBytes } of this.#world.nodes()) {
      const count = lacks.get(name) ?? { lacks: 0, failing: 0 };
      const view = { name, role, site, online, sinceMs, version, freeBytes, ...count };
      const before = this.#nodes.get(name);
      if (before && isSame(before.view, view)) continue;
      this.#nodes.set(name, { view, rev, changedMs: nowMs });
      isNew = true;
    }
    if (isNew) this.#rev = rev;
  }

  #viewOf(row: Brief) {
    const { manifest, counts, haveBytes, pace } =
      this.#seen.get(row.id) ??
      seenIn(row, this.#world.book.targetBriefs(row.id), undefined, this.#world.clock.nowMs());
    const { kind, sizeBytes, fileCount } = manifest;
    const bytesPerS = isUnderWay(row.state) ? pace.bytesPerS : 0;
    const leftBytes = (counts.all - counts.failed) * sizeBytes - haveBytes;
    return {
      id: row.id,
      name: row.name,
      rev: row.rev,
      kind,
      sizeBytes,
      fileCount,
      createdMs: row.createdMs,
      changedMs: row.changedMs,
      state: row.state as PlanState,
      ...(row.why !== null && { why: row.why }),
      nodes: counts,
      haveBytes,
      bytesPerS,
      ...(bytesPerS > 0 && leftBytes > 0 && { leftMs: Math.round((1_000 * leftBytes) / bytesPerS) }),
      deadlineMs: ordersOf(row).deadlineMs,
    };
  }
}

function seenIn(
  row: Brief,
  targets: ReturnType<FleetBook['targetBriefs']>,
  before: Seen | undefined,
  nowMs: number,
): Seen {
  const manifest = before?.manifest ?? manifestOf(row);
  const counts: Counts = { all: targets.length, waiting: 0, moving: 0, done: 0, failed: 0 };
  const lacking = new Map<string, TargetState>();
  let haveBytes = 0;
  for (const [node, state, bytes] of targets) {
    haveBytes += hadBytes(state, bytes, manifest.sizeBytes);
    if (state !== 'done') lacking.set(node, state as TargetState);
    if (state === 'done') counts.done++;
    else if (state === 'waiting') counts.waiting++;
    else if (isBad(state)) counts.failed++;
    else counts.moving++;
  }
  const pace = before?.pace ?? new Pace();
  pace.at(nowMs, haveBytes);
  return { row, manifest, counts, haveBytes, pace, lacking };
}

/** Whoever has all of it may have said nothing of its bytes. */
const hadBytes = (state: string, haveBytes: number, sizeBytes: number): number =>
  state === 'done' ? sizeBytes : Math.min(haveBytes, sizeBytes);

const howFar = ({ state, why, detail, haveBytes, changedMs }: TargetRow, sizeBytes: number) => ({
  state: state as TargetState,
  ...(why !== null && { why }),
  ...(detail !== null && { detail }),
  haveBytes: hadBytes(state, haveBytes, sizeBytes),
  changedMs,
});

const installIn = ({ wave, state, why, detail }: InstallRow) => ({
  wave,
  state: state as InstallState,
  ...(why !== null && { why }),
  ...(detail !== null && { detail }),
});

const isSame = (a: NodeView, b: NodeView): boolean =>
  (Object.keys(a) as (keyof NodeView)[]).every((field) => a[field] === b[field]);
