import { at, type Demand, type Stay } from './demand.ts';
import type { Keeper } from './keeper.ts';
import { Seating, type SeatingRule } from './seating.ts';

/** In items: what clients were given from the disk, and what came in from outside, for them or ahead of them. */
export type Outcome = { readonly hits: number; readonly fetched: number };

export type BoxRule = {
  readonly keeper: Keeper;
  /** What a client asks for and is not there is fetched through the box, and may stay; else the client fetches it itself. */
  readonly pullsThrough: boolean;
  readonly seating: SeatingRule;
};

/** What a disk alone would have done, where all that is asked for comes through it. */
export function replayDisk({ items, minutes, order }: Demand, keeper: Keeper): Outcome {
  let hits = 0;
  for (const place of order) {
    const item = at(items, place);
    if (keeper.has(item)) {
      hits++;
      keeper.used(item);
    } else keeper.fetched(item, at(minutes, place));
  }
  return { hits, fetched: order.length - hits };
}

/** What a whole box would have done: its clients come and go, its torrents take seats, its disk keeps what its rule says. */
export function replayBox(demand: Demand, { keeper, pullsThrough, seating }: BoxRule, random: () => number): Outcome {
  const { items, minutes, order, stays } = demand;
  let [hits, fetched, nowMin] = [0, 0, 0];
  const ahead = new Seating(demand, seating, random, {
    has: (item) => keeper.has(item),
    fetch: (item) => {
      if (keeper.mayFetchAhead?.(nowMin) === false) return false;
      keeper.fetched(item, nowMin);
      if (!keeper.has(item)) return false;
      fetched++;
      return true;
    },
  });
  const request = (place: number): void => {
    const item = at(items, place);
    keeper.asked?.(item);
    ahead.asked(place);
    if (keeper.has(item)) {
      hits++;
      keeper.used(item);
      return;
    }
    fetched++;
    if (pullsThrough) keeper.fetched(item, nowMin);
  };
  const leaving = stays.map((_, stay) => stay).sort((a, b) => (stays[a] as Stay).toMin - (stays[b] as Stay).toMin);
  const lastMin = stays[leaving.at(-1) ?? -1]?.toMin ?? -1;
  let [come, asked, gone] = [0, 0, 0];
  for (; nowMin <= lastMin; nowMin++) {
    for (; stays[come]?.fromMin === nowMin; come++) {
      keeper.joined?.(come, nowMin);
      ahead.joined(come, nowMin);
    }
    let end = asked;
    while (end < order.length && at(minutes, at(order, end)) === nowMin) end++;
    // What seats fetch comes in while clients ask.
    const middle = Math.ceil((asked + end) / 2);
    for (; asked < middle; asked++) request(at(order, asked));
    ahead.tick(nowMin);
    for (; asked < end; asked++) request(at(order, asked));
    for (; stays[leaving[gone] ?? -1]?.toMin === nowMin; gone++) {
      keeper.left?.(leaving[gone] as number);
      ahead.left(leaving[gone] as number);
    }
  }
  return { hits, fetched };
}
