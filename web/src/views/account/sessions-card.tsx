import type { SessionRow } from '#admin/contract-access.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidAgo } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { askSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { accountWords } from './words.ts';

/** Who is signed in where; an administrator sees all. */
export function SessionsCard() {
  const words = accountWords.get();
  const { answer, problem, again } = useAsked('GET /api/sessions', {}, 30_000);
  const rows =
    answer && [...answer.sessions].sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || b.lastSeenAtMs - a.lastSeenAtMs);
  const end = async (row: SessionRow) => {
    const got = await call('DELETE /api/sessions/{id}', { params: { id: row.id } });
    if (!got.ok) return got;
    tell(words.ended);
    if (row.isOwn) void askSession();
    else again();
    return got;
  };
  return (
    <section class="card pad" aria-labelledby="sessions-title">
      <h3 class="account-title" id="sessions-title">
        {may('administer') ? words.sessionsOfAll : words.sessionsTitle}
      </h3>
      <ProblemNote problem={problem} again={again} />
      {rows?.length === 0 && <p class="aside">{words.noSessions}</p>}
      <ul class="rows">
        {rows?.map((row) => (
          <li key={row.id}>
            <div>
              <p>
                <b>
                  <bdi>{safeText(row.account, 40)}</bdi>
                </b>{' '}
                {words.from(safeText(row.address, 60))} {row.isOwn && <i class="badge">{words.thisOne}</i>}
              </p>
              <p class="aside">
                {words.seen(saidAgo(row.lastSeenAtMs, Date.now()))} · {safeText(row.userAgent, 90)}
              </p>
            </div>
            <ActButton act={() => end(row)}>
              {words.end}
              <span class="unseen">{`: ${words.endOf(safeText(row.account, 40), safeText(row.address, 60))}`}</span>
            </ActButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
