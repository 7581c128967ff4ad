import type { TaskFilter, TaskPage, TaskQuery, TaskRowView, TaskSort } from '#admin/contract-tasks.ts';

const FITS: Record<TaskFilter, (row: TaskRowView) => boolean> = {
  all: () => true,
  live: (row) => row.clients > 0,
  down: (row) => row.state === 'down',
  complete: (row) => row.state === 'complete',
  partial: (row) => row.state !== 'complete',
  pinned: (row) => row.isPinned,
  blocked: (row) => row.isBlocked,
  'limited-rate': () => false,
  private: (row) => row.isPrivate,
  idle: (row) => row.clients === 0,
  prefill: (row) => row.why === 'prefill',
};
const KEY: Record<Exclude<TaskSort, 'name'>, (row: TaskRowView) => number> = {
  size: (row) => row.totalBytes,
  have: (row) => (row.totalBytes > 0 ? row.haveBytes / row.totalBytes : 0),
  served: (row) => row.servedBytes,
  filled: (row) => row.filledBytes,
  heat: (row) => row.clients,
  added: (row) => row.addedAtMs,
  lastAsked: (row) => row.lastAskedAtMs ?? 0,
  serveRate: (row) => row.serveRateBytesPerS,
  fillRate: (row) => row.fillRateBytesPerS,
};

export function pageOf(all: readonly TaskRowView[], query: TaskQuery): TaskPage {
  const { search = '', filter = 'all', sort = 'heat', order = 'down', offset = 0, limit = 50 } = query;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(
    (row) => FITS[filter](row) && words.every((w) => row.name.toLowerCase().includes(w) || row.infoHash.startsWith(w)),
  );
  const sign = order === 'up' ? 1 : -1;
  if (sort === 'name') found.sort((a, b) => sign * (a.name < b.name ? -1 : 1));
  else found.sort((a, b) => sign * (KEY[sort](a) - KEY[sort](b)));
  return { rows: found.slice(offset, offset + limit), matching: found.length, total: all.length };
}
