/** The product's seats as a rule of the slots referee (Pool, SlotRule and RuleFactory of its `slots.ts`): the rules themselves are the product's own. */
import { type SeatRuleName, seatRuleNames } from '#manager/seat-rules.ts';
import { Seats, type Sitter } from '#manager/seats.ts';
import { Trail } from '#manager/trail.ts';
import { worthOf } from '#task/worth.ts';

/** As much of a connected client as is looked at. Sizes in MB, rates in MB/s. `boxUseful`: segments that the box has and it lacks. */
type Client = { readonly boxUseful: number; readonly gotLan: number; readonly gotWan: number };
type LabTask = {
  readonly clients: ReadonlySet<Client>;
  readonly segs: number;
  readonly segMB: number;
  readonly swarm: number;
  readonly rateEwma: number;
  readonly arrivals: number;
  readonly complete: boolean;
  readonly slowSince: number;
};
type Pool = {
  /** Seconds. */
  readonly now: number;
  readonly visible: number;
  readonly tasks: ReadonlySet<LabTask>;
  readonly o: { readonly slots: number; readonly tee: boolean; readonly slowFor: number; readonly sleepFor: number };
  readonly rng: { u(): number };
  take(t: LabTask): void;
  leave(t: LabTask): void;
};

/** Who took nothing of what it was offered since the last look. */
class Appetite {
  readonly #seen = new WeakMap<Client, { readonly gotLan: number; readonly sated: boolean }>();

  look(c: Client): void {
    const before = this.#seen.get(c);
    const took = !before || c.gotLan > before.gotLan;
    this.#seen.set(c, { gotLan: c.gotLan, sated: !took && (c.boxUseful > 0 || before.sated) });
  }

  wantsMore(c: Client, { segs, segMB }: LabTask): boolean {
    const has = Math.round((c.gotLan + c.gotWan) / segMB);
    return segs - has - c.boxUseful > 0 && !this.#seen.get(c)?.sated;
  }
}

const sitter = (task: LabTask, pool: Pool, trail: Trail, appetite: Appetite): Sitter => ({
  get wanting() {
    return task.complete ? 0 : [...task.clients].filter((c) => appetite.wantsMore(c, task)).length;
  },
  get worth() {
    return worthOf({
      wanting: this.wanting,
      another: trail.another(task.arrivals),
      through: pool.o.tee ? pool.visible : 0,
      bytesPerS: (task.rateEwma >= 0 ? task.rateEwma : Math.max(0.3, Math.min(3, 3 * task.swarm))) * 1e6,
    });
  },
  sit: () => pool.take(task),
  rise: () => pool.leave(task),
});

const rule = (name: SeatRuleName) => (pool: Pool) => {
  const trail = new Trail();
  const appetite = new Appetite();
  const seats = new Seats(pool.o.slots, name, () => pool.rng.u());
  const agents = new Map<LabTask, Sitter>();
  const look = (task: LabTask): void => {
    const agent = agents.get(task) ?? sitter(task, pool, trail, appetite);
    agents.set(task, agent);
    if (task.slowSince >= 0 && pool.now - task.slowSince >= pool.o.slowFor && seats.has(agent))
      seats.leave(agent, (pool.now + pool.o.sleepFor) * 1_000);
    seats.look(agent, pool.now * 1_000);
  };
  return {
    name: `swarmbox, ${name}`,
    wantedFirst: true,
    onConnect: (task: LabTask) => {
      trail.joined(task.arrivals);
      look(task);
    },
    onTick: look,
    onExit: (task: LabTask) => {
      const agent = agents.get(task);
      if (agent) seats.forget(agent);
      agents.delete(task);
    },
    step: () => {
      for (const task of pool.tasks) for (const client of task.clients) appetite.look(client);
      // A seated agent looks at itself all the time.
      for (const [task, agent] of agents) if (seats.has(agent)) look(task);
      seats.tick(pool.now * 1_000);
    },
  };
};

export const factory = rule('priced');
export const factories = Object.fromEntries(seatRuleNames.map((name) => [name, rule(name)]));
