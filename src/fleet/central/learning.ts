import type { Clock } from '#base/clock.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import type { DistributionId } from '../manifest.ts';
import type { Way } from '../message-types.ts';
import type { Nodes } from './nodes.ts';
import { ordersOf } from './orders.ts';
import { groupOf } from './plan.ts';
import { learned, type SiteModel, UNKNOWN_SITE, wayFor } from './way-model.ts';

/** How long distributions took each group, and what follows from it for the next one. What was learned is in the book; one that a restart interrupts teaches nothing. */
export class Learning {
  readonly #book: FleetBook;
  readonly #nodes: Nodes;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #begunMs = new Map<string, number>();

  constructor(book: FleetBook, nodes: Nodes, clock: Pick<Clock, 'nowMs'>) {
    this.#book = book;
    this.#nodes = nodes;
    this.#clock = clock;
  }

  /** The way by which a group gets it first, from what is believed now. */
  wayFor(group: string, sizeBytes: number, nodes: number, isBehindRelay: boolean): Way {
    return wayFor(this.#model(group), sizeBytes, nodes, isBehindRelay);
  }

  begun(id: DistributionId, group: string): void {
    this.#begunMs.set(`${id} ${group}`, this.#clock.nowMs());
  }

  /** It stands still for a while: how long it takes says nothing. */
  paused(id: DistributionId): void {
    for (const key of this.#begunMs.keys()) if (key.startsWith(`${id} `)) this.#begunMs.delete(key);
  }

  /** The node has it. When it is the last of its group, the group teaches how long it took. */
  done(id: DistributionId, node: string, sizeBytes: number): void {
    const nowMs = this.#clock.nowMs();
    const all = this.#nodes.all(nowMs);
    const known = all.get(node);
    const row = this.#book.distribution(id);
    const group = known && groupOf(known);
    const begunMs = this.#begunMs.get(`${id} ${group}`);
    if (!row || !group || begunMs === undefined) return;
    const members = this.#book.targets(id).filter(({ node: name }) => {
      const member = all.get(name);
      return member && groupOf(member) === group;
    });
    if (members.some(({ state }) => state !== 'done')) return;
    this.#begunMs.delete(`${id} ${group}`);
    const way = ordersOf(row).ways[group] ?? 'swarm';
    const outcome = { way, sizeBytes, nodes: members.length, seconds: (nowMs - begunMs) / 1_000 };
    this.#book.setFact(`ways ${group}`, JSON.stringify(learned(this.#model(group), outcome)));
  }

  #model(group: string): SiteModel {
    const kept = this.#book.fact(`ways ${group}`);
    return kept ? (JSON.parse(kept) as SiteModel) : UNKNOWN_SITE;
  }
}
