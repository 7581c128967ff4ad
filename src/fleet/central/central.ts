import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { FleetBook, NewNote, NoteRow, TargetRow } from '#index/fleet-book.ts';
import type { Broker } from '../broker.ts';
import type { Orders } from '../config-types.ts';
import type { DistributionId } from '../manifest.ts';
import type { Place } from '../message-types.ts';
import { encodeDown } from '../messages.ts';
import { CENTRAL_QUEUE, DOWN, keyToAll, keyToNode } from '../names.ts';
import type { NoteCode } from './diary.ts';
import { type After, Doing } from './doing.ts';
import { Giver } from './giver.ts';
import { Hearing } from './hearing.ts';
import { Learning } from './learning.ts';
import { type KnownNode, Nodes } from './nodes.ts';
import { isWanted, type KeptOrders, keptOrders } from './orders.ts';
import { PieceSender } from './piece-sender.ts';
import { groupOf, type PlanTarget, stepsFor } from './plan.ts';
import { type Publication, PublishError, type Published, readPublication } from './publishing.ts';
import { Reports } from './reports.ts';
import { Rollouts } from './rollouts.ts';
import { SiteRates } from './site-rates.ts';
import { isAllShut, planOf, type Sites } from './sites.ts';
import { type DistributionView, distributionsIn, sameIn } from './views.ts';

export type CentralWorld = {
  readonly book: FleetBook;
  readonly control: Broker;
  readonly data: Broker;
  /** Signs what is published. */
  readonly key: KeyObject;
  /** Signs firmware. Throws PublishError when it is not there. */
  firmwareKey?(): KeyObject;
  /** What holds for what goes to a site. */
  readonly sites?: Sites;
  /** A node that was asked to install and says nothing for so long has failed. */
  readonly installSilentMs?: number;
  /** Where nodes dial the central's own giver. */
  readonly place: Place;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** There is something in the book that must leave. */
  poke(): void;
};

const INSTALL_SILENT_MS = 15 * 60_000;

const DISCOVER_EVERY_MS = 30_000;
const TICK_MS = 1_000;
/** Messages of one turn are weighed together; among many nodes, of a longer one: looking at all of them takes its time. */
const SOON_MS = 3;
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
  readonly #rollouts: Rollouts;
  readonly #reports: Reports;
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
    const sites = world.sites ?? {};
    const parts = { nodes: this.#nodes, giver: this.#giver, learning: this.#learning, sites };
    const sender = new PieceSender(world);
    this.#doing = new Doing({ ...world, ...parts, sender, rates: new SiteRates(world.clock) });
    this.#rollouts = new Rollouts({
      ...world,
      ...parts,
      silentMs: world.installSilentMs ?? INSTALL_SILENT_MS,
      tell: (receiver, message, id) => this.#doing.tell(receiver, message, id),
      note: (code, of) => this.#note(code, of),
      hearsSinceMs: () => this.#hearsSinceMs,
    });
    this.#reports = new Reports({
      ...world,
      ...parts,
      doing: this.#doing,
      rollouts: this.#rollouts,
      epoch: () => this.#epoch,
      done: (id, node) => this.#doneSince(id, node),
      changed: (id) => this.#advanceSoon(id),
      note: (code, of) => this.#note(code, of),
    });
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
      act: (node, said) => this.#reports.heard(node, said),
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
    return distributionsIn(this.#world.book);
  }

  /** What lies in the watched folder under this name cannot be distributed. */
  cannotPublish(name: string, why: string): void {
    this.#note('not-published', { detail: `${name}: ${why}`.slice(0, 500) });
    this.#world.poke();
  }

  /** The diary, newest first. */
  notes(of: Parameters<FleetBook['notes']>[0]): NoteRow[] {
    return this.#world.book.notes(of);
  }

  /** Reads and signs it and begins. Rejects with PublishError. What is published already, byte for byte, under the same name, is not published again. */
  async publish(publication: Publication, orders: Orders = {}): Promise<DistributionId> {
    const { book } = this.#world;
    const nowMs = this.#nowMs;
    const isFirmware = publication.kind === 'firmware';
    const kept = keptOrders(orders, nowMs, isFirmware);
    const published = await readPublication(publication, {
      key: isFirmware ? this.#firmwareKey() : this.#world.key,
      nowMs,
      rev: (name) => book.lastRev(name) + 1,
    });
    const known = sameIn(book, published.manifest);
    if (known) {
      this.#advanceSoon(known);
      return known;
    }
    await this.#giver.open(published.seed, published.folder, true);
    book.transaction(() => this.#begin(published, kept));
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
    this.#advance(id);
  }

  /** A roll-out that was stopped goes on, whatever has failed so far. */
  resume(id: DistributionId): void {
    this.#world.book.transaction(() => this.#rollouts.resume(id));
    this.#advance(id);
  }

  /** Whoever failed or refused is tried again, now. `only`: this node alone. */
  retry(id: DistributionId, only?: string): void {
    const { book } = this.#world;
    if (!book.distribution(id)) return;
    book.transaction(() => {
      this.#note('retried', { distribution: id, ...(only !== undefined && { node: only }) });
      for (const { node, state } of book.targets(id))
        if ((state === 'failed' || state === 'refused') && (only === undefined || only === node))
          book.putTarget(id, node, this.#nowMs, { state: 'waiting', why: null, tries: 0 });
      if (book.distribution(id)?.state === 'partial') book.setDistribution(id, 'open', this.#nowMs);
      this.#rollouts.retry(id, only);
    });
    this.#advance(id);
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  #firmwareKey(): KeyObject {
    const { firmwareKey } = this.#world;
    if (!firmwareKey)
      throw new PublishError(
        'this central has no "firmwareKey" in its configuration: firmware is signed with a key of its own',
      );
    return firmwareKey();
  }

  #begin({ id, manifest, signed, seedBytes, folder }: Published, kept: KeptOrders): void {
    const { book } = this.#world;
    const nowMs = this.#nowMs;
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
    if (manifest.kind === 'firmware') this.#rollouts.begin(id);
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
    const ids = new Set<string>(this.#rollouts.open.map(({ distribution }) => distribution));
    for (const { id, state } of this.#world.book.distributionHeads())
      if (state === 'open' || state === 'converged') ids.add(id);
    for (const id of ids) this.#advance(id as DistributionId);
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
    const nowMs = this.#nowMs;
    const nodes = this.#nodes.all(nowMs);
    const sizeBytes = this.#doing.seed(id)?.meta.totalBytes ?? 0;
    const plan = planOf(row, nodes, sizeBytes, this.#world.sites ?? {}, nowMs);
    const targets = (book.targets(id) as (TargetRow & PlanTarget)[]).map((target) => ({
      ...target,
      changedMs: this.#doing.isPaced(id, target.node) ? nowMs : Math.max(target.changedMs, this.#hearsSinceMs),
    }));
    const after: After = [];
    book.transaction(() => {
      for (const step of stepsFor(plan, targets, nodes, nowMs)) this.#doing.take(id, step, after);
      this.#rollouts.advance(book.distribution(id) ?? row);
    });
    if (isAllShut(plan, targets, nodes)) this.#doing.pause(id);
    for (const node of this.#done.get(id)?.values() ?? [])
      this.#learning.done(id, node, this.#doing.seed(id)?.meta.totalBytes ?? 0);
    this.#done.delete(id);
    for (const then of after) then();
    this.#world.poke();
    const state = book.distribution(id)?.state;
    if (state !== row.state) log.info('distribution', { id, name: row.name, state });
  }
}
