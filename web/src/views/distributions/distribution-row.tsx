import type { FleetDistribution } from '#admin/contract-fleet.ts';
import { toneOf } from '../../fleet/saying.ts';
import { fleetWords } from '../../fleet/words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount, saidDate, saidDuration, saidRate } from '../../frame/said.ts';

export function DistributionRow({ distribution }: { distribution: FleetDistribution }) {
  const { id, name, kind, state, nodes, createdMs } = distribution;
  const words = fleetWords.get();
  const shown = safeText(name, 200);
  return (
    <li>
      <div class="fleet-name">
        <a href={hashOf(`/distributions/${id}`)}>
          <bdi>{shown}</bdi>
        </a>
        <i class={`badge ${toneOf(distribution)}`}>{words.state[state]}</i>
        {kind === 'firmware' && <i class="badge plain">{words.firmware}</i>}
        {nodes.failed > 0 && <i class="badge bad">{words.failedNodes(nodes.failed)}</i>}
      </div>
      <Progress distribution={distribution} />
      <p class="aside fleet-says">
        <span>{words.published(saidDate(createdMs))}</span>
      </p>
    </li>
  );
}

/** How far all nodes together are. */
export function Progress({ distribution }: { distribution: FleetDistribution }) {
  const { name, state, nodes, sizeBytes, haveBytes, bytesPerS, leftMs } = distribution;
  const words = fleetWords.get();
  const all = nodes.all * sizeBytes;
  const isUnderWay = state === 'open' || state === 'converged';
  return (
    <>
      <progress value={all > 0 ? haveBytes / all : 0} max={1} aria-label={words.progressOf(safeText(name, 80))} />
      <p class="fleet-says">
        <span data-figure="done">{words.doneOf(saidCount(nodes.done), saidCount(nodes.all))}</span>
        <span data-figure="bytes">
          {saidBytes(haveBytes)} / {saidBytes(all)}
        </span>
        {isUnderWay && bytesPerS > 0 && <span data-figure="pace">{saidRate(bytesPerS)}</span>}
        {isUnderWay && leftMs !== undefined && <span>{words.left(saidDuration(leftMs))}</span>}
      </p>
    </>
  );
}
