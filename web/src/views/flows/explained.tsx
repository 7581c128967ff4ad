import type { ExplainView } from '#admin/contract.ts';
import { say } from '../../frame/language.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidDate } from '../../frame/said.ts';
import { flowReasons } from '../../words/reasons.ts';
import { flowsWords } from './words.ts';

/** What the box knows of a client's connections to a peer, as sentences. */
export function Explained({ view }: { view: ExplainView }) {
  const words = flowsWords.get();
  const reasons = flowReasons.get();
  const { learned, verdict, kernel } = view;
  const client = view.client === undefined ? words.anyClient : safeText(view.client, 60);
  const why = safeText(say(reasons.steerWhy, view.why), 200);
  const next = kernel.steered ? (kernel.passed ? words.nextPassed : words.nextSteered) : words.nextPasses;
  return (
    <div class="explained">
      <p>
        <bdi class="address">{words.path(client, safeText(view.endpoint, 60))}</bdi>
      </p>
      <ul>
        <li>
          {learned
            ? words.learned(safeText(say(reasons.steerWhy, learned.from), 200), saidDate(learned.atMs))
            : words.notLearned}
          {learned && (
            <>
              {' '}
              <a href={hashOf(`/torrents/${learned.infoHash}`)}>
                {`${words.learnedOf} ${safeText(learned.infoHash, 12)}`}
              </a>
            </>
          )}
        </li>
        <li>
          {verdict === 'not-seen'
            ? words.notSeen
            : words.seen(reasons.verdict[verdict], why, view.lastAtMs === undefined ? '–' : saidDate(view.lastAtMs))}
        </li>
        {view.upBytes + view.downBytes > 0 && (
          <li>{words.carried(saidBytes(view.upBytes), saidBytes(view.downBytes))}</li>
        )}
        <li>
          <b>{next}</b>
        </li>
      </ul>
    </div>
  );
}
