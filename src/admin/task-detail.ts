import type { InfoHash } from '#base/units.ts';
import type { HeatHour } from '#index/heat-hours.ts';
import type { TaskRow } from '#index/task-row.ts';
import { type Contents, haveBits, haveOf } from '#manager/contents.ts';
import type { RecheckView } from '#manager/rechecks.ts';
import type { TaskView } from './contract.ts';
import type { TaskDetail, TaskRowView } from './contract-tasks.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { byMachine } from './machines.ts';
import { type Bits, meanMap, pieceMap } from './piece-cells.ts';
import { bareRow } from './task-list.ts';

export type DetailWorld = {
  /** By either name of the torrent. */
  row(infoHash: InfoHash): TaskRow | undefined;
  /** Undefined: it rests. `held`: what each of its clients has. */
  living(infoHash: InfoHash): { view(): TaskView; held(): readonly Bits[] } | undefined;
  /** Of the list; undefined: it is not in it. */
  listed(infoHash: InfoHash, view: TaskView | undefined): Promise<TaskRowView | undefined>;
  contents(infoHash: InfoHash): Promise<Contents | undefined>;
  heat(infoHash: InfoHash): readonly HeatHour[];
  /** Path of the disk that it lies on. */
  home(infoHash: InfoHash): string | undefined;
  recheck(infoHash: InfoHash): RecheckView | undefined;
  limitMbps(infoHash: InfoHash): number | undefined;
  decided(infoHash: InfoHash): { readonly isPinned: boolean; readonly isBlocked: boolean };
};

/** All that is known of one torrent, awake or at rest. Undefined: nothing is. */
export async function detailOf(asked: InfoHash, world: DetailWorld): Promise<TaskDetail | undefined> {
  const kept = world.row(asked);
  const living = world.living(asked);
  if (!kept && !living) return undefined;
  const infoHash = kept?.infoHash ?? asked;
  const view = living?.view();
  const contents = await world.contents(infoHash);
  const row = (await world.listed(infoHash, view)) ?? bareRow(infoHash, kept, view, world.decided(infoHash));
  const pieceCount = contents?.pieceCount ?? kept?.pieceCount ?? 0;
  const have = haveBits(kept?.have, pieceCount);
  const recheck = world.recheck(infoHash);
  const limitMbps = world.limitMbps(infoHash);
  const heldBy = byMachine(view?.clients ?? []);
  const from = view?.origins ?? [];
  return {
    ...row,
    name: row.name || contents?.name || '',
    ...(recheck && recheck.endedAtMs === undefined && { why: 'rechecking' }),
    ...(contents?.infoHashV2 !== undefined && { infoHashV2: contents.infoHashV2 }),
    pieceBytes: contents?.pieceBytes ?? 0,
    pieceCount,
    pieceMap: pieceMap(have),
    clientMap: meanMap(someOf(living?.held() ?? [], pieceCount), pieceCount),
    heldBy: heldBy.slice(0, ADMIN_LIMITS.peersShown),
    heldByOmitted: Math.max(0, heldBy.length - ADMIN_LIMITS.peersShown),
    from: from.slice(0, ADMIN_LIMITS.peersShown),
    fromOmitted: Math.max(0, from.length - ADMIN_LIMITS.peersShown),
    files: (contents?.files ?? []).map((file) => ({
      path: file.path,
      sizeBytes: file.sizeBytes,
      haveBytes: haveOf(file, contents?.pieceBytes ?? 1, have),
    })),
    filesOmitted: contents?.filesOmitted ?? 0,
    disks: [world.home(infoHash)].filter((path) => path !== undefined),
    heat: world.heat(infoHash),
    ...(limitMbps !== undefined && { limitMbps }),
    trackers: kept?.trackers ?? [],
    ...(recheck && { recheck }),
  };
}

/** To look at every piece of every client would take too long where both are many: some clients stand for all. */
const someOf = (held: readonly Bits[], pieceCount: number): readonly Bits[] => {
  const most = Math.max(1, Math.floor(ADMIN_LIMITS.bitsLookedAt / Math.max(1, pieceCount)));
  const step = Math.ceil(held.length / most);
  return step <= 1 ? held : held.filter((_, i) => i % step === 0);
};
