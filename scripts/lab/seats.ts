/**
 * The product's seats as a rule of the slots referee (Pool, SlotRule and RuleFactory of its `slots.ts`). What decides is the product's own: who is hungry, what the trail
 * says, what a task bids, the rule of the seats, and when each task looks.
 */
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { type SeatRuleName, seatRuleNames } from '#manager/seat-rules.ts';
import { type SeatedTask, Seating } from '#manager/seating.ts';
import { Trail } from '#manager/trail.ts';
import { Hunger } from '#task/hunger.ts';

/** As much of a connected client as is looked at. Sizes in MB, rates in MB/s. `boxUseful`: segments that the box has and it lacks. */
type Client = { readonly boxUseful: number; readonly gotLan: number; readonly gotWan: number };
type LabTask = {
  readonly id: number;
  readonly clients: ReadonlySet<Client>;
  readonly segs: number;
  readonly segMB: number;
  /** It has a seat, and gets so much; what the swarm gives to one client. */
  readonly down: boolean;
  readonly rate: number;
  readonly swarm: number;
  readonly arrivals: number;
  readonly complete: boolean;
};
type Pool = {
  /** Seconds. */
  readonly now: number;
  readonly visible: number;
  readonly tasks: ReadonlySet<LabTask>;
  readonly o: { readonly slots: number; readonly tee: boolean };
  readonly rng: { u(): number };
  take(t: LabTask): void;
  leave(t: LabTask): void;
};

const msOf = (pool: Pool): number => pool.now * 1_000;

/** What the product's task perceives, of a task of the referee's. */
class Agent implements SeatedTask {
  readonly infoHash: InfoHash;
  readonly #task: LabTask;
  readonly #pool: Pool;
  readonly #hunger = new Hunger();
  readonly #clients = new Map<Client, { readonly ip: string; gotLan: number }>();
  #ids = 0;

  constructor(task: LabTask, pool: Pool) {
    const name = Buffer.alloc(20);
    name.writeUInt32BE(task.id);
    this.infoHash = infoHashOf(name);
    this.#task = task;
    this.#pool = pool;
  }

  get wanting(): number {
    return this.#task.complete ? 0 : this.#hunger.clients;
  }

  /** The box fetches for a client that waits before it has a seat, and so knows what the swarm gives to one; with a seat, what it gets. */
  get fillRateBytesPerS(): number {
    const { down, rate, swarm } = this.#task;
    return (down ? rate : swarm) * 1e6;
  }

  seat(has: boolean): void {
    if (has) this.#pool.take(this.#task);
    else this.#pool.leave(this.#task);
  }

  /** What its clients need and have taken is looked at. */
  look(): void {
    const nowMs = msOf(this.#pool);
    const { clients, segs, segMB } = this.#task;
    for (const client of this.#clients.keys()) if (!clients.has(client)) this.#clients.delete(client);
    const needs = [...clients].map((client) => {
      const known = this.#clients.get(client) ?? { ip: String(this.#ids++), gotLan: client.gotLan };
      this.#clients.set(client, known);
      if (client.gotLan > known.gotLan) this.#hunger.took(known.ip, nowMs);
      known.gotLan = client.gotLan;
      const had = Math.round((client.gotLan + client.gotWan) / segMB);
      return {
        ip: known.ip,
        interested: true,
        ready: client.boxUseful,
        lacked: Math.max(0, segs - had - client.boxUseful),
      };
    });
    this.#hunger.counted(needs, nowMs);
  }
}

const rule = (name: SeatRuleName) => (pool: Pool) => {
  const trail = new Trail();
  const agents = new Map<LabTask, Agent>();
  const arrivals = new Map<InfoHash, number>();
  const seating = new Seating(
    { seats: pool.o.slots, seatRule: name },
    {
      clock: { nowMs: () => msOf(pool) },
      another: (infoHash) => trail.another(arrivals.get(infoHash) ?? 1),
      through: () => (pool.o.tee ? pool.visible : 0),
    },
    () => pool.rng.u(),
  );
  const look = (task: LabTask): void => {
    const agent = agents.get(task) ?? new Agent(task, pool);
    agents.set(task, agent);
    arrivals.set(agent.infoHash, task.arrivals);
    agent.look();
    seating.changed(agent);
  };
  return {
    name: `swarmbox, ${name}`,
    wantedFirst: true,
    onConnect: (task: LabTask) => {
      trail.joined(task.arrivals);
      look(task);
    },
    onExit: (task: LabTask) => {
      const agent = agents.get(task);
      if (agent) seating.left(agent);
      agents.delete(task);
    },
    step: () => {
      for (const task of pool.tasks) if (task.clients.size > 0 || agents.has(task)) look(task);
      seating.tick();
    },
  };
};

export const factory = rule('priced');
export const factories = Object.fromEntries(seatRuleNames.map((name) => [name, rule(name)]));
