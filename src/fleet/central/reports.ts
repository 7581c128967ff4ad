import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { FleetBook, NewNote, TargetRow } from '#index/fleet-book.ts';
import { LIMITS } from '../limits.ts';
import type { DistributionId } from '../manifest.ts';
import { piecesIn, type UpMessage } from '../messages.ts';
import type { NoteCode } from './diary.ts';
import type { Doing } from './doing.ts';
import type { Nodes } from './nodes.ts';
import { isWanted, ordersOf } from './orders.ts';
import type { TargetState } from './plan.ts';
import type { Rollouts } from './rollouts.ts';

export type ReportsWorld = {
  readonly book: FleetBook;
  readonly nodes: Nodes;
  readonly doing: Doing;
  readonly rollouts: Rollouts;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  /** Of the last `discover`. */
  epoch(): number;
  /** The node has it now. */
  done(id: DistributionId, node: string): void;
  /** There may be something to do for it. */
  changed(id: DistributionId): void;
  note(code: NoteCode, of: Omit<NewNote, 'atMs' | 'code'>): void;
};

/** Writes down what nodes say. All of a message happens within a transaction of the caller's, who knows that it is news. */
export class Reports {
  readonly #world: ReportsWorld;

  constructor(world: ReportsWorld) {
    this.#world = world;
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  /** What the message brings about. */
  heard(node: string, said: UpMessage): void {
    const { book, log } = this.#world;
    const known = this.#world.nodes.get(node, this.#nowMs);
    if (this.#world.nodes.heard(node, this.#nowMs)) this.#world.note('node-came', { node });
    else if (said.kind === 'hello' && known && known.beganMs !== said.beganMs)
      this.#world.note('node-restarted', { node });
    if (said.kind === 'hello') {
      this.#hello(node, said);
      return;
    }
    const id = said.id as DistributionId;
    if (said.kind === 'installing' || said.kind === 'installed') {
      if (this.#world.rollouts.heard(node, said)) this.#world.changed(id);
      return;
    }
    const target = book.target(id, node);
    // Somebody else offers things to nodes, or their keys are not ours.
    if (!target && said.kind === 'refuse' && said.code === 'not-signed')
      this.#noteTrouble('refused', id, node, said.code, said.detail);
    if (target && said.kind === 'warn') {
      log.warn('node warns', { id, node, code: said.code, detail: said.detail });
      this.#world.note('warned', { distribution: id, node, why: said.code, detail: said.detail ?? null });
    }
    if (!target || target.state === 'done') return;
    const set = (state: TargetState, over: Partial<TargetRow> = {}): void => {
      book.putTarget(id, node, this.#nowMs, { state, why: null, detail: null, ...over });
      this.#world.changed(id);
    };
    switch (said.kind) {
      case 'ready':
      case 'seeded':
        this.#ready(id, node, said, set);
        return;
      case 'progress':
        // It gets on: whatever it was tried again for is over.
        set(target.state as TargetState, {
          haveBytes: said.haveBytes,
          ...(said.haveBytes > target.haveBytes && { tries: 0 }),
        });
        return;
      case 'want': {
        const pieces = piecesIn(said.pieces, this.#world.doing.seed(id)?.meta.pieceCount ?? 0);
        if (pieces.kind === 'ok') this.#world.doing.send(id, [node], [...pieces.value], false);
        set('receiving');
        return;
      }
      case 'done':
        log.info('node done', { id, node, ms: said.ms, amqpBytes: said.amqpBytes, swarmBytes: said.swarmBytes });
        set('done', { haveBytes: this.#world.doing.seed(id)?.meta.totalBytes ?? 0 });
        this.#world.doing.over(id, node);
        this.#world.done(id, node);
        if (this.#isLastRelay(id, node)) this.#world.note('relays-done', { distribution: id });
        return;
      case 'refuse':
      case 'failed':
        log.warn('node cannot', { id, node, code: said.code, detail: said.detail });
        this.#noteTrouble(said.kind === 'failed' ? 'failed' : 'refused', id, node, said.code, said.detail);
        set(said.kind === 'failed' ? 'failed' : 'refused', {
          why: said.code,
          detail: said.detail ?? null,
          tries: target.tries + 1,
        });
        return;
      case 'warn':
        return;
    }
  }

  #hello(node: string, said: UpMessage & { kind: 'hello' }): void {
    const { book, log } = this.#world;
    const isNew = !this.#world.nodes.get(node, this.#nowMs);
    if (!this.#world.nodes.said(node, said, this.#nowMs)) {
      log.warn('too many nodes', { node });
      return;
    }
    if (isNew) this.#world.note('node-came', { node, detail: `${said.role} of ${said.site}` });
    const have = new Set(said.have);
    const targets = new Map(book.targetsOf(node).map((target) => [target.distribution, target]));
    for (const row of book.distributionHeads()) {
      if (row.state === 'cancelled' || row.state === 'partial') continue;
      const id = row.id as DistributionId;
      const target = targets.get(id);
      if (target?.state === 'done' && have.has(id)) continue;
      if (!target && (!isWanted(ordersOf(row), { name: node, ...said }) || row.rev < book.lastRev(row.name))) continue;
      if (have.has(id)) book.putTarget(id, node, this.#nowMs, { state: 'done', why: null, detail: null });
      // Who has just come knows nothing of what it was told before.
      else if (!target || (said.epoch !== this.#world.epoch() && target.state !== 'refused'))
        book.putTarget(id, node, this.#nowMs, { state: 'waiting' });
      else continue;
      if (row.state === 'complete' && !have.has(id)) book.setDistribution(id, 'converged', this.#nowMs);
      this.#world.changed(id);
    }
  }

  #isLastRelay(id: DistributionId, node: string): boolean {
    const isRelay = (name: string): boolean => this.#world.nodes.get(name, this.#nowMs)?.role === 'relay';
    return (
      isRelay(node) &&
      this.#world.book.targets(id).every(({ node: other, state }) => state === 'done' || !isRelay(other))
    );
  }

  #ready(
    id: DistributionId,
    node: string,
    said: UpMessage & { kind: 'ready' | 'seeded' },
    set: (state: TargetState) => void,
  ): void {
    const row = this.#world.book.distribution(id);
    const seed = this.#world.doing.seed(id);
    const pieces = piecesIn(said.have, seed?.meta.pieceCount ?? 0);
    if (!row || !seed || pieces.kind === 'bad') return;
    this.#world.doing.ready(id, node, pieces.value);
    const hasSeed = said.kind === 'seeded' || (row.seed?.length ?? 0) <= LIMITS.seedInOfferBytes;
    if (!hasSeed) set('unseeded');
    else set(this.#world.doing.isOnItsWay(id, node) ? 'receiving' : 'ready');
  }

  /** Who failed or refused, and why: what was said last of it is not said again. */
  #noteTrouble(code: 'failed' | 'refused', distribution: string, node: string, why: string, detail?: string): void {
    const [last] = this.#world.book.notes({ distribution, node, limit: 1 });
    if (last?.code !== code || last.why !== why)
      this.#world.note(code, { distribution, node, why, ...(detail !== undefined && { detail }) });
  }
}
