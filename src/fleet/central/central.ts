import type { KeyObject } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { DistributionRow, FleetBook, TargetRow } from '#index/fleet-book.ts';
import type { Broker, Delivery } from '../broker.ts';
import { LIMITS } from '../limits.ts';
import type { DistributionId } from '../manifest.ts';
import type { Place } from '../message-types.ts';
import { type Carried, decodeUp, piecesIn, type UpMessage } from '../messages.ts';
import { CENTRAL_QUEUE, keyToAll, senderOf } from '../names.ts';
import { type After, Doing } from './doing.ts';
import { Giver } from './giver.ts';
import { Learning } from './learning.ts';
import { type KnownNode, Nodes } from './nodes.ts';
import { isWanted, keptOrders, type Orders, ordersOf } from './orders.ts';
import { PieceSender } from './piece-sender.ts';
import { type Plan, type PlanState, type PlanTarget, stepsFor, type TargetState } from './plan.ts';
import { type Publication, type Published, readPublication } from './publishing.ts';

export type CentralWorld = {
  readonly book: FleetBook;
  readonly control: Broker;
  readonly data: Broker;
  /** Signs what is published. */
  readonly key: KeyObject;
  /** Where nodes dial the central's own giver. */
  readonly place: Place;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** There is something in the book that must leave. */
  poke(): void;
};

export type DistributionView = Omit<DistributionRow, 'seed'> & { readonly targets: readonly TargetRow[] };

const DISCOVER_EVERY_MS = 30_000;
const TICK_MS = 1_000;
/** Messages of one turn are weighed together. */
const SOON_MS = 10;
const PREFETCH = 64;

/**
 * Publishes, tells every node what to do, and hears how far it is. All that must not be forgotten is in the book; what is to be done next follows from it (plan.ts), so a central that was killed goes on
 * where it was. Invariant: what a message brings about and what is answered are one transaction, and a message that comes twice does nothing.
 */
export class Central {
  readonly #world: CentralWorld;
  readonly #nodes: Nodes;
  readonly #giver: Giver;
  readonly #learning: Learning;
  readonly #doing: Doing;
  readonly #soon = new Set<DistributionId>();
  #epoch: number;

  constructor(world: CentralWorld) {
    this.#world = world;
    this.#nodes = new Nodes(world.book);
    this.#giver = new Giver(world);
    this.#learning = new Learning(world.book, this.#nodes, world.clock);
    const parts = { nodes: this.#nodes, giver: this.#giver, learning: this.#learning };
    this.#doing = new Doing({ ...world, ...parts, sender: new PieceSender(world) });
    this.#epoch = world.clock.nowMs();
  }

  /** Rejects when its swarm's port is taken. */
  async start(): Promise<void> {
    const { scope, control, place } = this.#world;
    scope.defer(() => this.#giver[Symbol.asyncDispose]());
    await this.#giver.listen(place);
    const consuming = control.consume({
      queue: CENTRAL_QUEUE,
      prefetch: PREFETCH,
      onDelivery: (delivery) => this.#heard(delivery),
    });
    scope.defer(async () => consuming[Symbol.asyncDispose]());
    this.#discover();
    scope.every(DISCOVER_EVERY_MS, () => this.#discover());
    scope.every(TICK_MS, () => this.#advanceAll());
  }

  nodes(): KnownNode[] {
    return [...this.#nodes.all(this.#nowMs).values()];
  }

  distributions(): DistributionView[] {
    const { book } = this.#world;
    return book.distributionBriefs().map((row) => ({ ...row, targets: book.targets(row.id) }));
  }

  /** Reads and signs it and begins. Rejects with PublishError. What is published already, byte for byte, under the same name, is not published again. */
  async publish(publication: Publication, orders: Orders = {}): Promise<DistributionId> {
    const { book, key } = this.#world;
    const published = await readPublication(publication, {
      key,
      nowMs: this.#nowMs,
      rev: (name) => book.lastRev(name) + 1,
    });
    const known = this.#sameAs(published);
    if (known) {
      this.#advanceSoon(known);
      return known;
    }
    await this.#giver.open(published.seed, published.folder);
    book.transaction(() => this.#begin(published, orders));
    this.#advance(published.id);
    return published.id;
  }

  /** Nobody shall have it any more who has not got it. */
  cancel(id: DistributionId): void {
    const { book } = this.#world;
    if (!book.distribution(id)) return;
    book.transaction(() => {
      book.setDistribution(id, 'cancelled', this.#nowMs);
      this.#doing.tell(keyToAll('cancel'), { kind: 'cancel', id }, id);
    });
    this.#world.poke();
  }

  /** Whoever failed or refused is tried again, now. `only`: this node alone. */
  retry(id: DistributionId, only?: string): void {
    const { book } = this.#world;
    book.transaction(() => {
      for (const { node, state } of book.targets(id))
        if ((state === 'failed' || state === 'refused') && (only === undefined || only === node))
          book.putTarget(id, node, this.#nowMs, { state: 'waiting', why: null, tries: 0 });
      if (book.distribution(id)?.state === 'partial') book.setDistribution(id, 'open', this.#nowMs);
    });
    this.#advance(id);
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  #sameAs({ manifest }: Published): DistributionId | undefined {
    const same = this.#world.book.distributionBriefs().find(({ manifest: bytes, state }) => {
      const { name, infoHash } = JSON.parse(bytes.toString('utf8')) as { name: string; infoHash: string };
      return state !== 'cancelled' && name === manifest.name && infoHash === manifest.infoHash;
    });
    return same?.id as DistributionId | undefined;
  }

  #begin({ id, manifest, signed, seedBytes, folder }: Published, orders: Orders): void {
    const { book } = this.#world;
    const nowMs = this.#nowMs;
    const kept = keptOrders(orders, nowMs);
    book.putDistribution({
      id,
      name: manifest.name,
      rev: manifest.rev,
      manifest: signed.bytes,
      signature: signed.signature,
      seed: seedBytes,
      source: folder,
      orders: JSON.stringify(kept),
      state: 'open',
      why: null,
      createdMs: nowMs,
      changedMs: nowMs,
    });
    for (const node of this.nodes()) if (isWanted(kept, node)) book.putTarget(id, node.name, nowMs, {});
  }

  // ---- what is heard ----

  #heard(delivery: Delivery): void {
    const sender = senderOf(delivery.key);
    const carried: Carried = { type: delivery.type, contentType: delivery.contentType ?? '', body: delivery.body };
    const read = decodeUp(carried);
    if (!sender || read.kind !== 'ok' || sender.type !== delivery.type) {
      const why = read.kind === 'ok' ? 'its key is not of its type' : read.why;
      this.#world.log.warn('message not understood', { from: sender?.node, type: delivery.type, why });
      delivery.reject();
      return;
    }
    const { book } = this.#world;
    book.transaction(() => {
      if (book.isNews(delivery.messageId)) this.#act(sender.node, read.value);
    });
    delivery.ack();
    this.#world.poke();
  }

  #act(node: string, said: UpMessage): void {
    const { book, log } = this.#world;
    this.#nodes.heard(node, this.#nowMs);
    if (said.kind === 'hello') {
      this.#hello(node, said);
      return;
    }
    const id = said.id as DistributionId;
    const target = book.target(id, node);
    if (!target || target.state === 'done') return;
    const set = (state: TargetState, over: Partial<TargetRow> = {}): void => {
      book.putTarget(id, node, this.#nowMs, { state, why: null, detail: null, ...over });
      this.#advanceSoon(id);
    };
    switch (said.kind) {
      case 'ready':
      case 'seeded':
        this.#ready(id, node, said, set);
        return;
      case 'progress':
        set(target.state as TargetState, { haveBytes: said.haveBytes });
        return;
      case 'want': {
        const pieces = piecesIn(said.pieces, this.#doing.seed(id)?.meta.pieceCount ?? 0);
        if (pieces.kind === 'ok') this.#doing.send(id, [node], [...pieces.value], false);
        set('receiving');
        return;
      }
      case 'done':
        log.info('node done', { id, node, ms: said.ms, amqpBytes: said.amqpBytes, swarmBytes: said.swarmBytes });
        set('done', { haveBytes: this.#doing.seed(id)?.meta.totalBytes ?? 0 });
        this.#doing.over(id, node);
        this.#learning.done(id, node, this.#doing.seed(id)?.meta.totalBytes ?? 0);
        return;
      case 'refuse':
      case 'failed':
        log.warn('node cannot', { id, node, code: said.code, detail: said.detail });
        set(said.kind === 'failed' ? 'failed' : 'refused', {
          why: said.code,
          detail: said.detail ?? null,
          tries: target.tries + 1,
        });
        return;
      case 'installed':
        return;
    }
  }

  #hello(node: string, said: UpMessage & { kind: 'hello' }): void {
    const { book, log } = this.#world;
    if (!this.#nodes.said(node, said, this.#nowMs)) {
      log.warn('too many nodes', { node });
      return;
    }
    const have = new Set(said.have);
    for (const row of book.distributionBriefs()) {
      if (row.state === 'cancelled' || row.state === 'partial') continue;
      const id = row.id as DistributionId;
      const target = book.target(id, node);
      if (!target && (!isWanted(ordersOf(row), { name: node, ...said }) || row.rev < book.lastRev(row.name))) continue;
      if (have.has(id)) book.putTarget(id, node, this.#nowMs, { state: 'done', why: null, detail: null });
      // Who has just come knows nothing of what it was told before.
      else if (!target || (said.epoch !== this.#epoch && target.state !== 'refused'))
        book.putTarget(id, node, this.#nowMs, { state: 'waiting' });
      else continue;
      if (row.state === 'complete' && !have.has(id)) book.setDistribution(id, 'converged', this.#nowMs);
      this.#advanceSoon(id);
    }
  }

  #ready(
    id: DistributionId,
    node: string,
    said: UpMessage & { kind: 'ready' | 'seeded' },
    set: (state: TargetState) => void,
  ): void {
    const row = this.#world.book.distribution(id);
    const seed = this.#doing.seed(id);
    const pieces = piecesIn(said.have, seed?.meta.pieceCount ?? 0);
    if (!row || !seed || pieces.kind === 'bad') return;
    this.#doing.ready(id, node, pieces.value);
    const hasSeed = said.kind === 'seeded' || (row.seed?.length ?? 0) <= LIMITS.seedInOfferBytes;
    if (!hasSeed) set('unseeded');
    else set(this.#doing.isOnItsWay(id, node) ? 'receiving' : 'ready');
  }

  // ---- what is done ----

  #discover(): void {
    this.#epoch = this.#nowMs;
    this.#doing.tell(keyToAll('discover'), { kind: 'discover', epoch: this.#epoch });
    this.#world.poke();
  }

  #advanceAll(): void {
    for (const { id, state } of this.#world.book.distributionBriefs())
      if (state === 'open' || state === 'converged') this.#advance(id as DistributionId);
  }

  #advanceSoon(id: DistributionId): void {
    if (this.#soon.has(id)) return;
    this.#soon.add(id);
    setTimeout(() => {
      this.#soon.delete(id);
      if (!this.#world.scope.closed) this.#advance(id);
    }, SOON_MS);
  }

  #advance(id: DistributionId): void {
    const { book, log } = this.#world;
    const row = book.distribution(id);
    if (!row) return;
    const { quorum, deadlineMs, ways } = ordersOf(row);
    const plan: Plan = { state: row.state as PlanState, quorum, deadlineMs, ways };
    const targets = book.targets(id) as (TargetRow & PlanTarget)[];
    const after: After = [];
    book.transaction(() => {
      for (const step of stepsFor(plan, targets, this.#nodes.all(this.#nowMs), this.#nowMs))
        this.#doing.take(id, step, after);
    });
    for (const then of after) then();
    this.#world.poke();
    const state = book.distribution(id)?.state;
    if (state !== row.state) log.info('distribution', { id, name: row.name, state });
  }
}
