import type { TaskView } from '#admin/contract.ts';

/** Rows on the dashboard. */
const MOST = 6;

const clientsOf = (task: TaskView) => task.clients.length + (task.omitted?.clients ?? 0);

/** Most clients first, then what was served most of; not by rate, which would make rows jump every second. */
export const hottest = (tasks: readonly TaskView[], most = MOST): TaskView[] =>
  [...tasks]
    .filter((task) => task.state !== 'gone')
    .sort((a, b) => clientsOf(b) - clientsOf(a) || b.servedBytes - a.servedBytes || (a.infoHash < b.infoHash ? -1 : 1))
    .slice(0, most);
