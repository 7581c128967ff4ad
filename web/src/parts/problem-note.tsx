import type { FieldProblem, Problem } from '#admin/contract-common.ts';
import { fieldSentence } from '../frame/field-sentence.ts';
import { frameWords } from '../frame/frame-words.ts';
import { known } from '../frame/language.ts';
import { safeText } from '../frame/safe-text.ts';

/** What went wrong, in the reader's words; of a reason the page does not know, the box's own. */
export function problemText(problem: Problem): string {
  const words = frameWords.get();
  const what = known(words.problem, problem.why) ?? safeText(problem.text || problem.why);
  const wait = problem.waitMs === undefined ? '' : ` ${words.waitS(Math.ceil(problem.waitMs / 1000))}`;
  return what + wait;
}

/** What is wrong with one value. */
export const fieldText = (problem: FieldProblem): string => fieldSentence(frameWords.get().field, problem);

/** Of one value, by its path. */
export const fieldTextOf = (problem: Problem | undefined, path: string): string | undefined => {
  const found = problem?.fields?.find((f) => f.path === path);
  return found && fieldText(found);
};

/** Stands where what was asked for would stand. */
export function ProblemNote({ problem, again }: { problem: Problem | undefined; again?: () => void }) {
  if (!problem) return null;
  return (
    <div class="problem" role="alert">
      <p>{problemText(problem)}</p>
      {again && (
        <button type="button" onClick={again}>
          {frameWords.get().again}
        </button>
      )}
    </div>
  );
}
