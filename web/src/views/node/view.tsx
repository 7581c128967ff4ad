import type { FleetNodeTarget } from '#admin/contract-fleet.ts';
import { DiaryList } from '../../fleet/diary-list.tsx';
import { fleet } from '../../fleet/live-fleet.ts';
import { reasonText, targetText } from '../../fleet/saying.ts';
import { useAgain } from '../../fleet/use-again.ts';
import { fleetWords } from '../../fleet/words.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidDate, saidShare } from '../../frame/said.ts';
import { useAsked } from '../../frame/use-asked.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { NodeOnline } from '../nodes/node-online.tsx';

const DIARY_ROWS = 10;

/** One node: what it is, and how far it is with all that it shall have. */
export function View({ params: { name = '' } }: ViewProps) {
  const words = fleetWords.get();
  const { answer, problem, again } = useAsked('GET /api/fleet/nodes/{name}', { params: { name } });
  const now = fleet.value;
  useAgain(now && now.nodesRev + now.distributionsRev, again);
  return (
    <>
      <a class="back" href={hashOf('/nodes')}>
        {`‹ ${words.backToNodes}`}
      </a>
      <div class="heading">
        <h2>
          <bdi>{answer ? safeText(name, 70) : frameWords.get().views.node}</bdi>
        </h2>
      </div>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <>
          <dl class="card pad facts">
            <div>
              <dt>{words.stateTitle}</dt>
              <dd>
                <NodeOnline node={answer.node} />
              </dd>
            </div>
            <div>
              <dt>{words.roleTitle}</dt>
              <dd>{words.role[answer.node.role]}</dd>
            </div>
            <div>
              <dt>{words.site}</dt>
              <dd>
                <bdi>{safeText(answer.node.site, 70)}</bdi>
              </dd>
            </div>
            <div>
              <dt>{words.freeDisk}</dt>
              <dd>{saidBytes(answer.node.freeBytes)}</dd>
            </div>
            <div>
              <dt>{words.address}</dt>
              <dd class="address">{safeText(answer.address, 60)}</dd>
            </div>
            <div>
              <dt>{words.version}</dt>
              <dd>
                <bdi>{safeText(answer.node.version, 40)}</bdi>
              </dd>
            </div>
          </dl>
          <section class="panel" aria-labelledby="its-distributions">
            <h3 id="its-distributions" class="part-title">
              {words.itsDistributions}
            </h3>
            <div class="card">
              {answer.targets.length === 0 && <p class="pad aside">{words.itsNone}</p>}
              <ol class="fleet-list">
                {answer.targets.map((target) => (
                  <Target key={target.id} target={target} online={answer.node.online} />
                ))}
              </ol>
            </div>
          </section>
          <section class="panel" aria-labelledby="its-diary">
            <h3 id="its-diary" class="part-title">
              {words.itsDiary}
            </h3>
            <DiaryList query={{ node: name, limit: DIARY_ROWS }} />
          </section>
        </>
      )}
    </>
  );
}

function Target({ target, online }: { target: FleetNodeTarget; online: boolean }) {
  const words = fleetWords.get();
  const { id, name, rev, sizeBytes, over, state, why, detail, haveBytes, changedMs } = target;
  const isBad = state === 'failed' || state === 'refused';
  return (
    <li>
      <div class="fleet-name">
        <a href={hashOf(`/distributions/${id}`)}>
          <bdi>{safeText(name, 200)}</bdi>
        </a>
        <i class={isBad ? 'badge bad' : state === 'done' ? 'badge' : 'badge info'}>
          {over === 'cancelled' && state !== 'done' ? words.state.cancelled : targetText({ state, online })}
        </i>
      </div>
      {why && (
        <p>
          <bdi>{reasonText(why)}</bdi>
        </p>
      )}
      {detail && (
        <p class="aside">
          <bdi>{safeText(detail, 300)}</bdi>
        </p>
      )}
      <p class="aside fleet-says">
        <span>{saidBytes(sizeBytes)}</span>
        <span>{words.rev(rev)}</span>
        {state !== 'done' && <span>{words.here(saidShare(haveBytes / sizeBytes))}</span>}
        <span>{saidDate(changedMs)}</span>
      </p>
    </li>
  );
}
