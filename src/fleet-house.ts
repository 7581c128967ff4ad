import type { Installer } from '#fleet/node/installer.ts';
import type { OverloadWatch } from '#health/overload-watch.ts';
import type { Index } from '#index/index.ts';
import type { Manager } from '#manager/manager.ts';
import type { Operator } from '#manager/operator.ts';
import { LIMITS as PREFILL_LIMITS } from '#prefill/limits.ts';
import type { Prefill } from '#prefill/prefill.ts';
import type { Store } from '#store/store.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Config } from './config.ts';
import type { FleetHouse, FleetPart } from './fleet-parts.ts';

export type FleetHouseParts = {
  readonly version: string;
  readonly index: Index;
  readonly store: Pick<Store<FramedPiece>, 'disks' | 'freeBytes' | 'task'>;
  readonly manager: Manager;
  readonly prefill: Prefill;
  readonly overload: Pick<OverloadWatch, 'refuses'>;
  readonly operator: Pick<Operator, 'act'>;
  readonly fleet: Pick<FleetPart, 'keptBytes'>;
  readonly machine: { readonly installer: Installer | undefined };
};

/** What the box's part in a fleet asks of the house. */
export function fleetHouse(config: Config, parts: FleetHouseParts): FleetHouse {
  const { version, index, store, manager, prefill, overload, operator } = parts;
  return {
    version,
    installer: parts.machine.installer,
    index,
    manager,
    store,
    claim: (arriving) => (overload.refuses ? { kind: 'pass', why: 'overload' } : manager.claim(arriving)),
    held: () => prefill.why(config.fleet.inHours ? 'window' : 'now'),
    drop: async (infoHash) => {
      await operator.act([infoHash], { do: 'drop' });
    },
    room: () => (config.evict ? roomIn(parts) : store.freeBytes()),
    judgeAll: () => manager.judgeAll(),
  };
}

/** Nearly everything else makes way for what the fleet wants; what is kept for it already does not, nor what the operator ordered. */
function roomIn({ store, prefill, index, fleet }: FleetHouseParts): number {
  const usable = store.disks().flatMap((disk) => (disk.state === 'good' ? [disk.usableBytes] : []));
  const all = usable.reduce((sum, bytes) => sum + bytes, 0);
  const kept = fleet.keptBytes((infoHash) => index.task(infoHash)?.haveCount ?? 0);
  const ordered = prefill.orders.reduce((sum, { infoHash, bytes = 0 }) => {
    return prefill.worth(infoHash) === undefined ? sum : sum + bytes;
  }, 0);
  const share = PREFILL_LIMITS.diskShare;
  return Math.max(0, Math.min(share * Math.max(0, ...usable), share * all - kept - ordered));
}
