import { useId } from 'preact/hooks';

type Props<T extends string> = {
  /** For who cannot see that the buttons belong together. */
  label: string;
  options: readonly { value: T; text: string }[];
  value: T;
  onChoose: (value: T) => void;
};

/** One of a few, all of them in sight. Radio buttons, so that arrow keys work. */
export function Choice<T extends string>({ label, options, value, onChoose }: Props<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChoose(option.value)}
          />
          <span>{option.text}</span>
        </label>
      ))}
    </fieldset>
  );
}
