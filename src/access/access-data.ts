import { problemsOf, type Schema } from '#base/schema-check.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { parseStored } from './password-hasher.ts';
import { RIGHTS, type Right } from './rights.ts';
import { isTotpSecret } from './totp.ts';

/** What access.json holds: who may open the page. */
export type AccessData = {
  readonly version: number;
  /** A later version wrote it, and code of this version and after takes it for what it is: what that code does not know lets nobody in or out. It stays in it. */
  readonly readableFrom?: number;
  readonly accounts: readonly Account[];
  readonly tokens: readonly Token[];
  /** Whoever has not signed in may look. */
  readonly guestsMayLook: boolean;
};

export type Account = {
  readonly name: string;
  readonly right: Right;
  /** See PasswordHasher. */
  readonly password: string;
  /** Base32. Present: a sign-in needs a code as well. */
  readonly totp?: string;
  readonly createdAtMs: number;
};

export type Token = {
  readonly id: string;
  readonly name: string;
  readonly right: Right;
  /** SHA-256 of the token, hex. It has 256 random bits: a slow hash would add nothing. */
  readonly hash: string;
  readonly createdAtMs: number;
  /** An account, or CONSOLE. */
  readonly createdBy: string;
  readonly expiresAtMs?: number;
};

const VERSION = 1;
export const NOBODY_YET: AccessData = { version: VERSION, accounts: [], tokens: [], guestsMayLook: false };

export const ACCOUNT_NAME = /^[A-Za-z0-9._-]{1,32}$/;

const right = { enum: RIGHTS };
const atMs = { type: 'integer', minimum: 0 };
const schemaOf = (version: Schema, additionalProperties: boolean): Schema => ({
  type: 'object',
  required: ['version', 'accounts', 'tokens', 'guestsMayLook'],
  additionalProperties,
  properties: {
    version,
    readableFrom: { type: 'integer', minimum: 1, maximum: VERSION },
    guestsMayLook: { type: 'boolean' },
    accounts: {
      type: 'array',
      minItems: 1,
      maxItems: ACCESS_LIMITS.accounts,
      items: {
        type: 'object',
        required: ['name', 'right', 'password', 'createdAtMs'],
        additionalProperties,
        properties: {
          name: { type: 'string', pattern: ACCOUNT_NAME.source },
          right,
          password: { type: 'string', maxLength: 256 },
          totp: { type: 'string', maxLength: 64 },
          createdAtMs: atMs,
        },
      },
    },
    tokens: {
      type: 'array',
      maxItems: ACCESS_LIMITS.tokens,
      items: {
        type: 'object',
        required: ['id', 'name', 'right', 'hash', 'createdAtMs', 'createdBy'],
        additionalProperties,
        properties: {
          id: { type: 'string', pattern: '^[0-9a-f]{16}$' },
          name: { type: 'string', minLength: 1, maxLength: 64 },
          right,
          hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
          createdAtMs: atMs,
          createdBy: { type: 'string', maxLength: 64 },
          expiresAtMs: atMs,
        },
      },
    },
  },
});
const OWN = schemaOf({ const: VERSION }, false);
const OF_LATER = schemaOf({ type: 'integer' }, true);

/** The text of access.json, or why it is none. Whatever is doubtful is none: half an account list must not open a door. */
export function parseAccess(text: string): AccessData | { readonly damaged: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { damaged: 'it is no JSON' };
  }
  const { version, readableFrom } = (value ?? {}) as { readonly version?: unknown; readonly readableFrom?: unknown };
  const isOfLater = typeof version === 'number' && version > VERSION;
  if (isOfLater && readableFrom === undefined) return { damaged: `a later version wrote it (${version})` };
  const [first] = problemsOf(value, isOfLater ? OF_LATER : OWN);
  if (first) return { damaged: `${first.path === '' ? 'all of it' : first.path} is ${first.code}` };
  const data = value as AccessData;
  if (new Set(data.accounts.map(({ name }) => name.toLowerCase())).size !== data.accounts.length)
    return { damaged: 'two accounts have the same name' };
  if (!data.accounts.some((account) => account.right === 'administer')) return { damaged: 'it has no administrator' };
  for (const { name, password, totp } of data.accounts) {
    if (!parseStored(password)) return { damaged: `the password of ${name} is not as it is written` };
    if (totp !== undefined && !isTotpSecret(totp))
      return { damaged: `the second factor of ${name} is not as it is written` };
  }
  return data;
}
