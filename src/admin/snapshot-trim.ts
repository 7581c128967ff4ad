import type { BoxSnapshot, TaskView } from './contract.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { byMachine } from './machines.ts';

const clip = (text: string): string =>
  text.length > ADMIN_LIMITS.textChars ? `${text.slice(0, ADMIN_LIMITS.textChars)}…`.toWellFormed() : text;

/**
 * The snapshot as it is sent: never larger than the limits, however many strangers the box talks to. Tasks with clients
 * come first, so what is cut is what nobody waits for.
 */
export function trimSnapshot(whole: BoxSnapshot): BoxSnapshot {
  const ranked = whole.tasks.toSorted((a, b) => Number(b.clients.length > 0) - Number(a.clients.length > 0));
  let room: number = ADMIN_LIMITS.peopleInAll;
  const take = <T>(list: readonly T[], most: number): readonly T[] => {
    const kept = list.slice(0, Math.min(most, room));
    room -= kept.length;
    return kept;
  };
  const tasks = ranked.slice(0, ADMIN_LIMITS.tasks).map((task): TaskView => {
    const machines = byMachine(task.clients);
    const clients = take(machines, ADMIN_LIMITS.clientsPerTask).map((c) =>
      c.name === undefined ? c : { ...c, name: clip(c.name) },
    );
    const origins = take(task.origins, ADMIN_LIMITS.originsPerTask);
    const omitted = { clients: machines.length - clients.length, origins: task.origins.length - origins.length };
    return {
      ...task,
      name: clip(task.name),
      why: clip(task.why),
      clients,
      origins,
      ...(omitted.clients + omitted.origins > 0 ? { omitted } : {}),
    };
  });
  const omittedTasks = whole.tasks.length - tasks.length;
  return {
    ...whole,
    tasks,
    ...(omittedTasks > 0 ? { omittedTasks } : {}),
    steering: {
      ...whole.steering,
      recent: whole.steering.recent
        .slice(0, ADMIN_LIMITS.verdicts)
        .map((v) => ({ ...v, why: clip(v.why), endpoint: clip(v.endpoint) })),
    },
    warnings: whole.warnings.slice(0, ADMIN_LIMITS.warnings),
  };
}
