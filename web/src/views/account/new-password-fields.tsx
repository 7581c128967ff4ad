import { SecretField } from '../../parts/secret-field.tsx';
import { type PasswordTrouble, passwordTrouble } from './new-password.ts';
import { accountWords } from './words.ts';

export type NewPassword = { readonly password: string; readonly again: string };

/** At which of the two fields what is wrong is said. */
export function wrongAt({
  password,
  again,
}: NewPassword): { at: 'password' | 'again'; why: PasswordTrouble } | undefined {
  const why = passwordTrouble(password, again);
  return why && { at: why === 'differs' ? 'again' : 'password', why };
}

type Props = {
  label: string;
  value: NewPassword;
  onChange: (value: NewPassword) => void;
  wrong: { at: string; text: string } | undefined;
};

/** A new password, typed twice: nobody sees what is typed. */
export function NewPasswordFields({ label, value, onChange, wrong }: Props) {
  const words = accountWords.get();
  return (
    <>
      <SecretField
        label={label}
        name="password"
        hint={words.passwordHint}
        error={wrong?.at === 'password' ? wrong.text : undefined}
        value={value.password}
        onChange={(password) => onChange({ ...value, password })}
        autocomplete="new-password"
      />
      <SecretField
        label={words.again}
        name="again"
        error={wrong?.at === 'again' ? wrong.text : undefined}
        value={value.again}
        onChange={(again) => onChange({ ...value, again })}
        autocomplete="new-password"
      />
    </>
  );
}
