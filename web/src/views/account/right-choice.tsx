import type { Right } from '#admin/contract-common.ts';
import { accountWords } from './words.ts';

const RIGHTS: readonly Right[] = ['look', 'operate', 'administer'];

/** Which right somebody or something gets, each with what it allows. */
export function RightChoice({
  value,
  onChange,
  name,
}: {
  value: Right;
  onChange: (right: Right) => void;
  name: string;
}) {
  const words = accountWords.get();
  return (
    <fieldset class="rights">
      <legend>{words.rights}</legend>
      {RIGHTS.map((right) => (
        <label key={right}>
          <input type="radio" name={name} value={right} checked={value === right} onChange={() => onChange(right)} />
          <span>
            <b>{words.right[right]}</b> <span class="aside">{words.rightSays[right]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
