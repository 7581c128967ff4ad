import type {
  DiskView as AdminDiskView,
  TaskView as AdminTaskView,
  BoxSnapshot,
  SteerView,
  Warning,
} from '#admin/contract.ts';
import { MIB } from '#base/units.ts';
import type { Uplink } from '#downloader/uplink.ts';
import type { EntryView } from '#entry/entry.ts';
import type { Health } from '#health/health.ts';
import type { OverloadWatch } from '#health/overload-watch.ts';
import type { DiskHealth } from '#health/view.ts';
import { healthWarnings } from '#health/warnings.ts';
import type { Index } from '#index/index.ts';
import type { Manager } from '#manager/manager.ts';
import type { Scrubber } from '#manager/scrubber.ts';
import type { Prefill } from '#prefill/prefill.ts';
import type { DiskView } from '#store/disks.ts';
import type { Config } from './config.ts';
import { diskWarnings } from './disk-warnings.ts';
import type { Figures } from './figures.ts';
import type { FleetPart } from './fleet-parts.ts';
import { overloadWarnings } from './overload-warnings.ts';
import { passingWarnings } from './passing-warnings.ts';

/** The parts that a snapshot is taken of. `entry` is undefined until flows can be steered. */
export type Parts = {
  readonly config: Config;
  readonly version: string;
  readonly startedAtMs: number;
  readonly stop: 'first' | 'clean' | 'unclean';
  readonly health: Health;
  readonly index: Index;
  readonly store: { disks(): DiskView[]; stats(): { readonly cacheBytes: number } };
  readonly diskHealth: { of(path: string): DiskHealth | undefined };
  readonly manager: Manager;
  readonly uplink: Pick<Uplink, 'view'>;
  readonly prefill: Pick<Prefill, 'view'>;
  readonly scrubber: Pick<Scrubber, 'view'>;
  readonly overload: Pick<OverloadWatch, 'view'>;
  readonly figures: Figures;
  readonly fleet: Pick<FleetPart, 'view' | 'warnings'> | undefined;
  entry: EntryView | undefined;
  steeringFailed: string | undefined;
};

/** The box as the page shows it. */
export function snapshotOf(p: Parts): BoxSnapshot {
  const health = p.health.view();
  const disks = p.store.disks().map((disk): AdminDiskView => {
    const scrub = p.scrubber.view(disk.path);
    const said = healthOf(p, disk);
    return { ...disk, ...(scrub && { scrub }), ...(said && { health: said }) };
  });
  return {
    version: p.version,
    startedAtMs: p.startedAtMs,
    nowMs: Date.now(),
    wan: p.health.rates(p.config.wan),
    lan: p.health.rates(p.config.lan),
    totals: p.figures.stats.allTime(),
    today: p.figures.stats.today(),
    uplink: p.uplink.view(),
    prefill: p.prefill.view(),
    ...(p.fleet && { fleet: p.fleet.view() }),
    tasks: p.manager.views() as AdminTaskView[],
    steering: {
      state: p.steeringFailed ? 'failed' : p.entry?.steering.armed ? 'armed' : 'disarmed',
      ...(p.steeringFailed ? { why: p.steeringFailed } : p.entry && { why: p.entry.steering.why }),
      endpoints: p.entry?.steering.endpoints ?? 0,
      flows: p.entry?.flows ?? 0,
      ...(p.entry?.steering.tagged && { notInterceptable: p.entry.steering.tagged }),
      recent: (p.entry?.verdicts ?? []) as SteerView[],
    },
    health,
    disks,
    memoryCache: { bytes: p.store.stats().cacheBytes, limitBytes: p.config.cacheMiB * MIB },
    warnings: [...(healthWarnings(health) as Warning[]), ...ownWarnings(p, disks)],
  };
}

/** Where a disk is gone, something else lies beneath its folder. */
const healthOf = ({ diskHealth }: Parts, { path, state }: DiskView): DiskHealth | undefined =>
  state === 'gone' ? undefined : diskHealth.of(path);

function ownWarnings(p: Parts, disks: readonly AdminDiskView[]): Warning[] {
  const warnings: Warning[] = [];
  if (p.steeringFailed) warnings.push({ code: 'steering-failed', severity: 'bad', text: p.steeringFailed });
  warnings.push(...overloadWarnings(p.overload.view(), p.entry?.steering.restedFlows ?? 0));
  warnings.push(...diskWarnings(disks));
  warnings.push(...(p.fleet?.warnings() ?? []));
  warnings.push(...passingWarnings(p.entry?.steering.tagged));
  if (p.stop === 'unclean') warnings.push({ code: 'unclean-stop', severity: 'info', sinceMs: p.startedAtMs });
  return warnings;
}
