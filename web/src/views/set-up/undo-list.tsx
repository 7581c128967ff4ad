import { safeText } from '../../frame/safe-text.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import type { Step, Undo } from './set-up-steps.ts';
import { happens, setUp, takeBack } from './set-up-store.ts';
import { setUpWords } from './words.ts';

/** What the step did, each with a button that brings back how it was. */
export function UndoList({ step }: { step: Step }) {
  const words = setUpWords.get();
  const { undo } = setUp.value.steps[step];
  if (undo.length === 0) return null;
  const act = async (one: Undo) => {
    const done = await takeBack(one);
    if (done.ok) {
      happens({ kind: 'undone', step, undo: one });
      tell(words.undone);
    }
    return done;
  };
  return (
    <div class="undo-list">
      <h4>{words.didTitle}</h4>
      <ul class="rows">
        {undo.map((one) => (
          <li key={JSON.stringify(one)}>
            <div>{told(one)}</div>
            <ActButton act={() => act(one)}>
              {words.undo}
              <span class="unseen">{`: ${told(one)}`}</span>
            </ActButton>
          </li>
        ))}
      </ul>
    </div>
  );
}

function told(undo: Undo): string {
  const { did } = setUpWords.get();
  if (undo.kind === 'time') return did.time(safeText(undo.zone, 64));
  if (undo.kind === 'disk') return did.disk(safeText(undo.path, 80));
  return did[undo.kind];
}
