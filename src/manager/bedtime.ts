/** What is asked of a task. */
export type Sleeper = { readonly asleepSinceMs: number | undefined; rest(): void };

/** Of the tasks that sleep in memory those leave that have slept longest, until so many are left: what they know lies in the index. */
export function putToRest(tasks: readonly Sleeper[], most: number): void {
  if (tasks.length <= most) return;
  const asleep = tasks.filter((task) => task.asleepSinceMs !== undefined);
  asleep.sort((a, b) => (a.asleepSinceMs ?? 0) - (b.asleepSinceMs ?? 0));
  for (const task of asleep.slice(0, Math.max(0, asleep.length - most))) task.rest();
}
