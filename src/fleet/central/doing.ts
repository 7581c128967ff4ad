import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { DistributionRow, FleetBook, TargetRow } from '#index/fleet-book.ts';
import { LIMITS } from '../limits.ts';
import type { DistributionId } from '../manifest.ts';
import type { Place } from '../message-types.ts';
import { type DownMessage, encodeDown } from '../messages.ts';
import { keyTo, keyToNode, type Receiver } from '../names.ts';
import { type Offer, PARCEL_BYTES, packParcel } from '../parcel.ts';
import { readSeed, type Seed } from '../seed.ts';
import { dialledBy, diallersOf } from '../swarm/mesh.ts';
import type { Giver } from './giver.ts';
import type { Learning } from './learning.ts';
import type { KnownNode, Nodes } from './nodes.ts';
import { type KeptOrders, ordersOf } from './orders.ts';
import type { PieceSender, Sending } from './piece-sender.ts';
import { groupOf, RELAYS, type Step } from './plan.ts';
import type { SiteRates } from './site-rates.ts';
import { isOpen, rateFor, rateForAll, type Sites, siteOf, windowFor } from './sites.ts';

export type DoingWorld = {
  readonly book: FleetBook;
  readonly nodes: Nodes;
  readonly giver: Giver;
  readonly sender: PieceSender;
  readonly learning: Learning;
  readonly sites: Sites;
  readonly rates: SiteRates;
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

  /** To whom something is being sent slowly, by distribution and node. */
  readonly #paced = new Set<string>();
  /** Who was sent all of it with the offer, since this process began: only once. */
  readonly #parcelled = new Set<string>();
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

  /** What it lacks may lie in its inbox already: it was sent all of it with the offer, and asks for what does not come. */
  isOnItsWay(id: DistributionId, node: string): boolean {
    return this.#parcelled.has(`${id} ${node}`);
  }

  /** He is sent it as slowly as his site may get it: no silence of his says anything. */
  isPaced(id: DistributionId, node: string): boolean {
    return this.#paced.has(`${id} ${node}`);
  }

  over(id: DistributionId, node: string): void {
    this.#has.delete(`${id} ${node}`);
    this.#parcelled.delete(`${id} ${node}`);
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
    const isCapped = nodes.some((node) => this.#rate(orders, node) !== undefined);
    const { totalBytes } = seed.meta;
    // What is not small comes to a relay by a swarm, too: there the rules of its own line hold, and its hours.
    const isBySwarm = group === RELAYS || this.#relaysOf(id, group).length > 0;
    const way =
      orders.ways[group] ??
      // Where a rate is the limit, nothing is given twice.
      (isCapped && nodes.length > 1 && totalBytes > PARCEL_BYTES
        ? 'swarm'
        : learning.wayFor(group, totalBytes, nodes.length, isBySwarm));
    if (!orders.ways[group]) {
      book.setOrders(id, JSON.stringify({ ...orders, ways: { ...orders.ways, [group]: way } }));
      if (!isCapped) learning.begun(id, group);
    }
    const inOffer = (row.seed?.length ?? 0) <= LIMITS.seedInOfferBytes;
    const offer: Offer = {
      kind: 'offer',
      id,
      manifest: row.manifest.toString('base64'),
      signature: row.signature.toString('base64'),
      way,
      ...(inOffer && row.seed && { seed: row.seed.toString('base64') }),
    };
    const parcelled = way === 'inline' && inOffer ? this.#toParcel(id, row, seed, nodes) : [];
    const offered = nodes.filter((node) => !parcelled.includes(node));
    for (const node of parcelled) book.putTarget(id, node, this.#nowMs, { state: 'receiving', why: null });
    for (const node of offered) book.putTarget(id, node, this.#nowMs, { state: 'offered', why: null });
    const keys = this.#receivers(id, offered).map((receiver) => keyTo(receiver, 'offer'));
    if (keys.length > 0) this.#tellEach(keys, offer, id);
    if (parcelled.length > 0)
      after.push(() => this.#world.scope.run(() => this.#sendParcel(id, seed, row.source ?? '', offer, parcelled)));
  }

  /** Who gets all of it with the offer: once, as what was not taken then is asked for; and a central that was killed does not know who was sent it. */
  #toParcel(id: DistributionId, row: DistributionRow, seed: Seed, nodes: readonly string[]): string[] {
    if (row.createdMs < this.#begunMs) return [];
    const free = this.#apart(ordersOf(row), seed, nodes).get(undefined) ?? [];
    const fresh = free.filter((node) => !this.#parcelled.has(`${id} ${node}`));
    for (const node of fresh) this.#parcelled.add(`${id} ${node}`);
    return fresh;
  }

  async #sendParcel(
    id: DistributionId,
    seed: Seed,
    source: string,
    offer: Offer,
    nodes: readonly string[],
  ): Promise<void> {
    const { giver, sender, book } = this.#world;
    const { files } = await giver.open(seed, source);
    const parcel = packParcel(offer, seed.meta.totalBytes);
    const isThere = parcel && (await files.readRun(0, parcel.bytes)).length === 0;
    if (isThere && (await sender.sendParcel(id, parcel, this.#receivers(id, nodes)))) return;
    if (this.#world.scope.closed) return;
    // Whoever has not got it is offered it, and says what he lacks.
    book.transaction(() => {
      for (const node of nodes)
        if (book.target(id, node)?.state === 'receiving') book.putTarget(id, node, this.#nowMs, { state: 'waiting' });
    });
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
    const orders = ordersOf(row);
    const relays = this.#relaysOf(id, group);
    const givers = relays.length > 0 ? relays.map(({ swarm }) => swarm) : [place];
    const places = members.map(({ node }) => (all.get(node) as KnownNode).swarm);
    for (const node of nodes) {
      const slot = members.findIndex((member) => member.node === node);
      // Those that it dials, itself, and those that dial it: it needs no list of all, which for all of them would be as long as their square.
      const [dials, diallers] = slot < 0 ? [[], []] : [dialledBy(slot, places.length), diallersOf(slot, places.length)];
      const near = [...dials, slot, ...diallers].map((i) => places[i] as Place);
      const rateBytesPerS = this.#rate(orders, node);
      const start = { kind: 'start', id, givers, nodes: near, slot: dials.length } as const;
      if (slot >= 0)
        this.tell(keyToNode(node, 'start'), { ...start, ...(rateBytesPerS !== undefined && { rateBytesPerS }) }, id);
      book.putTarget(id, node, this.#nowMs, { state: 'receiving' });
    }
    const { giver, sites, scope } = this.#world;
    const rate = rateForAll(
      orders,
      sites,
      members.map(({ node }) => all.get(node)?.site ?? ''),
    );
    after.push(() =>
      scope.run(async () => {
        await giver.open(seed, row.source ?? '');
        giver.limit(seed.meta.infoHash, rate);
      }),
    );
  }

  /** It is not the time of those who lack it: the central gives nothing more of it until it is. What is in flight arrives, and what they have they give each other. */
  pause(id: DistributionId): void {
    const { giver, learning, scope } = this.#world;
    learning.paused(id);
    const infoHash = this.seed(id)?.meta.infoHash;
    if (infoHash) scope.run(() => giver.shut(infoHash));
  }

  /** `pieces`: all by default, without those that a single node has already. What a site's hours keep back is asked for later. */
  send(id: DistributionId, nodes: readonly string[], pieces: readonly number[] | undefined, go: boolean): void {
    const row = this.#world.book.distribution(id);
    const seed = this.seed(id);
    if (!row || !seed) return;
    const orders = ordersOf(row);
    const all = [...Array(seed.meta.pieceCount).keys()];
    for (const [site, together] of this.#apart(orders, seed, nodes)) {
      const manners = this.#manners(id, orders, seed, site);
      // Who is sent it slowly asks again before all of it has come.
      const members = together.filter((node) => !this.isPaced(id, node));
      if (members.length === 0) continue;
      const slow = manners.pace ? members.map((node) => `${id} ${node}`) : [];
      for (const key of slow) this.#paced.add(key);
      const had = members.length === 1 ? this.#has.get(`${id} ${members[0]}`) : undefined;
      this.#world.scope.run(async (signal) => {
        try {
          const { files } = await this.#world.giver.open(seed, row.source ?? '');
          const sending: Sending = {
            id,
            pieces: pieces ?? all.filter((piece) => !had?.has(piece)),
            // Where a rate is limited, each copy waits for its turn.
            to: manners.pace ? members.map((node) => ({ node })) : this.#receivers(id, members),
            go,
            pieceLength: seed.meta.pieceLength,
            sizeBytes: seed.meta.totalBytes,
            read: (first, into) => files.readRun(first, into),
            ...manners,
          };
          await this.#world.sender.send(sending, signal);
        } finally {
          for (const key of slow) this.#paced.delete(key);
        }
      });
    }
  }

  /** Sites with a rate or with hours are sent to by themselves, so that no other waits for them; undefined: all the others. */
  #apart(orders: KeptOrders, seed: Seed, nodes: readonly string[]): Map<string | undefined, string[]> {
    const all = this.#world.nodes.all(this.#nowMs);
    return Map.groupBy(nodes, (node) => {
      const name = all.get(node)?.site ?? '';
      const site = siteOf(this.#world.sites, name);
      const isFree = !rateFor(orders, site) && !windowFor(orders, seed.meta.totalBytes, site);
      return isFree ? undefined : name;
    });
  }

  #manners(id: string, orders: KeptOrders, seed: Seed, name: string | undefined): Pick<Sending, 'pace' | 'isHeld'> {
    if (name === undefined) return {};
    const { sites, rates } = this.#world;
    const site = siteOf(sites, name);
    const rate = rateFor(orders, site);
    const window = windowFor(orders, seed.meta.totalBytes, site);
    // What a site may get it may get of all that goes there; an order's rate is its own.
    const bucket = orders.rateBytesPerS === undefined ? `site ${name}` : `${id} ${name}`;
    return {
      ...(rate !== undefined && { pace: (bytes, signal) => rates.take(bucket, rate, bytes, signal) }),
      isHeld: () => !isOpen(window, this.#nowMs),
    };
  }

  /** What the node may give of it. */
  #rate(orders: KeptOrders, node: string): number | undefined {
    const { nodes, sites } = this.#world;
    return rateFor(orders, siteOf(sites, nodes.get(node, this.#nowMs)?.site ?? ''));
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

  /** The fewest messages that reach these nodes, and otherwise only who has it: one for the fleet, for a site, for a node. None lies in the inbox of who is away, and fills it. */
  #receivers(id: DistributionId, nodes: readonly string[]): Receiver[] {
    if (nodes.length < 2) return nodes.map((node) => ({ node }));
    const left = new Set(nodes);
    const done = this.#world.book.targets(id).filter(({ state }) => state === 'done');
    const may = new Set([...nodes, ...done.map(({ node }) => node)]);
    const all = [...this.#world.nodes.all(this.#nowMs).values()];
    const areFor = (some: readonly KnownNode[]): boolean => some.every(({ name, online }) => online && may.has(name));
    if (areFor(all)) return [{ all: true }];
    const sites: Receiver[] = [];
    for (const [site, members] of Map.groupBy(all, (node) => node.site)) {
      if (members.filter(({ name }) => left.has(name)).length < 2 || !areFor(members)) continue;
      sites.push({ site });
      for (const { name } of members) left.delete(name);
    }
    return [...sites, ...[...left].map((node) => ({ node }))];
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
