import { useState } from 'preact/hooks';
import type { FleetDistributionDetail } from '#admin/contract-fleet.ts';
import { DiaryList } from '../../fleet/diary-list.tsx';
import { asItIsNow, fleet } from '../../fleet/live-fleet.ts';
import { toneOf } from '../../fleet/saying.ts';
import { useAgain } from '../../fleet/use-again.ts';
import { useTargets } from '../../fleet/use-changes.ts';
import { fleetWords } from '../../fleet/words.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { Progress } from '../distributions/distribution-row.tsx';
import { Facts } from './facts.tsx';
import { Rollout } from './rollout.tsx';
import { Targets } from './targets.tsx';

const DIARY_ROWS = 10;

/** One distribution: how far each node is, why not further, and what can be done about it. */
export function View({ params: { id = '' } }: ViewProps) {
  const words = fleetWords.get();
  const { answer, problem, again } = useAsked('GET /api/fleet/distributions/{id}', { params: { id } });
  const now = fleet.value;
  const moving = now?.moving.find((one) => one.id === id);
  // Of one that moves something is new all the time.
  const rev = moving ? now?.nowMs : now && now.distributionsRev + now.nodesRev;
  useAgain(rev, again);
  const targets = useTargets(id, rev);
  const refresh = () => {
    again();
    targets.again();
  };
  return (
    <>
      <a class="back" href={hashOf('/')}>
        {`‹ ${words.backToDistributions}`}
      </a>
      <ProblemNote problem={problem} again={again} />
      {!answer && <h2>{frameWords.get().views.distribution}</h2>}
      {answer && (
        <>
          <Head distribution={{ ...answer, ...asItIsNow(answer) }} onChanged={refresh} />
          <ProblemNote problem={targets.problem} again={targets.again} />
          {targets.rows && <Targets distribution={answer} rows={[...targets.rows.values()]} onChanged={refresh} />}
          <section class="panel" aria-labelledby="its-diary">
            <h3 id="its-diary" class="part-title">
              {words.itsDiary}
            </h3>
            <DiaryList query={{ distribution: id, limit: DIARY_ROWS }} isOfOne />
          </section>
        </>
      )}
    </>
  );
}

function Head({ distribution, onChanged }: { distribution: FleetDistributionDetail; onChanged: () => void }) {
  const words = fleetWords.get();
  const [isCancelling, setCancelling] = useState(false);
  const { id, name, state, kind, nodes, rollout } = distribution;
  const isOver = state === 'cancelled' || state === 'complete';
  const badInstalls = rollout?.failed ?? 0;
  const failed = nodes.failed + badInstalls;
  const retry = async () => {
    const done = await call('POST /api/fleet/distributions/{id}/retry', { params: { id }, body: {} });
    if (done.ok) {
      tell(words.retried);
      onChanged();
    }
    return done;
  };
  const cancel = async () => {
    const done = await call('POST /api/fleet/distributions/{id}/cancel', { params: { id } });
    if (done.ok) {
      tell(words.cancelled);
      onChanged();
    }
    return done;
  };
  return (
    <>
      <div class="heading">
        <div class="fleet-name">
          <h2>
            <bdi>{safeText(name, 200)}</bdi>
          </h2>
          <i class={`badge ${toneOf(distribution)}`} data-figure="state">
            {words.state[state]}
          </i>
          {kind === 'firmware' && <i class="badge plain">{words.firmware}</i>}
        </div>
        {may('operate') && (
          <div class="tools">
            {failed > 0 && state !== 'cancelled' && <ActButton act={retry}>{words.retryAll(failed)}</ActButton>}
            {!isOver && (
              <button type="button" class="danger" onClick={() => setCancelling(true)}>
                {words.cancel}
              </button>
            )}
          </div>
        )}
      </div>
      {rollout && <Rollout id={id} rollout={rollout} onChanged={onChanged} />}
      <section class="card pad">
        <Progress distribution={distribution} />
        <Facts distribution={distribution} />
      </section>
      {isCancelling && (
        <Confirm
          title={words.cancelTitle}
          yes={words.cancelYes}
          isDangerous
          act={cancel}
          onClose={() => setCancelling(false)}
        >
          <p>{words.cancelText(safeText(name, 120))}</p>
        </Confirm>
      )}
    </>
  );
}
