import type { Keeper } from './keeper.ts';
import { Recency } from './recency.ts';

/** Everything that comes in stays, and what was used longest ago goes for it. */
export function lru(items: number, capacity: number): Keeper {
  const recency = new Recency(items);
  return {
    has: (item) => recency.has(item),
    used: (item) => recency.use(item),
    fetched: (item) => {
      if (capacity === 0) return;
      recency.use(item);
      if (recency.size > capacity) recency.dropOldest();
    },
  };
}
