import { isIP } from 'node:net';
import { ADMIN_LIMITS } from './limits.ts';
import { type Refused, refuse } from './route.ts';

/** `Host` without its port and brackets, in lower case; undefined when it is not a host. */
export function hostName(host: string | undefined): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, '');
}

/**
 * DNS rebinding: a page of a stranger's site can point its own name at this box and read what it answers. An address and
 * localhost cannot be rebound; any other name must be one that the operator configured.
 */
export function hostAllowed(host: string | undefined, names: readonly string[]): boolean {
  const name = hostName(host);
  if (name === undefined) return false;
  return name === 'localhost' || isIP(name) !== 0 || names.some((n) => n.toLowerCase() === name);
}

/** Browsers send `Origin` with every WebSocket and every change; other programs send none and cannot be tricked into dialling. */
export function originAllowed(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** Why this request is not even looked at, or undefined. */
export function turnedAway(
  { host, url = '/' }: { host: string | undefined; url: string | undefined },
  names: readonly string[],
): { readonly status: 421 | 414; readonly refused: Refused } | undefined {
  if (!hostAllowed(host, names))
    return {
      status: 421,
      refused: refuse(
        'not-allowed',
        'Open this page by the address of the box, or add its name to the settings ("names").',
      ),
    };
  if (url.length > ADMIN_LIMITS.urlChars)
    return { status: 414, refused: refuse('too-large', 'This address is too long.') };
  return undefined;
}
