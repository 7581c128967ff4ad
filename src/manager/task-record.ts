import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Index } from '#index/index.ts';
import type { TaskWorld } from '#task/task-world.ts';
import { keepMetainfo, leaveMetainfo, lendersOf } from './kept-metainfo.ts';
import type { Names } from './roll.ts';

export type TaskRecord = Pick<
  TaskWorld,
  'lenders' | 'keepInfo' | 'keptBeside' | 'keepHave' | 'forgetPieces' | 'keepTrackers' | 'keepTraffic'
>;

/** What the index keeps of one task. What it cannot write is logged and no reason to stop serving; forgetting is the exception: it must be durable. */
export function recordOf(index: Index, names: Names, clock: Clock, log: Log): TaskRecord {
  const kept = (what: string, write: () => void): void => {
    try {
      write();
    } catch (error) {
      log.error('index not written', { what, why: errorText(error) });
    }
  };
  return {
    lenders: (file) => lendersOf(index, file, names.first),
    keepInfo: (meta) => kept('info', () => keepMetainfo(index, meta)),
    keptBeside: (meta) => kept('info', () => leaveMetainfo(index, meta)),
    keepHave: (have) => kept('have', () => index.setHave(names.first, have)),
    forgetPieces: (have) => index.forgetPieces(names.first, have),
    keepTrackers: (trackers) => kept('trackers', () => index.setTrackers(names.first, [...trackers])),
    keepTraffic: (served, filled) =>
      kept('traffic', () => {
        index.addTraffic(names.first, served, filled, clock.nowMs());
        index.addTotal('servedBytes', served);
        index.addTotal('filledBytes', filled);
      }),
  };
}
