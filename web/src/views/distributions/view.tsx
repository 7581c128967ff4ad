import { useEffect, useState } from 'preact/hooks';
import { asItIsNow, fleet } from '../../fleet/live-fleet.ts';
import { useAgain } from '../../fleet/use-again.ts';
import { fleetWords } from '../../fleet/words.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { saidBytes, saidCount, saidRate } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { DistributionRow } from './distribution-row.tsx';

const PAGE_ROWS = 50;
const MOST_ROWS = 200;

/** What was published, how far it is, and how the fleet does as a whole. */
export function View() {
  const words = fleetWords.get();
  const [limit, setLimit] = useState(PAGE_ROWS);
  const { answer, problem, again } = useAsked('GET /api/fleet/distributions', { query: { limit } });
  useAgain(fleet.value?.distributionsRev, again);
  // Whoever comes back from publishing something finds it here at once.
  useEffect(() => again(), []);
  const rows = answer?.distributions ?? [];
  return (
    <>
      <div class="heading">
        <h2>{frameWords.get().views.distributions}</h2>
        {may('operate') && (
          <a class="button" href={hashOf('/publish')}>
            {words.publish}
          </a>
        )}
      </div>
      <Headline />
      <ProblemNote problem={problem} again={again} />
      {!answer && !problem && <p class="connecting">{frameWords.get().loading}</p>}
      {answer && rows.length === 0 && (
        <div class="card empty">
          <b>{words.noDistributions}</b>
          <p>{words.noDistributionsHint}</p>
        </div>
      )}
      {rows.length > 0 && (
        <div class="card">
          <ol class="fleet-list">
            {rows.map((row) => (
              <DistributionRow key={row.id} distribution={asItIsNow(row)} />
            ))}
          </ol>
          {answer && rows.length < answer.all && limit < MOST_ROWS && (
            <button type="button" class="more" onClick={() => setLimit(MOST_ROWS)}>
              {words.more}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Headline() {
  const words = fleetWords.get();
  const now = fleet.value;
  if (!now) return null;
  const failed = now.moving.reduce((sum, { nodes }) => sum + nodes.failed, 0);
  return (
    <dl class="figures card pad">
      <div>
        <dt>{words.nodesOnline}</dt>
        <dd data-figure="online">
          {saidCount(now.nodes.online)} <small>{words.ofNodes(saidCount(now.nodes.all))}</small>
        </dd>
      </div>
      <div>
        <dt>{words.underWay}</dt>
        <dd data-figure="under-way">
          {saidCount(now.moving.length)} {failed > 0 && <small class="bad">{words.failedNodes(failed)}</small>}
        </dd>
      </div>
      <div>
        <dt>{words.pace}</dt>
        <dd data-figure="pace">{saidRate(now.bytesPerS)}</dd>
      </div>
      <div>
        <dt>{words.free}</dt>
        <dd data-figure="free">{saidBytes(now.freeBytes)}</dd>
      </div>
    </dl>
  );
}
