import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { ZoneForm } from '../system/time-section.tsx';
import { systemWords } from '../system/words.ts';
import { happens } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

export function TimeStep() {
  const { answer, problem, again } = useAsked('GET /api/time', {});
  return (
    <>
      <ProblemNote problem={problem} again={again} />
      {answer?.canChange === false && <p class="system-note">{systemWords.get().time.cannot}</p>}
      {answer?.canChange && (
        <ZoneForm
          key={answer.zone}
          time={answer}
          next={setUpWords.get().next}
          onChanged={(time) =>
            happens({
              kind: 'done',
              step: 'time',
              ...(time.zone !== answer.zone && { undo: { kind: 'time', zone: answer.zone } }),
            })
          }
        />
      )}
      <SkipButton step="time" />
    </>
  );
}
