import type { OriginView, TaskView } from '#admin/contract.ts';

/**
 * While a task downloads, everyone it knows of. Otherwise only who is still connected: the box has hung up on the others
 * by itself, and "no answer" would blame them.
 */
export const originsShown = (task: TaskView): readonly OriginView[] =>
  task.state === 'down' ? task.origins : task.origins.filter((o) => o.state === 'up' || o.state === 'banned');
