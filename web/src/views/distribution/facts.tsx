import './distribution.css';
import type { FleetDistributionDetail, FleetOrders } from '#admin/contract-fleet.ts';
import { fleetWords } from '../../fleet/words.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount, saidDate, saidRate, saidShare } from '../../frame/said.ts';

/** What it is, how many have it, and what was asked for with it. */
export function Facts({ distribution }: { distribution: FleetDistributionDetail }) {
  const words = fleetWords.get();
  const { nodes, orders, firmware } = distribution;
  const { window: hours, rateBytesPerS, quorum } = orders;
  return (
    <>
      <dl class="figures counts">
        <Count name={words.doneCount} n={nodes.done} figure="count-done" />
        <Count name={words.movingCount} n={nodes.moving} figure="count-moving" />
        <Count name={words.waitingCount} n={nodes.waiting} figure="count-waiting" />
        <Count name={words.failedCount} n={nodes.failed} figure="count-failed" isBad={nodes.failed > 0} />
      </dl>
      <dl class="facts">
        <div>
          <dt>{words.size}</dt>
          <dd>
            {saidBytes(distribution.sizeBytes)}, {words.files(distribution.fileCount)}, {words.rev(distribution.rev)}
          </dd>
        </div>
        {firmware && (
          <div>
            <dt>{words.firmware}</dt>
            <dd>
              <bdi>{safeText(`${firmware.compatible} ${firmware.version}`, 120)}</bdi>
            </dd>
          </div>
        )}
        <div>
          <dt>{words.who}</dt>
          <dd>
            <bdi>{whoText(orders)}</bdi>
          </dd>
        </div>
        {hours && (
          <div>
            <dt>{words.window}</dt>
            <dd>{words.windowSays(hours.from, hours.until)}</dd>
          </div>
        )}
        {rateBytesPerS !== undefined && (
          <div>
            <dt>{words.rate}</dt>
            <dd>{saidRate(rateBytesPerS)}</dd>
          </div>
        )}
        {quorum !== undefined && (
          <div>
            <dt>{words.quorum}</dt>
            <dd>{words.quorumSays(saidShare(quorum))}</dd>
          </div>
        )}
        <div>
          <dt>{words.deadline}</dt>
          <dd>{saidDate(distribution.deadlineMs)}</dd>
        </div>
        <div class="wide">
          <dt>{words.id}</dt>
          <dd>
            <code>{distribution.id}</code>
          </dd>
        </div>
      </dl>
    </>
  );
}

type CountProps = { name: string; n: number; figure: string; isBad?: boolean };
const Count = ({ name, n, figure, isBad = false }: CountProps) => (
  <div>
    <dt>{name}</dt>
    <dd data-figure={figure} class={isBad ? 'bad' : ''}>
      {saidCount(n)}
    </dd>
  </div>
);

function whoText({ nodes, sites }: FleetOrders): string {
  const words = fleetWords.get();
  const said = [
    ...(sites ? [words.someSites(safeText(sites.join(', '), 200))] : []),
    ...(nodes ? [words.someNodes(safeText(nodes.join(', '), 200))] : []),
  ];
  return said.length > 0 ? said.join('; ') : words.everybody;
}
