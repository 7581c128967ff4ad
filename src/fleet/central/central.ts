import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { DistributionRow, FleetBook, NewNote, NoteRow, TargetRow } from '#index/fleet-book.ts';
import type { Broker } from '../broker.ts';
import { LIMITS } from '../limits.ts';
import type { DistributionId } from '../manifest.ts';
import type { Place } from '../message-types.ts';
import { encodeDown, piecesIn, type UpMessage } from '../messages.ts';
import { CENTRAL_QUEUE, DOWN, keyToAll, keyToNode } from '../names.ts';
import type { NoteCode } from './diary.ts';
import { type After, Doing } from './doing.ts';
import { Giver } from './giver.ts';
import { Hearing } from './hearing.ts';
import { Learning } from './learning.ts';
import { type KnownNode, Nodes } from './nodes.ts';
import { isWanted, keptOrders, type Orders, ordersOf } from './orders.ts';
import { PieceSender } from './piece-sender.ts';
import { groupOf, type Plan, type PlanState, type PlanTarget, stepsFor, type TargetState } from './plan.ts';
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
/** Messages of one turn are weighed together; among many nodes, of a longer one: looking at all of them takes its time. */
const SOON_MS = 10;
const SOON_MS_PER_NODE = 0.2;
/** What nodes said and is not yet kept: so much may be one transaction. */
const PREFETCH = 256;
/** Nodes that are asked at the same time who they are. */
const ASKED_AT_ONCE = 64;

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
  /** Of each group, one who has had it since it was looked at. */
  readonly #done = new Map<DistributionId, Map<string, string>>();
  #epoch: number;
  /** Nobody could be heard before: that he was silent says nothing. */
  #hearsSinceMs: number;
  /** What the diary says of the broker. */
  #broker: 'up' | 'down' | 'blocked' | undefined;

  constructor(world: CentralWorld) {
    this.#world = world;
    this.#nodes = new Nodes(world.book, world.clock.nowMs());
    this.#giver = new Giver(world);
    this.#learning = new Learning(world.book, this.#nodes, world.clock);
    const parts = { nodes: this.#nodes, giver: this.#giver, learning: this.#learning };
    this.#doing = new Doing({ ...world, ...parts, sender: new PieceSender(world) });
    this.#epoch = this.#hearsSinceMs = world.clock.nowMs();
  }

  /** Rejects when its swarm's port is taken. */
  async start(): Promise<void> {
    const { scope, control, place } = this.#world;
    this.#note('central-started');
    scope.defer(control.onState(({ kind }) => this.#brokerIs(kind)));
    scope.defer(() => this.#giver[Symbol.asyncDispose]());
    await this.#giver.listen(place);
    const hearing = new Hearing({
      ...this.#world,
      act: (node, said) => this.#act(node, said),
      heard: (count) => {
        // More has come than was heard: somebody's answer may lie there.
        if (count >= PREFETCH / 4) this.#hearsSinceMs = this.#nowMs;
        this.#world.poke();
      },
    });
    const consuming = control.consume({
      queue: CENTRAL_QUEUE,
      prefetch: PREFETCH,
      onDelivery: (delivery) => hearing.onDelivery(delivery),
    });
    scope.defer(async () => consuming[Symbol.asyncDispose]());
    if (control.state.kind === 'up') this.#brokerIs('up');
    scope.every(TICK_MS, () => {
      if (this.#nowMs - this.#epoch >= DISCOVER_EVERY_MS) this.#discover(false);
      this.#tellWhoWent();
      this.#advanceAll();
    });
  }

  nodes(): KnownNode[] {
    return [...this.#nodes.all(this.#nowMs).values()];
  }

  distributions(): DistributionView[] {
    const { book } = this.#world;
    return book.distributionBriefs().map((row) => ({ ...row, targets: book.targets(row.id) }));
  }

  /** The diary, newest first. */
  notes(of: Parameters<FleetBook['notes']>[0]): NoteRow[] {
    return this.#world.book.notes(of);
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
      this.#note('cancelled', { distribution: id });
      this.#doing.tell(keyToAll('cancel'), { kind: 'cancel', id }, id);
    });
    this.#world.poke();
  }

  /** Whoever failed or refused is tried again, now. */
  retry(id: DistributionId): void {
    const { book } = this.#world;
    if (!book.distribution(id)) return;
    book.transaction(() => {
      this.#note('retried', { distribution: id });
      for (const { node, state } of book.targets(id))
        if (state === 'failed' || state === 'refused')
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
    const { name, rev, sizeBytes } = manifest;
    this.#note('published', { distribution: id, detail: `${name}, revision ${rev}, ${sizeBytes} bytes` });
  }

  // ---- the diary ----

  #note(code: NoteCode, of: Omit<NewNote, 'atMs' | 'code'> = {}): void {
    this.#world.book.note({ atMs: this.#nowMs, code, ...of });
  }

  #brokerIs(kind: 'up' | 'down' | 'blocked' | 'closed'): void {
    if (kind === 'closed' || kind === this.#broker) return;
    if (kind === 'up') this.#hearsSinceMs = this.#nowMs;
    const isFirst = this.#broker === undefined && kind === 'up';
    this.#broker = kind;
    if (!isFirst) this.#note(({ up: 'broker-back', down: 'broker-gone', blocked: 'broker-blocked' } as const)[kind]);
    if (kind !== 'up') return;
    this.#discover(true);
    this.#advanceAll();
  }

  #tellWhoWent(): void {
    const { book } = this.#world;
    book.transaction(() => {
      for (const node of this.#nodes.gone(this.#nowMs)) this.#note('node-went', { node });
    });
  }

  /** Who failed or refused, and why: what was said last of it is not said again. */
  #noteTrouble(code: 'failed' | 'refused', distribution: string, node: string, why: string, detail?: string): void {
    const [last] = this.#world.book.notes({ distribution, node, limit: 1 });
    if (last?.code !== code || last.why !== why)
      this.#note(code, { distribution, node, why, ...(detail !== undefined && { detail }) });
  }

  // ---- what is heard ----

  #act(node: string, said: UpMessage): void {
    const { book, log } = this.#world;
    const known = this.#nodes.get(node, this.#nowMs);
    if (this.#nodes.heard(node, this.#nowMs)) this.#note('node-came', { node });
    else if (said.kind === 'hello' && known && known.beganMs !== said.beganMs) this.#note('node-restarted', { node });
    if (said.kind === 'hello') {
      this.#hello(node, said);
      return;
    }
    const id = said.id as DistributionId;
    const target = book.target(id, node);
    // Somebody else offers things to nodes, or their keys are not ours.
    if (!target && said.kind === 'refuse' && said.code === 'not-signed')
      this.#noteTrouble('refused', id, node, said.code, said.detail);
    if (target && said.kind === 'warn') {
      log.warn('node warns', { id, node, code: said.code, detail: said.detail });
      this.#note('warned', { distribution: id, node, why: said.code, detail: said.detail ?? null });
    }
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
        // It gets on: whatever it was tried again for is over.
        set(target.state as TargetState, {
          haveBytes: said.haveBytes,
          ...(said.haveBytes > target.haveBytes && { tries: 0 }),
        });
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
        this.#doneSince(id, node);
        if (this.#isLastRelay(id, node)) this.#note('relays-done', { distribution: id });
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
      case 'installed':
        return;
    }
  }

  #hello(node: string, said: UpMessage & { kind: 'hello' }): void {
    const { book, log } = this.#world;
    const isNew = !this.#nodes.get(node, this.#nowMs);
    if (!this.#nodes.said(node, said, this.#nowMs)) {
      log.warn('too many nodes', { node });
      return;
    }
    if (isNew) this.#note('node-came', { node, detail: `${said.role} of ${said.site}` });
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
      else if (!target || (said.epoch !== this.#epoch && target.state !== 'refused'))
        book.putTarget(id, node, this.#nowMs, { state: 'waiting' });
      else continue;
      if (row.state === 'complete' && !have.has(id)) book.setDistribution(id, 'converged', this.#nowMs);
      this.#advanceSoon(id);
    }
  }

  #isLastRelay(id: DistributionId, node: string): boolean {
    const isRelay = (name: string): boolean => this.#nodes.get(name, this.#nowMs)?.role === 'relay';
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
    const seed = this.#doing.seed(id);
    const pieces = piecesIn(said.have, seed?.meta.pieceCount ?? 0);
    if (!row || !seed || pieces.kind === 'bad') return;
    this.#doing.ready(id, node, pieces.value);
    const hasSeed = said.kind === 'seeded' || (row.seed?.length ?? 0) <= LIMITS.seedInOfferBytes;
    if (!hasSeed) set('unseeded');
    else set(this.#doing.isOnItsWay(id, node) ? 'receiving' : 'ready');
  }

  // ---- what is done ----

  /**
   * Asks who is there. All in one message when nobody is away, or it is not known who is; else those who are here, each by himself: what lies in the inbox of who is away would fill it in a night, and a full
   * one refuses for all. It is asked again soon: what does not arrive is not sent again.
   */
  #discover(isFirst: boolean): void {
    const { control, scope } = this.#world;
    this.#epoch = this.#nowMs;
    const all = this.nodes();
    const here = all.filter(({ online }) => online);
    const toAll = isFirst || here.length === all.length;
    const keys = toAll ? [keyToAll('discover')] : here.map(({ name }) => keyToNode(name, 'discover'));
    const carried = encodeDown({ kind: 'discover', epoch: this.#epoch });
    scope.run(async (signal) => {
      while (keys.length > 0 && !signal.aborted) {
        const some = keys.splice(0, ASKED_AT_ONCE);
        const publish = (key: string) =>
          control.publish({ exchange: DOWN, key, messageId: randomUUID(), persistent: false, ...carried }, false);
        await Promise.all(some.map(publish));
      }
    });
  }

  /** When it is looked at next, it is seen whether that was the last of a group. */
  #doneSince(id: DistributionId, node: string): void {
    const known = this.#nodes.get(node, this.#nowMs);
    if (!known) return;
    const groups = this.#done.get(id) ?? new Map<string, string>();
    this.#done.set(id, groups.set(groupOf(known), node));
  }

  #advanceAll(): void {
    for (const { id, state } of this.#world.book.distributionHeads())
      if (state === 'open' || state === 'converged') this.#advance(id as DistributionId);
  }

  #advanceSoon(id: DistributionId): void {
    if (this.#soon.has(id)) return;
    this.#soon.add(id);
    setTimeout(
      () => {
        this.#soon.delete(id);
        if (!this.#world.scope.closed) this.#advance(id);
      },
      SOON_MS + SOON_MS_PER_NODE * this.#nodes.count,
    );
  }

  #advance(id: DistributionId): void {
    const { book, log } = this.#world;
    const row = book.distribution(id);
    // Without a broker nothing can be told, and nobody heard.
    if (!row || this.#world.control.state.kind !== 'up') return;
    const { quorum, deadlineMs, ways } = ordersOf(row);
    const plan: Plan = { state: row.state as PlanState, quorum, deadlineMs, ways };
    const targets = (book.targets(id) as (TargetRow & PlanTarget)[]).map((target) => ({
      ...target,
      changedMs: Math.max(target.changedMs, this.#hearsSinceMs),
    }));
    const after: After = [];
    book.transaction(() => {
      for (const step of stepsFor(plan, targets, this.#nodes.all(this.#nowMs), this.#nowMs))
        this.#doing.take(id, step, after);
    });
    for (const node of this.#done.get(id)?.values() ?? [])
      this.#learning.done(id, node, this.#doing.seed(id)?.meta.totalBytes ?? 0);
    this.#done.delete(id);
    for (const then of after) then();
    this.#world.poke();
    const state = book.distribution(id)?.state;
    if (state !== row.state) log.info('distribution', { id, name: row.name, state });
  }
}
