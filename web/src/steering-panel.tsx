import { useState } from 'preact/hooks';
import type { SteeringView, SteerView, TaskView } from '#admin/contract.ts';
import { clockTime } from './format.ts';
import { say, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';

const FIRST_ROWS = 8;

type Props = { steering: SteeringView; tasks: readonly TaskView[] };

/** The latest decisions with their reasons: the answer to "why was this not cached?". */
export function SteeringPanel({ steering, tasks }: Props) {
  const { words } = useSpeech();
  const [all, setAll] = useState(false);
  const rows = all ? steering.recent : steering.recent.slice(0, FIRST_ROWS);
  const nameOf = (hash: string | undefined) => tasks.find((t) => t.infoHash === hash)?.name || hash?.slice(0, 12);
  return (
    <section class="steering" aria-labelledby="steering">
      <h2 id="steering">{words.steeringTitle}</h2>
      <div class="card">
        {steering.recent.length === 0 ? (
          <div class="empty">
            <b>{words.noVerdicts}</b>
            <p>{words.noVerdictsHint}</p>
          </div>
        ) : (
          <>
            <p class="aside">{words.steeringCounts(steering.endpoints, steering.flows)}</p>
            <ol>
              {rows.map((row) => (
                <Verdict
                  key={`${row.atMs} ${row.client} ${row.endpoint} ${row.verdict}`}
                  row={row}
                  name={nameOf(row.infoHash)}
                />
              ))}
            </ol>
          </>
        )}
        {steering.recent.length > FIRST_ROWS && (
          <button type="button" class="quiet more" onClick={() => setAll(!all)}>
            {all ? words.showFewer : words.showAll(steering.recent.length)}
          </button>
        )}
      </div>
    </section>
  );
}

function Verdict({ row, name }: { row: SteerView; name: string | undefined }) {
  const { words, language } = useSpeech();
  return (
    <li class={row.verdict}>
      <time dateTime={new Date(row.atMs).toISOString()}>{clockTime(row.atMs, language)}</time>
      <b>{words.verdict[row.verdict]}</b>
      <span class="reason">
        <bdi>{safeText(say(words.steerWhy, row.why), 200)}</bdi>
      </span>
      <span class="route">
        <span>
          {row.client && (
            <>
              <bdi class="address">{safeText(row.client, 60)}</bdi>
              {' → '}
            </>
          )}
          <bdi class="address">{safeText(row.endpoint, 60)}</bdi>
        </span>
        {name && <bdi class="of">{safeText(name, 60)}</bdi>}
      </span>
    </li>
  );
}
