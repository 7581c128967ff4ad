import type { SeatRuleName } from '#manager/seat-rules.ts';
import { Seats, type Sitter } from '#manager/seats.ts';
import { Trail } from '#manager/trail.ts';
import { worthOf } from '#task/worth.ts';
import { at, type Demand, type Stay } from './demand.ts';

const MINUTE_MS = 60_000;

export type SeatingRule = {
  readonly rule: SeatRuleName;
  readonly seats: number;
  /** Items that one torrent fetches a minute. */
  readonly itemsPerMin: number;
  /** The share of clients whose transfers come through the box in any case. */
  readonly through: 0 | 1;
  /** What is fetched ahead: all of the torrent from the front, or what the clients here will still ask for. */
  readonly ahead: 'all' | 'wanted';
};

export type SeatingWorld = {
  has(item: number): boolean;
  /** False: there is no room for it, and it was not fetched. */
  fetch(item: number): boolean;
};

/** Who fetches ahead of what clients ask for: the box's own seats, with an agent for each torrent that has clients. */
export class Seating {
  readonly #demand: Demand;
  readonly #rule: SeatingRule;
  readonly #world: SeatingWorld;
  readonly #trail = new Trail();
  readonly #seats: Seats<Agent>;
  /** Of torrents that have clients. */
  readonly #agents = new Map<number, Agent>();
  /** Clients that each torrent has ever had. */
  readonly #arrivals: Int32Array;
  /** Where each stay's asking has come to. */
  readonly #next: Int32Array;

  constructor(demand: Demand, rule: SeatingRule, random: () => number, world: SeatingWorld) {
    this.#demand = demand;
    this.#rule = rule;
    this.#world = world;
    this.#seats = new Seats<Agent>(rule.seats, rule.rule, random);
    this.#arrivals = new Int32Array(demand.torrents);
    this.#next = Int32Array.from(demand.stays, ({ first }) => first);
  }

  joined(stay: number, nowMin: number): void {
    const { torrent, isVisit } = this.#stay(stay);
    const agent = this.#agents.get(torrent) ?? this.#begun(torrent);
    agent.stays.add(stay);
    if (isVisit) {
      this.#arrivals[torrent] = at(this.#arrivals, torrent) + 1;
      this.#trail.joined(at(this.#arrivals, torrent));
    }
    this.#seats.look(agent, nowMin * MINUTE_MS);
  }

  asked(place: number): void {
    this.#next[at(this.#demand.stayOf, place)] = place + 1;
  }

  left(stay: number): void {
    const { torrent } = this.#stay(stay);
    const agent = this.#agents.get(torrent);
    if (!agent) return;
    agent.stays.delete(stay);
    if (agent.stays.size > 0) return;
    this.#seats.forget(agent);
    this.#agents.delete(torrent);
  }

  /** Once a minute every agent looks at itself, and those that sit fetch for as long. */
  tick(nowMin: number): void {
    for (const agent of this.#agents.values()) this.#seats.look(agent, nowMin * MINUTE_MS);
    this.#seats.tick(nowMin * MINUTE_MS);
    for (const agent of this.#agents.values()) {
      if (!this.#seats.has(agent)) continue;
      if (this.#rule.ahead === 'all') this.#fetchAll(agent);
      else this.#fetchWanted(agent);
    }
  }

  #begun(torrent: number): Agent {
    const { firstItem } = this.#demand;
    const agent = new Agent(at(firstItem, torrent), at(firstItem, torrent + 1), {
      wanting: (a) => this.#wanting(a),
      worth: (a) =>
        worthOf({
          wanting: this.#wanting(a),
          another: this.#trail.another(at(this.#arrivals, torrent)),
          through: this.#rule.through,
          bytesPerS: this.#rule.itemsPerMin,
        }),
    });
    this.#agents.set(torrent, agent);
    return agent;
  }

  #stay(stay: number): Stay {
    return this.#demand.stays[stay] as Stay;
  }

  /** The source's box wants the rest of the torrent for whoever is here; this one only what somebody lacks. */
  #wanting(agent: Agent): number {
    if (this.#rule.ahead === 'all') return agent.next < agent.end ? agent.stays.size : 0;
    let wanting = 0;
    for (const stay of agent.stays) if (this.#nextLacked(stay) !== undefined) wanting++;
    return wanting;
  }

  /** Once through, however much of it has gone again meanwhile. */
  #fetchAll(agent: Agent): void {
    for (let fetched = 0; agent.next < agent.end && fetched < this.#rule.itemsPerMin; agent.next++) {
      if (this.#world.has(agent.next)) continue;
      if (!this.#world.fetch(agent.next)) return;
      fetched++;
    }
  }

  #fetchWanted(agent: Agent): void {
    let fetched = 0;
    for (const stay of agent.stays) {
      const { end } = this.#stay(stay);
      for (let place = at(this.#next, stay); place < end && fetched < this.#rule.itemsPerMin; place++) {
        const item = at(this.#demand.items, place);
        if (this.#world.has(item)) continue;
        if (!this.#world.fetch(item)) return;
        fetched++;
      }
    }
  }

  #nextLacked(stay: number): number | undefined {
    const { end } = this.#stay(stay);
    for (let place = at(this.#next, stay); place < end; place++) {
      const item = at(this.#demand.items, place);
      if (!this.#world.has(item)) return item;
    }
    return undefined;
  }
}

/** Of one torrent while it has clients. */
class Agent implements Sitter {
  readonly stays = new Set<number>();
  readonly end: number;
  /** The item that fetching all goes on with. */
  next: number;
  readonly #facts: { wanting(agent: Agent): number; worth(agent: Agent): number };

  constructor(first: number, end: number, facts: { wanting(agent: Agent): number; worth(agent: Agent): number }) {
    this.next = first;
    this.end = end;
    this.#facts = facts;
  }

  get wanting(): number {
    return this.#facts.wanting(this);
  }

  get worth(): number {
    return this.#facts.worth(this);
  }

  sit(): void {}

  rise(): void {}
}
