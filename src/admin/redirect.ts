import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { hostName } from './gate.ts';
import { ADMIN_LIMITS } from './limits.ts';

/**
 * Whoever typed the address without `https://` is sent there; what was asked is not looked at, and no answer of the page goes in clear.
 * It is the asker's own `Host` that comes back, so it leads nobody anywhere that was not asked for.
 */
export function sendToTls({ headers: { host }, url = '/', socket }: IncomingMessage, response: ServerResponse): void {
  const known = hostName(host) === undefined ? undefined : host;
  const ip = socket.localAddress ?? 'localhost';
  const place = known ?? `${isIPv6(ip) ? `[${ip}]` : ip}:${socket.localPort ?? 443}`;
  const path = url.startsWith('/') && url.length <= ADMIN_LIMITS.urlChars ? url : '/';
  response.writeHead(308, { location: `https://${place}${path}`, connection: 'close', 'content-length': 0 });
  // Whatever body follows is not read.
  response.end(() => socket.destroySoon());
}
