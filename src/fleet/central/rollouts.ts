import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { DistributionRow, FleetBook, NewNote, TargetRow } from '#index/fleet-book.ts';
import type { InstallRow, RolloutRow } from '#index/fleet-installs.ts';
import type { DistributionId, Manifest } from '../manifest.ts';
import type { DownMessage, UpMessage } from '../messages.ts';
import { keyToNode } from '../names.ts';
import type { NoteCode } from './diary.ts';
import type { Nodes } from './nodes.ts';
import { type KeptOrders, ordersOf } from './orders.ts';
import { isOpen, type Sites, siteOf } from './sites.ts';
import {
  type InstallState,
  type InstallTarget,
  type RolloutState,
  type RolloutStep,
  rolloutSteps,
  USUAL_WAVES,
  wavesOf,
} from './waves.ts';

export type RolloutsWorld = {
  readonly book: FleetBook;
  readonly nodes: Nodes;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  readonly sites: Sites;
  /** A node that was asked and says nothing for so long has failed. */
  readonly silentMs: number;
  /** Before this nobody could be heard: that he was silent says nothing. */
  hearsSinceMs(): number;
  /** Into the outbox. */
  tell(receiver: string, message: DownMessage, distribution: DistributionId): void;
  note(code: NoteCode, of: Omit<NewNote, 'atMs' | 'code'>): void;
};

/** Who was asked and has not answered is asked again after so long, ms: it does no harm. */
const AGAIN_MS = 60_000;
/** Names in a note. */
const NAMED = 5;

const isAtIt = (state: string): boolean => state === 'ordered' || state === 'installing';

type Row = Pick<DistributionRow, 'id' | 'name' | 'rev' | 'state' | 'orders' | 'manifest'>;

/**
 * Has bundles installed, wave after wave, once they are where they shall be. Who is in which wave, and how far everybody is, is in the book; what is to be done next follows from it (waves.ts). Everything here
 * happens within a transaction of the caller's.
 */
export class Rollouts {
  readonly #world: RolloutsWorld;
  /** When who was asked last, by this process. */
  readonly #askedMs = new Map<string, number>();

  constructor(world: RolloutsWorld) {
    this.#world = world;
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  /** Those that are not over. */
  get open(): RolloutRow[] {
    return this.#world.book.installs.rollouts();
  }

  begin(id: DistributionId): void {
    this.#world.book.installs.putRollout(id, this.#nowMs, { state: 'bringing' });
  }

  /** Takes what steps there are. */
  advance(row: Row): void {
    const { installs, lastRev } = this.#parts();
    const id = row.id as DistributionId;
    const rollout = installs.rollout(id);
    // Who comes late gets it too, unless it was ended.
    if (!rollout || (rollout.state === 'over' && rollout.why)) return;
    const ended = row.state === 'cancelled' ? 'cancelled' : row.rev < lastRev(row.name) ? 'replaced' : undefined;
    if (ended) {
      this.#set(id, 'over', { why: ended });
      return;
    }
    const orders = ordersOf(row);
    const targets = this.#world.book.targets(id);
    const have = this.#thatHave(row, targets);
    if (rollout.state === 'bringing' && !this.#begun(row, orders, targets, have)) return;
    const isLate = this.#placeLate(id, have);
    if (rollout.state === 'over' && isLate) this.#set(id, 'rolling', {});
    const { mostFailed } = orders.waves ?? USUAL_WAVES;
    const now = installs.rollout(id) ?? rollout;
    const plan = { ...now, state: now.state as RolloutState, mostFailed };
    const members = this.#members(id, orders, have);
    for (const step of rolloutSteps(plan, members, this.#world.silentMs, this.#nowMs)) this.#take(id, step);
    if (now.state === 'rolling') this.#askAgain(id, members);
  }

  /** False: it is about no bundle that this node was asked to install. */
  heard(node: string, said: UpMessage & { kind: 'installing' | 'installed' }): boolean {
    const { installs } = this.#parts();
    const id = said.id as DistributionId;
    const row = installs.get(id, node);
    // An attempt that another one has followed is past.
    if (!row || said.attempt < row.attempt || row.attempt === 0) return false;
    if (said.kind === 'installing') {
      if (!isAtIt(row.state)) return false;
      installs.put(id, node, this.#nowMs, { state: 'installing' });
      return true;
    }
    const { healthy, code = 'failed', detail } = said;
    const state: InstallState = healthy ? 'healthy' : code === 'rolled-back' ? 'rolled-back' : 'failed';
    if (row.state === state && (healthy || row.why === code)) return false;
    installs.put(id, node, this.#nowMs, { state, why: healthy ? null : code, detail: detail ?? null });
    this.#world.log[healthy ? 'info' : 'warn']('node installed', { id, node, healthy, code: said.code, detail });
    if (!healthy) this.#noteFailed(id, node, code, detail);
    return true;
  }

  /** A person says that a stopped one may go on: what has failed so far stops it no more. */
  resume(id: DistributionId): void {
    const { installs } = this.#parts();
    if (installs.rollout(id)?.state !== 'stopped') return;
    this.#set(id, 'rolling', { why: null, node: null, resumedMs: this.#nowMs });
    this.#world.note('wave-resumed', { distribution: id });
  }

  /** Who failed is asked again, in its wave; not before a stopped one goes on. `only`: this node alone. */
  retry(id: DistributionId, only?: string): void {
    const { installs } = this.#parts();
    const failed = installs
      .of(id)
      .filter(({ node, state }) => (state === 'failed' || state === 'rolled-back') && (only ?? node) === node);
    for (const { node } of failed) installs.put(id, node, this.#nowMs, { state: 'waiting', why: null, detail: null });
    const rollout = installs.rollout(id);
    if (failed.length > 0 && rollout?.state === 'over' && !rollout.why) this.#set(id, 'rolling', {});
  }

  #parts() {
    const { book } = this.#world;
    return { installs: book.installs, lastRev: (name: string) => book.lastRev(name) };
  }

  #set(id: DistributionId, state: RolloutState, over: Partial<Pick<RolloutRow, 'why' | 'node' | 'resumedMs'>>): void {
    this.#world.book.installs.putRollout(id, this.#nowMs, { state, ...over });
  }

  /** Nodes that have it and are such a device: a relay has it for others, too. */
  #thatHave({ manifest }: Row, targets: readonly TargetRow[]): string[] {
    const { firmware } = JSON.parse(manifest.toString('utf8')) as Manifest;
    const all = this.#world.nodes.all(this.#nowMs);
    const done = targets.filter(({ state }) => state === 'done').map(({ node }) => node);
    return done.filter((node) => all.get(node)?.device === firmware?.compatible);
  }

  /** Everybody who is here has the bundle, or will not: now it is decided whose turn is when. False: not yet. */
  #begun(
    { id, state }: Row,
    { waves = USUAL_WAVES }: KeptOrders,
    targets: readonly TargetRow[],
    have: readonly string[],
  ): boolean {
    const { book, nodes } = this.#world;
    const all = nodes.all(this.#nowMs);
    const isPending = (target: TargetRow): boolean =>
      !['done', 'refused', 'failed'].includes(target.state) && all.get(target.node)?.online === true;
    if (state === 'open' || have.length === 0 || targets.some(isPending)) return false;
    const who = have.map((name) => ({ name, site: all.get(name)?.site ?? '' }));
    for (const [node, wave] of wavesOf(who, waves.shares)) book.installs.put(id, node, this.#nowMs, { wave });
    this.#set(id as DistributionId, 'rolling', {});
    this.#noteOpened(id as DistributionId, 0);
    return true;
  }

  /** Who has it later than the others is in the last wave. True: there was somebody. */
  #placeLate(id: DistributionId, have: readonly string[]): boolean {
    const { installs } = this.#parts();
    const placed = installs.of(id);
    const known = new Set(placed.map(({ node }) => node));
    const last = Math.max(0, ...placed.map(({ wave }) => wave));
    const late = have.filter((node) => !known.has(node));
    for (const node of late) installs.put(id, node, this.#nowMs, { wave: last });
    return late.length > 0;
  }

  #members(id: DistributionId, orders: KeptOrders, having: readonly string[]): InstallTarget[] {
    const { book, nodes, sites } = this.#world;
    const nowMs = this.#nowMs;
    const all = nodes.all(nowMs);
    const have = new Set(having);
    return book.installs.of(id).map((row) => {
      const known = all.get(row.node);
      // An installation is never small: it may take the device away for a while.
      const window = orders.window ?? siteOf(sites, known?.site ?? '')?.window;
      const isReady = have.has(row.node) && known?.online === true && isOpen(window, nowMs);
      const changedMs = isAtIt(row.state) ? Math.max(row.changedMs, this.#world.hearsSinceMs()) : row.changedMs;
      return { ...row, state: row.state as InstallState, changedMs, isReady };
    });
  }

  #take(id: DistributionId, step: RolloutStep): void {
    const { installs } = this.#parts();
    const { note, log } = this.#world;
    switch (step.kind) {
      case 'order':
        for (const node of step.nodes) {
          const attempt = (installs.get(id, node)?.attempt ?? 0) + 1;
          installs.put(id, node, this.#nowMs, { state: 'ordered', attempt, why: null, detail: null });
          this.#ask(id, node, attempt);
        }
        return;
      case 'silent':
        installs.put(id, step.node, this.#nowMs, { state: 'failed', why: 'silent', detail: null });
        this.#noteFailed(id, step.node, 'silent', undefined);
        return;
      case 'open':
        installs.putRollout(id, this.#nowMs, { wave: step.wave });
        this.#noteOpened(id, step.wave);
        return;
      case 'stop': {
        const why = installs.get(id, step.node)?.why ?? 'failed';
        this.#set(id, 'stopped', { why, node: step.node });
        note('wave-stopped', { distribution: id, node: step.node, why, detail: `wave ${step.wave + 1}` });
        log.warn('rollout stopped', { id, wave: step.wave, node: step.node, why });
        return;
      }
      case 'over': {
        const rows = installs.of(id);
        const healthy = rows.filter(({ state }) => state === 'healthy').length;
        this.#set(id, 'over', {});
        note('rolled-out', { distribution: id, detail: `${healthy} of ${rows.length} are healthy` });
        return;
      }
    }
  }

  #ask(id: DistributionId, node: string, attempt: number): void {
    this.#askedMs.set(`${id} ${node}`, this.#nowMs);
    this.#world.tell(keyToNode(node, 'install'), { kind: 'install', id, attempt }, id);
  }

  /** Its inbox may have gone, with all that was in it. */
  #askAgain(id: DistributionId, members: readonly InstallTarget[]): void {
    for (const { node, state, isReady } of members) {
      const key = `${id} ${node}`;
      if (state !== 'ordered') this.#askedMs.delete(key);
      else if (isReady && this.#nowMs - (this.#askedMs.get(key) ?? 0) >= AGAIN_MS)
        this.#ask(id, node, (this.#world.book.installs.get(id, node) as InstallRow).attempt);
    }
  }

  #noteOpened(id: DistributionId, wave: number): void {
    const rows = this.#world.book.installs.of(id);
    const members = rows.filter((row) => row.wave === wave).map(({ node }) => node);
    const count = new Set(rows.map((row) => row.wave)).size;
    const names = `${members.slice(0, NAMED).join(', ')}${members.length > NAMED ? ` and ${members.length - NAMED} more` : ''}`;
    this.#world.note('wave-opened', { distribution: id, detail: `wave ${wave + 1} of ${count}: ${names}` });
  }

  #noteFailed(distribution: DistributionId, node: string, why: string, detail: string | undefined): void {
    this.#world.note('install-failed', { distribution, node, why, ...(detail !== undefined && { detail }) });
  }
}
