import type { BoxSnapshot } from '#admin/contract.ts';
import { hashOf } from '../../frame/route.ts';
import { Verdicts } from '../../parts/verdicts.tsx';
import { dashboardWords } from './words.ts';

const ROWS = 4;

/** The last decisions; all of them, and the question why, have a view of their own. */
export function LatestFlows({ box }: { box: BoxSnapshot }) {
  const words = dashboardWords.get();
  const { recent } = box.steering;
  return (
    <section aria-labelledby="flows">
      <h2 id="flows">{words.flowsTitle}</h2>
      <div class="card">
        {recent.length === 0 ? (
          <div class="empty">
            <b>{words.flowsNone}</b>
            <p>{words.flowsHint}</p>
          </div>
        ) : (
          <Verdicts rows={recent.slice(0, ROWS)} tasks={box.tasks} />
        )}
        {recent.length > 0 && (
          <a class="more" href={hashOf('/flows')}>
            {words.allFlows}
          </a>
        )}
      </div>
    </section>
  );
}
