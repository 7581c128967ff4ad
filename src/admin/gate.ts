import { isIP } from 'node:net';
import { ADMIN_LIMITS } from './limits.ts';

/** The parts of a request that decide whether it is answered at all. */
export type Knock = {
  method: string | undefined;
  url: string | undefined;
  host: string | undefined;
  origin: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
};
export type Refusal = { status: number; why: string };

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

/** Browsers send `Origin` with every WebSocket; other programs send none and cannot be tricked into dialling. */
export function originAllowed(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** Why this request is not answered, or undefined. */
export function refuse(knock: Knock, names: readonly string[]): Refusal | undefined {
  if (!hostAllowed(knock.host, names))
    return { status: 421, why: 'Open this page by the address of the box, or add its name to the configuration.' };
  if ((knock.url?.length ?? 0) > ADMIN_LIMITS.urlChars) return { status: 414, why: 'This address is too long.' };
  if (knock.method !== 'GET' && knock.method !== 'HEAD') return { status: 405, why: 'Only GET is answered here.' };
  if (knock.transferEncoding !== undefined || (knock.contentLength ?? '0') !== '0')
    return { status: 413, why: 'A request here has no body.' };
  return undefined;
}
