import type { TaskFilter, TaskQuery, TaskSort } from '#admin/contract-tasks.ts';

export type ListQuery = Required<Pick<TaskQuery, 'search' | 'filter' | 'sort' | 'order'>> & Pick<TaskQuery, 'disk'>;

export const FILTERS: readonly TaskFilter[] = [
  'all',
  'live',
  'down',
  'complete',
  'partial',
  'pinned',
  'blocked',
  'limited-rate',
  'private',
  'idle',
  'prefill',
];
export const SORTS: readonly TaskSort[] = [
  'heat',
  'serveRate',
  'fillRate',
  'lastAsked',
  'served',
  'filled',
  'added',
  'name',
  'size',
  'have',
];
const LONGEST_SEARCH = 200;

/** What the address says of the list; what it does not say, or says wrongly, is the usual. */
export function listQueryOf(query: URLSearchParams): ListQuery {
  const disk = query.get('disk');
  return {
    search: (query.get('search') ?? '').slice(0, LONGEST_SEARCH),
    filter: FILTERS.find((f) => f === query.get('filter')) ?? 'all',
    sort: SORTS.find((s) => s === query.get('sort')) ?? 'heat',
    order: query.get('order') === 'up' ? 'up' : 'down',
    ...(disk && { disk }),
  };
}

/** The same for the address; the usual is left out. */
export const addressQuery = ({ search, filter, sort, order, disk }: ListQuery): Record<string, string | undefined> => ({
  search: search.trim() || undefined,
  filter: filter === 'all' ? undefined : filter,
  sort: sort === 'heat' ? undefined : sort,
  order: order === 'down' ? undefined : order,
  disk,
});
