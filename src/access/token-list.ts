import { createHash, randomBytes } from 'node:crypto';
import type { AccessData, Token } from './access-data.ts';
import { accountOf } from './account-list.ts';
import { CONSOLE } from './caller.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { type Refusal, refusal } from './refusal.ts';
import { lesser, type Right } from './rights.ts';

const PREFIX = 'sbx_';
const SHAPE = /^sbx_[A-Za-z0-9_-]{43}$/;
const DAY_MS = 86_400_000;

export type TokenOrder = { readonly name: string; readonly right: Right; readonly days?: number };

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The token itself is told once, and not kept. */
export function makeToken(order: TokenOrder, createdBy: string, nowMs: number): { kept: Token; token: string } {
  const token = PREFIX + randomBytes(32).toString('base64url');
  const kept: Token = {
    id: randomBytes(8).toString('hex'),
    name: order.name,
    right: order.right,
    hash: hashOf(token),
    createdAtMs: nowMs,
    createdBy,
    ...(order.days === undefined ? {} : { expiresAtMs: nowMs + order.days * DAY_MS }),
  };
  return { kept, token };
}

export function withToken(data: AccessData, token: Token): AccessData | Refusal {
  if (data.tokens.length >= ACCESS_LIMITS.tokens)
    return refusal('too-many', `There are ${ACCESS_LIMITS.tokens} tokens: remove one first.`);
  return { ...data, tokens: [...data.tokens, token] };
}

export function withoutToken(data: AccessData, id: string): AccessData | Refusal {
  const tokens = data.tokens.filter((token) => token.id !== id);
  return tokens.length === data.tokens.length ? refusal('not-found', 'There is no such token.') : { ...data, tokens };
}

/** Whose secret this is, and what it may do; undefined: it is none, has ended, or its maker is gone. */
export function tokenOf(data: AccessData, secret: string, nowMs: number): { token: Token; right: Right } | undefined {
  if (!SHAPE.test(secret)) return undefined;
  // What is compared is a hash of it: where two hashes begin to differ tells nothing about the token.
  const hash = hashOf(secret);
  const token = data.tokens.find((one) => one.hash === hash);
  const right = token && tokenRight(data, token, nowMs);
  return token && right && { token, right };
}

/** A token may never do more than who made it may now. */
export function tokenRight(data: AccessData, token: Token, nowMs: number): Right | undefined {
  if (token.expiresAtMs !== undefined && token.expiresAtMs <= nowMs) return undefined;
  if (token.createdBy === CONSOLE) return token.right;
  const maker = accountOf(data, token.createdBy);
  return maker && lesser(token.right, maker.right);
}
