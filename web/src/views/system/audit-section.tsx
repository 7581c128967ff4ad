import { useState } from 'preact/hooks';
import type { AuditRow } from '#admin/contract-access.ts';
import { known } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidDate } from '../../frame/said.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { saidDetail } from './audit-detail.ts';
import { systemWords } from './words.ts';

const PAGE_ROWS = 50;

/** Page by page: the log may hold tens of thousands. */
export function AuditSection() {
  const words = systemWords.get().audit;
  const [before, setBefore] = useState<number>();
  const query = before === undefined ? { limit: PAGE_ROWS } : { limit: PAGE_ROWS, before };
  const { answer, problem, again } = useAsked('GET /api/audit', { query });
  const oldest = answer?.rows[answer.rows.length - 1]?.id;
  return (
    <section class="card pad" aria-labelledby="audit-title">
      <h3 class="system-title" id="audit-title">
        {words.title}
      </h3>
      <p class="system-lead">{words.text}</p>
      <ProblemNote problem={problem} again={again} />
      {answer?.rows.length === 0 && <p class="aside">{words.none}</p>}
      {answer && answer.rows.length > 0 && (
        <table class="audit">
          <thead>
            <tr>
              <th scope="col">{words.when}</th>
              <th scope="col">{words.who}</th>
              <th scope="col">{words.did}</th>
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row) => (
              <Row key={row.id} row={row} />
            ))}
          </tbody>
        </table>
      )}
      <div class="audit-pages">
        {before !== undefined && (
          <button type="button" onClick={() => setBefore(undefined)}>
            {words.newest}
          </button>
        )}
        {answer?.hasMore && oldest !== undefined && (
          <button type="button" onClick={() => setBefore(oldest)}>
            {words.more}
          </button>
        )}
      </div>
    </section>
  );
}

function Row({ row }: { row: AuditRow }) {
  const words = systemWords.get().audit;
  const detail = saidDetail(row.detail).join(' · ');
  return (
    <tr class={row.outcome}>
      <td>{saidDate(row.atMs)}</td>
      <td>
        <bdi>{safeText(row.who, 40) || words.nobody}</bdi>
        <bdi class="aside">{safeText(row.address, 60)}</bdi>
      </td>
      <td>
        {known(words.what, row.what) ?? safeText(row.what, 60)}{' '}
        {row.outcome === 'refused' && <i class="badge bad">{words.refused}</i>}
        {detail !== '' && <bdi class="aside">{detail}</bdi>}
      </td>
    </tr>
  );
}
