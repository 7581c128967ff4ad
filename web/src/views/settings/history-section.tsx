import { useState } from 'preact/hooks';
import type { HistoryRow } from '#admin/contract-settings.ts';
import { tellUnconfirmed } from '../../confirm/confirm-store.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidDate } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { DiffTable } from './diff-table.tsx';
import { labelOf } from './setting-text.ts';
import { load, settings } from './settings-store.ts';
import { settingsWords } from './words.ts';

/** So many changed settings are named; the rest is counted. */
const NAMED_MAX = 4;

export function HistorySection() {
  const words = settingsWords.get();
  const { answer, problem, again } = useAsked('GET /api/settings/history', {});
  const [compared, setCompared] = useState<HistoryRow>();
  const current = settings.value?.revision;
  const rows = [...(answer?.rows ?? [])].sort((a, b) => b.revision - a.revision);
  return (
    <section class="card pad" aria-labelledby="history-title">
      <h3 class="settings-group" id="history-title">
        {words.history.title}
      </h3>
      <ProblemNote problem={problem} again={again} />
      {answer && rows.length === 0 && <p class="aside">{words.history.empty}</p>}
      <ul class="history">
        {rows.map((row) => (
          <li key={row.revision}>
            <div>
              <p>
                <b>{words.history.kind[row.kind]}</b> {row.revision === current && <i>{words.history.current}</i>}
              </p>
              <p class="aside">
                {[
                  words.history.revision(row.revision),
                  saidDate(row.atMs),
                  safeText(row.who, 60) || words.history.nobody,
                ].join(' · ')}
              </p>
              {row.note !== '' && (
                <p class="history-note">
                  <bdi>{safeText(row.note, 200)}</bdi>
                </p>
              )}
              <p class="aside">{named(row)}</p>
            </div>
            {row.revision !== current && (
              <button type="button" onClick={() => setCompared(row)}>
                {words.history.compare}
                <span class="unseen">{`: ${words.history.revision(row.revision)}`}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {compared && current !== undefined && (
        <Compare
          row={compared}
          current={current}
          onClose={() => setCompared(undefined)}
          onRestored={() => {
            setCompared(undefined);
            again();
          }}
        />
      )}
    </section>
  );
}

function named({ changed }: HistoryRow): string {
  const words = settingsWords.get();
  const names = changed.slice(0, NAMED_MAX).map(({ path }) => labelOf(path));
  const rest = changed.length - names.length;
  return [...names, ...(rest > 0 ? [words.history.more(rest)] : [])].join(', ');
}

type CompareProps = { row: HistoryRow; current: number; onClose: () => void; onRestored: () => void };

/** What restoring would change, and the button that does it. */
function Compare({ row, current, onClose, onRestored }: CompareProps) {
  const words = settingsWords.get();
  const { answer, problem } = useAsked('GET /api/settings/diff', { query: { from: current, to: row.revision } });
  const restore = async () => {
    const got = await call('POST /api/settings/restore', { body: { revision: row.revision } });
    if (!got.ok) return got;
    tellUnconfirmed('settings', got.answer.unconfirmed);
    await load();
    tell(got.answer.waitingForRestart.length > 0 ? words.savedWaits : words.history.restored);
    onRestored();
    return got;
  };
  const differs = (answer?.rows.length ?? 0) > 0;
  return (
    <Dialog title={words.history.diffTitle(row.revision)} onClose={onClose}>
      <ProblemNote problem={problem} />
      {answer && !differs && <p>{words.history.nothingDiffers}</p>}
      {answer && differs && <DiffTable rows={answer.rows} before={words.history.now} after={words.history.past} />}
      {differs && may('administer') && <p class="aside">{words.history.restoreText}</p>}
      <footer>
        <button type="button" onClick={onClose} data-first>
          {frameWords.get().close}
        </button>
        {differs && may('administer') && (
          <ActButton act={restore} kind="main">
            {words.history.restore}
          </ActButton>
        )}
      </footer>
    </Dialog>
  );
}
