import type { FleetNode } from '#admin/contract-fleet.ts';
import { fleet } from '../../fleet/live-fleet.ts';
import { fleetWords } from '../../fleet/words.ts';
import { saidAgo, saidDuration } from '../../frame/said.ts';

/** Whether a node is here, and since when. */
export function NodeOnline({ node: { online, sinceMs } }: { node: Pick<FleetNode, 'online' | 'sinceMs'> }) {
  const words = fleetWords.get();
  const nowMs = fleet.value?.nowMs ?? Date.now();
  // In the largest part alone: it is read, not counted.
  const sinceMinutes = Math.max(0, Math.floor((nowMs - sinceMs) / 60_000)) * 60_000;
  return (
    <>
      <i class={online ? 'badge' : 'badge bad'}>{online ? words.online : words.offline}</i>{' '}
      <span class="aside">
        {online ? words.onlineFor(saidDuration(sinceMinutes)) : words.offlineSince(saidAgo(sinceMs, nowMs))}
      </span>
    </>
  );
}
