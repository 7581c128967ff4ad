import { Field } from '../../parts/field.tsx';

type Props = {
  name: string;
  label: string;
  hint?: string;
  error: string | undefined;
  value: string;
  onChange: (value: string) => void;
  kind?: 'short' | 'wide' | 'time';
  most?: number;
};

/** One line of text of the form. */
export const TextField = ({ name, label, hint, error, value, onChange, kind = 'short', most = 200 }: Props) => (
  <Field
    label={label}
    hint={hint}
    error={error}
    control={(aria) => {
      const common = {
        ...aria,
        'data-field': name,
        class: kind === 'wide' ? 'wide-input' : 'short-input',
        value,
        onInput: (event: { currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
      };
      return kind === 'time' ? <input {...common} type="time" /> : <input {...common} type="text" maxLength={most} />;
    }}
  />
);
