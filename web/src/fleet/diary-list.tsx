import type { ComponentChildren } from 'preact';
import type { FleetDiaryQuery, FleetNote } from '#admin/contract-fleet.ts';
import { say } from '../frame/language.ts';
import { hashOf } from '../frame/route.ts';
import { safeText } from '../frame/safe-text.ts';
import { saidDate } from '../frame/said.ts';
import { useAsked } from '../frame/use-asked.ts';
import { ProblemNote } from '../parts/problem-note.tsx';
import { diaryWords } from './diary-words.ts';
import { fleet } from './live-fleet.ts';
import { reasonText } from './saying.ts';
import { useAgain } from './use-again.ts';

/** What wants a look. */
const BAD = new Set([
  'partial',
  'not-published',
  'failed',
  'refused',
  'wave-stopped',
  'install-failed',
  'broker-gone',
  'broker-blocked',
]);

type Props = {
  query: FleetDiaryQuery;
  /** All rows are of the same distribution: it needs no name. */
  isOfOne?: boolean;
  /** What stands below the rows. */
  children?: (rows: readonly FleetNote[], hasMore: boolean) => ComponentChildren;
};

/** What happened, newest first; what comes while one looks on is put in front. */
export function DiaryList({ query, isOfOne = false, children }: Props) {
  const words = diaryWords.get();
  const { answer, problem, again } = useAsked('GET /api/fleet/diary', { query });
  // An older page does not change.
  useAgain(query.before === undefined ? fleet.value?.diaryRev : 0, again);
  return (
    <>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <div class="card">
          {answer.rows.length === 0 && <p class="pad aside">{words.none}</p>}
          <ol class="diary">
            {answer.rows.map((note) => (
              <Note key={note.seq} note={note} isOfOne={isOfOne} />
            ))}
          </ol>
          {children?.(answer.rows, answer.hasMore)}
        </div>
      )}
    </>
  );
}

function Note({ note, isOfOne }: { note: FleetNote; isOfOne: boolean }) {
  const words = diaryWords.get();
  const { atMs, code, distribution, name, node, why, detail } = note;
  return (
    <li>
      <time>{saidDate(atMs)}</time>
      <div>
        <b class={BAD.has(code) ? 'bad-text' : ''}>{safeText(say(words.code, code), 80)}</b>{' '}
        {distribution && !isOfOne && (
          <a href={hashOf(`/distributions/${distribution}`)}>
            <bdi>{safeText(name ?? distribution.slice(0, 12), 120)}</bdi>
          </a>
        )}{' '}
        {node && (
          <a href={hashOf(`/nodes/${encodeURIComponent(node)}`)}>
            <bdi>{safeText(node, 70)}</bdi>
          </a>
        )}
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
      </div>
    </li>
  );
}
