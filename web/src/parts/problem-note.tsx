import type { FieldProblem, Problem } from '#admin/contract-common.ts';
import { frameWords } from '../frame/frame-words.ts';
import { fill, known } from '../frame/language.ts';
import { safeText } from '../frame/safe-text.ts';

/** What went wrong, in the reader's words; of a reason the page does not know, the box's own. */
export function problemText(problem: Problem): string {
  const words = frameWords.get();
  const what = known(words.problem, problem.why) ?? safeText(problem.text || problem.why);
  const wait = problem.waitMs === undefined ? '' : ` ${words.waitS(Math.ceil(problem.waitMs / 1000))}`;
  return what + wait;
}

/** What is wrong with one value. */
export function fieldText({ code, detail = {} }: FieldProblem): string {
  const sentence = known(frameWords.get().field, code) ?? safeText(code);
  return fill(sentence, Object.fromEntries(Object.entries(detail).map(([k, v]) => [k, safeText(String(v), 120)])));
}

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
