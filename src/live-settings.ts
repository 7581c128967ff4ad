import type { Log } from '#base/log.ts';
import { MIB } from '#base/units.ts';
import type { Budget } from '#client/rate-limits.ts';
import type { Uplink } from '#downloader/uplink.ts';
import type { OverloadWatch } from '#health/overload-watch.ts';
import type { Index } from '#index/index.ts';
import type { Evictor } from '#manager/evictor.ts';
import type { Manager } from '#manager/manager.ts';
import type { Scrubber } from '#manager/scrubber.ts';
import type { Prefill } from '#prefill/prefill.ts';
import type { ClientHistory } from '#stats/client-history.ts';
import type { Store } from '#store/store.ts';
import type { Syslog } from '#syslog/syslog.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Config } from './config.ts';
import { changeDisks, type DiskTrouble } from './disk-settings.ts';
import type { TaskPages } from './task-pages.ts';

/** The parts that take settings as they run. Those that count at once and are not among these are read by whoever uses them. */
export type LiveParts = {
  readonly budget: Pick<Budget, 'setLimits'>;
  readonly uplink: Pick<Uplink, 'setLimits'>;
  readonly prefill: Pick<Prefill, 'setSettings'>;
  readonly scrubber: Pick<Scrubber, 'setRate'>;
  readonly manager: Pick<Manager, 'change'>;
  readonly evictor: Pick<Evictor, 'pin'>;
  readonly overload: Pick<OverloadWatch, 'change'>;
  readonly store: Pick<Store<FramedPiece>, 'disks' | 'addDisk' | 'removeDisk'> & { cacheLimitBytes: number };
  readonly syslog: Pick<Syslog, 'setSettings'>;
  readonly clientHistory: Pick<ClientHistory, 'setSettings'>;
  readonly tasks: Pick<TaskPages, 'setSettings'>;
  readonly index: Pick<Index, 'setting' | 'setSetting'>;
};

/** Has every part go on with these settings. Disks that cannot be added are told of, and left out. */
export async function applySettings(config: Config, parts: LiveParts, log: Log): Promise<DiskTrouble[]> {
  const { servePrivate, block, allow, seats, seatRule, spareFlash } = config;
  const cacheBytes = config.cacheMiB * MIB;
  parts.budget.setLimits(config.limits);
  parts.uplink.setLimits(config.uplink);
  parts.prefill.setSettings(config.prefill);
  parts.scrubber.setRate(config.scrubMBps);
  parts.manager.change({ servePrivate, block, allow, seats, seatRule, spareFlash });
  parts.evictor.pin(config.pin);
  parts.tasks.setSettings(config);
  parts.overload.change({ clients: config.clients, cacheBytes });
  parts.store.cacheLimitBytes = cacheBytes;
  parts.syslog.setSettings(config.syslog);
  parts.clientHistory.setSettings(config.clientHistory);
  return changeDisks(config, parts.index, parts.store, log);
}
