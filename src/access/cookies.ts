import type { Via } from './caller.ts';
import { ACCESS_LIMITS } from './limits.ts';

/** `__Host-`: browsers take it over TLS alone, for this host alone, and no other page of the same host name can set it (RFC 6265bis). */
const nameOf = (via: Via): string => (via === 'tls' ? '__Host-swarmbox' : 'swarmbox');

/** Of the header `Cookie`; the first of this name counts. */
export function cookieSecret(header: string | undefined, via: Via): string | undefined {
  const wanted = `${nameOf(via)}=`;
  for (const part of (header ?? '').split(';')) {
    const pair = part.trim();
    if (pair.startsWith(wanted)) return pair.slice(wanted.length);
  }
  return undefined;
}

/** The header `Set-Cookie` that signs in; without a secret, that signs out. */
export function setCookie(secret: string | undefined, via: Via): string {
  const ends = secret === undefined ? 0 : ACCESS_LIMITS.sessionMs / 1000;
  const secure = via === 'tls' ? '; Secure' : '';
  return `${nameOf(via)}=${secret ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${ends}${secure}`;
}
