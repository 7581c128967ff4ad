/** The memory cache's rule as a policy of the RAM referee (View, Evictor and Factory of its `policies/types.ts`): the rule itself is the product's own. */
import { type Kept, Victims } from '#store/piece-cache-victims.ts';
import { seeded } from './seeded.ts';

/** What the referee shows: for each item its torrent, who lacks it, and the device seconds to have it back. All items have one size. */
type View = { readonly lack: Int32Array; readonly cost: Float64Array };

class Item implements Kept {
  readonly id: number;
  readonly bytes = 1;
  readonly #view: View;

  constructor(id: number, view: View) {
    this.id = id;
    this.#view = view;
  }

  wanted(): number {
    return this.#view.lack[this.id] ?? 0;
  }

  readMs(): number {
    return (this.#view.cost[this.id] ?? 0) * 1_000;
  }
}

export const factory = (view: View) => {
  const items = new Map<number, Item>();
  const victims = new Victims<Item>(seeded());
  return {
    name: 'swarmbox',
    hit: (id: number) => {
      const item = items.get(id);
      if (item) victims.used(item);
    },
    miss: () => true,
    inserted: (id: number) => {
      const item = new Item(id, view);
      items.set(id, item);
      victims.add(item);
    },
    evict: (out: number[]) => {
      const item = victims.worst();
      if (!item) throw new Error('bug: nothing to forget');
      victims.delete(item);
      items.delete(item.id);
      out.push(item.id);
    },
  };
};
