import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote, problemText } from '../../parts/problem-note.tsx';
import { DiffTable } from './diff-table.tsx';
import { changes, fields, save, stale } from './settings-store.ts';
import { settingsWords } from './words.ts';

/** The last look before saving. `onWrong`: the box found something, which stands at its field. */
export function Review({ onClose, onWrong }: { onClose: () => void; onWrong: () => void }) {
  const words = settingsWords.get();
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const asksBack = changes.value.some(
    (change) => fields.value.find(({ path }) => path === change.path)?.needsConfirmation,
  );
  const act = async () => {
    const done = await save(note);
    if (done.ok) {
      tell(done.waits ? words.savedWaits : words.saved);
      onClose();
    }
    return done;
  };
  const onProblem = (found: Problem) => {
    setProblem(found);
    if (found.fields) onWrong();
    else if (found.why === 'stale') setProblem(undefined);
    else tell(problemText(found), true);
  };
  return (
    <Dialog title={words.reviewTitle} onClose={onClose}>
      <form onSubmit={(event) => event.preventDefault()}>
        {stale.value && (
          <p class="settings-stale" role="alert">
            {words.stale}
          </p>
        )}
        <ProblemNote problem={problem} />
        <DiffTable rows={changes.value} before={words.before} after={words.after} marked={stale.value ?? []} />
        {asksBack && <p class="settings-stale">{words.confirms}</p>}
        <Field
          label={words.note}
          hint={words.noteHint}
          control={(aria) => (
            <input
              {...aria}
              type="text"
              class="setting-text"
              maxLength={200}
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
          )}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {words.keepEditing}
          </button>
          <ActButton act={act} onProblem={onProblem} kind="main" submit>
            {words.save}
          </ActButton>
        </footer>
      </form>
    </Dialog>
  );
}
