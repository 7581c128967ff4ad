/** What is wrong with a new password, before the box is asked. The box also refuses what is in everybody's list. */
export type PasswordTrouble = 'too-short' | 'too-long' | 'differs';

export const PASSWORD_MIN = 10;
const PASSWORD_MAX = 256;

export function passwordTrouble(password: string, again: string): PasswordTrouble | undefined {
  if (password.length < PASSWORD_MIN) return 'too-short';
  if (password.length > PASSWORD_MAX) return 'too-long';
  return password === again ? undefined : 'differs';
}

/** An account's or token's name, as the contract has it. */
export const isName = (name: string): boolean => /^[A-Za-z0-9._-]{1,32}$/.test(name);
