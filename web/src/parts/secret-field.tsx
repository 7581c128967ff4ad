import { Field } from './field.tsx';

type Props = {
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  onChange: (value: string) => void;
  /** What a password manager is told: the password that is, one that is made, or neither. */
  autocomplete: 'current-password' | 'new-password' | 'off';
  /** For `[data-field]`, to put the focus there. */
  name?: string;
};

/** A password or passphrase. */
export function SecretField({ label, hint, error, value, onChange, autocomplete, name }: Props) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(aria) => (
        <input
          {...aria}
          type="password"
          class="wide-input"
          autocomplete={autocomplete}
          maxLength={256}
          value={value}
          {...(name && { 'data-field': name })}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    />
  );
}

/** Puts the focus into a field of `[data-field]`, so that who cannot see finds what is wrong. */
export const focusField = (name: string): void =>
  document.querySelector<HTMLElement>(`[data-field="${CSS.escape(name)}"]`)?.focus();
