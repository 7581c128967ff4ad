import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { FleetBook, TargetRow } from '#index/fleet-book.ts';
import { LIMITS } from '../limits.ts';
import type { DistributionId } from '../manifest.ts';
import type { Place } from '../message-types.ts';
import { type DownMessage, encodeDown } from '../messages.ts';
import { keyToAll, keyToNode } from '../names.ts';
import { readSeed, type Seed } from '../seed.ts';
import { dialledBy } from '../swarm/mesh.ts';
import type { Giver } from './giver.ts';
import type { Learning } from './learning.ts';
import type { KnownNode, Nodes } from './nodes.ts';
import { ordersOf } from './orders.ts';
import type { PieceSender } from './piece-sender.ts';
import { groupOf, RELAYS, type Step } from './plan.ts';

export type DoingWorld = {
  readonly book: FleetBook;
  readonly nodes: Nodes;
  readonly giver: Giver;
  readonly sender: PieceSender;
  readonly learning: Learning;
  /** Where nodes dial the central's own giver. */
  readonly place: Place;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
};

/** What is done once the book has its part of a step. */
export type After = (() => void)[];

const SEED_PART_BYTES = 96 * 1024;

/** Takes the steps of the plan: messages and states into the book, pieces to the broker, originals to whoever dials. */
export class Doing {
  readonly #world: DoingWorld;
  readonly #seeds = new Map<DistributionId, Seed>();
  /** Pieces that a node said that it has, of what it is about to begin. */
  readonly #has = new Map<string, ReadonlySet<number>>();

  /** To whom pieces went behind an offer, since this process began. */
  readonly #sentBehind = new Set<string>();
  readonly #begunMs: number;

  constructor(world: DoingWorld) {
    this.#world = world;
    this.#begunMs = world.clock.nowMs();
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }

  /** It is ready, and has these pieces. */
  ready(id: DistributionId, node: string, pieces: ReadonlySet<number>): void {
    this.#has.set(`${id} ${node}`, pieces);
  }

  /** What it lacks is on its way: it went behind the offer. */
  isOnItsWay(id: DistributionId, node: string): boolean {
    return this.#sentBehind.has(`${id} ${node}`);
  }

  over(id: DistributionId, node: string): void {
    this.#has.delete(`${id} ${node}`);
    this.#sentBehind.delete(`${id} ${node}`);
  }

  /** `after`: what is not for the book, once the book has its part. */
  take(id: DistributionId, step: Step, after: After): void {
    const { book } = this.#world;
    const nowMs = this.#nowMs;
    switch (step.kind) {
      case 'state': {
        const [why, detail] = lacking(book.targets(id));
        book.setDistribution(id, step.state, nowMs, step.state === 'partial' ? why : null);
        if (step.state !== 'open') book.note({ atMs: nowMs, distribution: id, code: step.state, why, detail });
        return;
      }
      case 'target': {
        if (step.state === 'failed' && step.why)
          book.note({ atMs: nowMs, distribution: id, node: step.node, code: step.state, why: step.why });
        const tries = (book.target(id, step.node)?.tries ?? 0) + (step.tried ? 1 : 0);
        book.putTarget(id, step.node, nowMs, { state: step.state, why: step.why ?? null, tries });
        return;
      }
      case 'offer':
        this.#offer(id, step.group, step.nodes, after);
        return;
      case 'seed': {
        const seed = book.distribution(id)?.seed ?? Buffer.alloc(0);
        for (const node of step.nodes) {
          for (let at = 0; at < seed.length; at += SEED_PART_BYTES) {
            const bytes = seed.subarray(at, at + SEED_PART_BYTES).toString('base64');
            this.tell(keyToNode(node, 'seed'), { kind: 'seed', id, at, bytes }, id);
          }
          book.putTarget(id, node, nowMs, { state: 'seeding' });
        }
        return;
      }
      case 'send':
        for (const node of step.nodes) book.putTarget(id, node, nowMs, { state: 'receiving' });
        after.push(() => this.send(id, step.nodes, undefined, true));
        return;
      case 'start':
        this.#startSwarm(id, step.group, step.nodes, after);
        return;
    }
  }

  #offer(id: DistributionId, group: string, nodes: readonly string[], after: After): void {
    const { book, learning } = this.#world;
    const row = book.distribution(id);
    const seed = this.seed(id);
    if (!row || !seed) return;
    const orders = ordersOf(row);
    const way =
      orders.ways[group] ??
      learning.wayFor(group, seed.meta.totalBytes, nodes.length, this.#relaysOf(id, group).length > 0);
    if (!orders.ways[group]) {
      book.setOrders(id, JSON.stringify({ ...orders, ways: { ...orders.ways, [group]: way } }));
      learning.begun(id, group);
    }
    const inOffer = (row.seed?.length ?? 0) <= LIMITS.seedInOfferBytes;
    const offer: DownMessage = {
      kind: 'offer',
      id,
      manifest: row.manifest.toString('base64'),
      signature: row.signature.toString('base64'),
      way,
      ...(inOffer && row.seed && { seed: row.seed.toString('base64') }),
    };
    const receivers = this.#isEverybody(nodes) ? [keyToAll('offer')] : nodes.map((node) => keyToNode(node, 'offer'));
    this.#tellEach(receivers, offer, id);
    for (const node of nodes) book.putTarget(id, node, this.#nowMs, { state: 'offered' });
    // Behind the offer, once: who is offered it again says what he lacks. A central that was killed does not know who was sent it.
    const isOurs = row.createdMs >= this.#begunMs;
    const fresh = way === 'inline' && isOurs ? nodes.filter((node) => !this.isOnItsWay(id, node)) : [];
    for (const node of fresh) this.#sentBehind.add(`${id} ${node}`);
    if (fresh.length > 0) after.push(() => this.send(id, fresh, undefined, false));
  }

  #startSwarm(id: DistributionId, group: string, nodes: readonly string[], after: After): void {
    const { book, place } = this.#world;
    const seed = this.seed(id);
    const row = book.distribution(id);
    if (!seed || !row) return;
    const all = this.#world.nodes.all(this.#nowMs);
    const targets = book.targets(id).filter(({ node }) => all.get(node)?.online);
    const members = targets.filter(
      ({ node, state }) =>
        groupOf(all.get(node) as KnownNode) === group &&
        (nodes.includes(node) || state === 'receiving' || state === 'done'),
    );
    const relays = this.#relaysOf(id, group);
    const givers = relays.length > 0 ? relays.map(({ swarm }) => swarm) : [place];
    const places = members.map(({ node }) => (all.get(node) as KnownNode).swarm);
    for (const node of nodes) {
      const slot = members.findIndex((member) => member.node === node);
      // Those whom it dials, and itself behind them: it needs no list of all, which for all of them would be as long as their square.
      const near = slot < 0 ? [] : [...dialledBy(slot, places.length), slot].map((i) => places[i] as Place);
      const start = { kind: 'start', id, givers, nodes: near, slot: near.length - 1 } as const;
      if (slot >= 0) this.tell(keyToNode(node, 'start'), start, id);
      book.putTarget(id, node, this.#nowMs, { state: 'receiving' });
    }
    after.push(() => this.#world.scope.run(async () => void (await this.#world.giver.open(seed, row.source ?? ''))));
  }

  /** `pieces`: all by default, without those that a single node has already. */
  send(id: DistributionId, nodes: readonly string[], pieces: readonly number[] | undefined, go: boolean): void {
    const row = this.#world.book.distribution(id);
    const seed = this.seed(id);
    if (!row || !seed) return;
    const had = nodes.length === 1 ? this.#has.get(`${id} ${nodes[0]}`) : undefined;
    const all = [...Array(seed.meta.pieceCount).keys()].filter((piece) => !had?.has(piece));
    this.#world.scope.run(async (signal) => {
      const { files } = await this.#world.giver.open(seed, row.source ?? '');
      const to = this.#isEverybody(nodes) ? 'all' : nodes;
      await this.#world.sender.send(
        { id, pieces: pieces ?? all, to, go, piece: (index) => (files.has(index) ? files.read(index) : undefined) },
        signal,
      );
    });
  }

  /** Into the outbox. */
  tell(receiver: string, message: DownMessage, distribution: DistributionId | null = null): void {
    this.#tellEach([receiver], message, distribution);
  }

  #tellEach(receivers: readonly string[], message: DownMessage, distribution: DistributionId | null): void {
    const { type, contentType, body } = encodeDown(message);
    for (const receiver of receivers) this.#world.book.send({ distribution, receiver, type, contentType, body });
  }

  /** From the book; undefined when there is none that can be read. */
  seed(id: DistributionId): Seed | undefined {
    const known = this.#seeds.get(id);
    if (known) return known;
    const bytes = this.#world.book.distribution(id)?.seed;
    const read = bytes ? readSeed(bytes) : undefined;
    if (read?.kind !== 'ok') {
      if (bytes) this.#world.log.error('seed not read', { id, why: read?.kind === 'bad' ? read.why : undefined });
      return undefined;
    }
    this.#seeds.set(id, read.value);
    return read.value;
  }

  /** Relays of the terminals' site that have it and are here. */
  #relaysOf(id: DistributionId, group: string): KnownNode[] {
    if (group === RELAYS) return [];
    const all = this.#world.nodes.all(this.#nowMs);
    const done = this.#world.book.targets(id).filter(({ state }) => state === 'done');
    const known = done.map(({ node }) => all.get(node)).filter((node) => node !== undefined);
    return known.filter(
      ({ role, site, online }) => role === 'relay' && online && groupOf({ role: 'terminal', site }) === group,
    );
  }

  /** All that are in the fleet, and more than one: then one message is for all. */
  #isEverybody(nodes: readonly string[]): boolean {
    const all = this.#world.nodes.all(this.#nowMs);
    return nodes.length > 1 && nodes.length === all.size && nodes.every((node) => all.get(node)?.online);
  }
}

/** Why not all have it: the code that most of the others gave, and how many have it. */
function lacking(targets: readonly TargetRow[]): [why: string | null, detail: string] {
  const others = targets.filter(({ state }) => state !== 'done');
  const reasons = [...Map.groupBy(others, ({ why, state }) => why ?? state)].sort((a, b) => b[1].length - a[1].length);
  const detail = [`${targets.length - others.length} of ${targets.length} have it`];
  for (const [reason, who] of reasons)
    detail.push(
      `${reason}: ${who
        .slice(0, 5)
        .map(({ node }) => node)
        .join(', ')}`,
    );
  return [others.find(({ why }) => why !== null) ? (reasons[0]?.[0] ?? null) : null, detail.join('; ').slice(0, 500)];
}
