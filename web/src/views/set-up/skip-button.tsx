import type { Step } from './set-up-steps.ts';
import { happens, setUp } from './set-up-store.ts';
import { setUpWords } from './words.ts';

/** Leaves the step as it is. Of a step that was done, this goes on. */
export function SkipButton({ step, text }: { step: Step; text?: string }) {
  const words = setUpWords.get();
  const isDone = setUp.value.steps[step].state === 'done';
  return (
    <p class="step-skip">
      <button type="button" onClick={() => happens({ kind: 'skip', step })}>
        {isDone ? words.next : (text ?? words.skip)}
      </button>
    </p>
  );
}
