import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { Task } from '#task/task.ts';
import { adopt } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';
import type { ManagerWorld } from './manager-world.ts';

/** The index is new: torrents whose info dictionary lies beside their pieces are taken into it. */
export async function adoptAll(
  { index, store, clock }: Pick<ManagerWorld, 'index' | 'store' | 'clock'>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for await (const found of store.onDisk()) {
    if (signal.aborted) return;
    if (!adopt(index, found, clock.nowMs()))
      log.warn('pieces without a usable info dictionary are left alone', { infoHash: found.infoHash });
  }
}

/** Looks for what the disk holds of each torrent that is in doubt, a few at a time; a torrent without a task keeps its doubt. */
export async function recheckAll(
  index: Index,
  tasks: { size(): number; task(id: InfoHash): Task | undefined },
  signal: AbortSignal,
): Promise<void> {
  const doubtful = index.doubts.each();
  const lane = async (): Promise<void> => {
    for (const infoHash of doubtful) {
      if (signal.aborted) return;
      const task = tasks.task(infoHash);
      await task?.rechecked();
      if (task?.clients === 0 && !task.downloading && tasks.size() > LIMITS.recheckedTasks) await task.close();
    }
  };
  await Promise.all(Array.from({ length: LIMITS.rechecksAtOnce }, lane));
}
