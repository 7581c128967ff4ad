export const en = {
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  code: 'Code of the authenticator app',
  codeHint: 'Six digits.',
  act: 'Sign in',
  missing: 'Needed.',
  locked: (s: number) => `Too many tries from here. The next is possible in ${s} s.`,
  guest: 'Look at it without signing in',
  lost: 'Forgot the password? Another administrator can set a new one; on the machine itself, so can whoever may open its control socket.',
};
export type SignInWords = typeof en;
