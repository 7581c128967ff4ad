import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

type Props = {
  label: ComponentChildren;
  /** Below it: what it is good for. */
  hint?: ComponentChildren;
  /** Below it: what is wrong with it. */
  error?: string | undefined;
  /** Draws the control; `aria` has to be spread on it, so that the texts belong to it. */
  control: (aria: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => JSX.Element;
};

/** A control with its name, what it is good for, and what is wrong with it. */
export function Field({ label, hint, error, control }: Props) {
  const id = useId();
  return (
    <div class={error ? 'field bad' : 'field'}>
      <label for={id}>{label}</label>
      {control({ id, 'aria-describedby': `${id}-says`, 'aria-invalid': error !== undefined })}
      <div id={`${id}-says`} class="field-says">
        {error && <p class="field-error">{error}</p>}
        {hint && <p class="aside">{hint}</p>}
      </div>
    </div>
  );
}
