import { ACCESS_LIMITS } from './limits.ts';

/** The commonest of ten characters and more, of lists that are public, and what somebody would think of in front of this box. */
const COMMONEST = new Set(
  `1234567890 0123456789 0987654321 9876543210 12345678910 123456789a 1234567891 1234567899 123456789q a123456789 aa123456789 abc123456789
  q123456789 qq123456789 z123456789 zz123456789 asd123456789 123123123123 1231231230 1122334455 1212121212 1029384756 1472583690 1597534862
  5201314520 52013145201314 1314520520 woaini1314 woaini520 woaini5201314 woaini1314520 woshishui123 woaiwojia1 iloveyou123 iloveyou12
  password12 password123 password1234 password01 passw0rd123 p@ssw0rd123 p@ssword123 passwordpassword mypassword qwertyuiop qwerty1234
  qwerty12345 qwerty123456 qwer123456 qwer12345678 qwertyqwerty 1qaz2wsx3edc 1qazxsw23edc 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 zaq12wsxcde3
  asdfghjkl1 asdfghjkl123 asdfghjkl; zxcvbnm123 zxcvbnm1234 zxcvbnm,./ administrator administrator1 admin12345 admin123456 admin123123
  adminadmin admin@123456 root123456 rootroot123 letmein123 welcome123 welcome1234 changeme123 changemenow default123 secret1234 football123
  baseball123 superman123 princess123 sunshine123 michael123 dragon1234 monkey1234 internet123 computer123 wangba1234 wangba123456
  swarmbox123 swarmbox1234 swarmboxswarmbox swarmbox-admin swarmboxadmin adminswarmbox`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Why a password is too weak for this account, in English; undefined when it will do. Length first: nothing else helps as much. */
export function weaknessOf(password: string, account: string): string | undefined {
  const lower = password.normalize('NFC').toLowerCase();
  const length = [...lower].length;
  if (length < ACCESS_LIMITS.passwordMin) return `A password has ${ACCESS_LIMITS.passwordMin} characters or more.`;
  if (password.length > ACCESS_LIMITS.passwordMax)
    return `A password has at most ${ACCESS_LIMITS.passwordMax} characters.`;
  const name = account.toLowerCase();
  // The name with some digits behind it is the first thing that is tried.
  if (name !== '' && lower.replaceAll(name, '').replace(/[^\p{L}]/gu, '') === '' && lower.includes(name))
    return "The account's name is no password.";
  if (new Set(lower).size < 4) return 'Too few different characters.';
  if (COMMONEST.has(lower) || isRun(lower)) return 'This password is among the commonest.';
  return undefined;
}

/** Each character follows the one before: `abcdefghij`, `9876543210`. */
function isRun(text: string): boolean {
  const steps = [...text].slice(1).map((char, at) => (char.codePointAt(0) ?? 0) - (text.codePointAt(at) ?? 0));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
