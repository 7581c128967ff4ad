import type { SteerView, TaskView } from '#admin/contract.ts';
import { say } from '../frame/language.ts';
import { hashOf } from '../frame/route.ts';
import { safeText } from '../frame/safe-text.ts';
import { saidClock } from '../frame/said.ts';
import { flowReasons } from '../words/reasons.ts';
import './verdicts.css';

/** Decisions about flows, each with its reason: the answer to "why was this not cached?". */
export function Verdicts({ rows, tasks }: { rows: readonly SteerView[]; tasks: readonly TaskView[] }) {
  const nameOf = (hash: string | undefined) => tasks.find((t) => t.infoHash === hash)?.name || hash?.slice(0, 12);
  return (
    <ol class="verdicts">
      {rows.map((row) => (
        <Verdict
          key={`${row.atMs} ${row.client} ${row.endpoint} ${row.verdict}`}
          row={row}
          name={nameOf(row.infoHash)}
        />
      ))}
    </ol>
  );
}

function Verdict({ row, name }: { row: SteerView; name: string | undefined }) {
  const reasons = flowReasons.get();
  return (
    <li class={row.verdict}>
      <time dateTime={new Date(row.atMs).toISOString()}>{saidClock(row.atMs)}</time>
      <b>{reasons.verdict[row.verdict]}</b>
      <span class="reason">
        <bdi>{safeText(say(reasons.steerWhy, row.why), 200)}</bdi>
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
        {name && row.infoHash && (
          <a class="of" href={hashOf(`/torrents/${row.infoHash}`)}>
            <bdi>{safeText(name, 60)}</bdi>
          </a>
        )}
      </span>
    </li>
  );
}
