import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Uplink } from '#downloader/uplink.ts';
import type { Index } from '#index/index.ts';
import { isWhole } from '#index/task-row.ts';
import { keepMetainfo } from '#manager/kept-metainfo.ts';
import type { Manager } from '#manager/manager.ts';
import { Prefill } from '#prefill/prefill.ts';
import type { DiskView } from '#store/disks.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { Config } from './config.ts';

/** The setting that holds the list. */
const LIST = 'prefill';
/** Below so many free download slots clients may soon need them all. */
const SLOTS_LEFT = 32;

export type PrefillParts = {
  readonly index: Index;
  readonly manager: Pick<Manager, 'order' | 'slots' | 'refusal'>;
  readonly uplink: Pick<Uplink, 'isSpentFor'>;
  readonly store: { disks(): readonly DiskView[] };
  /** The box has more to do than it bears. */
  overloaded(): boolean;
};

/** What the operator wants on the box before anybody asks, in the rest of the house. */
export function openPrefill(config: Config, parts: PrefillParts, log: Log): Prefill {
  const { index, manager, uplink, store } = parts;
  return new Prefill(config.prefill, join(config.dataDir, 'prefill'), {
    clock: realClock,
    log,
    kept: () => index.setting(LIST),
    keep: (text) => index.setSetting(LIST, text, 'durably'),
    nameOf: (ids) => ids.flatMap((id) => index.names(id))[0] ?? (ids[0] as InfoHash),
    byPieces: (hash) => index.byPiecesHash(hash)[0]?.infoHash,
    refusal: ({ ids, isPrivate }) => manager.refusal(ids, isPrivate),
    takeIn: (meta) => takeIn(index, meta),
    isWhole: (id) => {
      const row = index.task(id);
      return row !== undefined && isWhole(row);
    },
    start: (id, trackers) => {
      const row = index.task(id);
      const task = manager.order(id);
      if (typeof task !== 'string') task.order({ info: row?.info, layers: row?.layers, trackers });
      return task;
    },
    held: (dayShare) => {
      if (uplink.isSpentFor(dayShare)) return 'day-used-up';
      return parts.overloaded() || manager.slots.free < SLOTS_LEFT ? 'overload' : undefined;
    },
    room: () => {
      const usable = store.disks().flatMap((disk) => (disk.state === 'good' ? [disk.usableBytes] : []));
      return { largest: Math.max(0, ...usable), all: usable.reduce((sum, bytes) => sum + bytes, 0) };
    },
    hasDht: config.dht.enabled,
  });
}

/** What the index knows of it already is as good. False: it cannot be written. */
function takeIn(index: Index, meta: Metainfo): boolean {
  const isKnown = (): boolean => (index.task(meta.infoHash)?.pieceCount ?? 0) > 0;
  if (isKnown()) return true;
  index.putTask({ infoHash: meta.infoHash, addedAtMs: realClock.nowMs() });
  keepMetainfo(index, meta);
  return isKnown();
}

/** See Prefill.worth; by either name of the torrent. */
export const worthTo = (prefill: Prefill, index: Index, infoHash: InfoHash): number | undefined =>
  index.names(infoHash).flatMap((name) => prefill.worth(name) ?? [])[0];
