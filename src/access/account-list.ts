import { createHash } from 'node:crypto';
import type { AccessData, Account } from './access-data.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Pure changes of the accounts. Names differ by more than their case: `Admin` is `admin`. */

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const accountOf = (data: AccessData, name: string): Account | undefined =>
  data.accounts.find((account) => sameName(account.name, name));

/** Changes with every new password, and with an account that was made anew under an old name. Tells nothing of the password. */
export const credentialOf = ({ password }: Account): string =>
  createHash('sha256').update(password).digest('hex').slice(0, 16);

export function withAccount(data: AccessData, account: Account): AccessData | Refusal {
  if (accountOf(data, account.name)) return refusal('conflict', 'There is an account of this name.');
  if (data.accounts.length >= ACCESS_LIMITS.accounts)
    return refusal('too-many', `There are ${ACCESS_LIMITS.accounts} accounts, and no more are kept.`);
  return { ...data, accounts: [...data.accounts, account] };
}

/** Who is not there is not found; who was the last administrator stays one. */
export function withChanged(
  data: AccessData,
  name: string,
  change: (account: Account) => Account,
): AccessData | Refusal {
  if (!accountOf(data, name)) return NO_ACCOUNT;
  const accounts = data.accounts.map((account) => (sameName(account.name, name) ? change(account) : account));
  return accounts.some(isAdministrator) ? { ...data, accounts } : LAST;
}

/** Its tokens go with it: whoever made one knows it. */
export function withoutAccount(data: AccessData, name: string): AccessData | Refusal {
  if (!accountOf(data, name)) return NO_ACCOUNT;
  const accounts = data.accounts.filter((account) => !sameName(account.name, name));
  const tokens = data.tokens.filter((token) => !sameName(token.createdBy, name));
  return accounts.some(isAdministrator) ? { ...data, accounts, tokens } : LAST;
}

const isAdministrator = ({ right }: Account): boolean => right === 'administer';
const NO_ACCOUNT = refusal('not-found', 'There is no account of this name.');
const LAST = refusal('last-administrator', 'Somebody must be able to administer: make another administrator first.');
