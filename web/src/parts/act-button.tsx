import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { tell } from '../frame/tell.tsx';
import { problemText } from './problem-note.tsx';

type Props = {
  /** What is done; a problem is told, unless `onProblem` takes it. */
  act: () => Promise<{ ok: true } | { ok: false; problem: Problem }>;
  onProblem?: (problem: Problem) => void;
  kind?: 'plain' | 'main' | 'danger';
  /** Belongs to a form: the form's Enter does it too. The form's `onSubmit` must prevent the default. */
  submit?: boolean;
  disabled?: boolean;
  children: ComponentChildren;
};

/** A button whose act takes a while: it cannot be pressed twice. */
export function ActButton({ act, onProblem, kind = 'plain', submit = false, disabled = false, children }: Props) {
  const [isBusy, setBusy] = useState(false);
  const isHere = useRef(true);
  useEffect(
    () => () => {
      isHere.current = false;
    },
    [],
  );
  const press = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    try {
      const done = await act();
      if (!done.ok && done.problem.why !== 'aborted') {
        if (onProblem) onProblem(done.problem);
        else tell(problemText(done.problem), true);
      }
    } finally {
      if (isHere.current) setBusy(false);
    }
  };
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={kind}
      disabled={disabled}
      aria-busy={isBusy}
      onClick={(event) => void press(event)}
    >
      {children}
    </button>
  );
}
