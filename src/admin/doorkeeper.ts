import type { IncomingMessage } from 'node:http';
import { originAllowed } from './gate.ts';
import { type Asker, type Credentials, type Doors, mayDo, type Needs, type Refused, refuse } from './route.ts';

/** Where a request came in. `trusted`: through a socket whose file says who may open it. */
export type Door = { readonly trusted: boolean; readonly tls: boolean };

/** The control socket's own asker: whoever may open the file is administrator. */
const OF_THE_SOCKET: Asker = {
  kind: 'socket',
  name: 'control socket',
  right: 'administer',
  address: 'local',
  via: 'socket',
};

export function whoAsks(request: IncomingMessage, door: Door, doors: Doors): Asker {
  return door.trusted ? OF_THE_SOCKET : doors.asker(credentialsOf(request, door));
}

function credentialsOf(request: IncomingMessage, door: Door): Credentials {
  const { cookie, authorization, 'user-agent': userAgent } = request.headers;
  return {
    ...(cookie !== undefined && { cookie }),
    ...(authorization !== undefined && { authorization }),
    ...(userAgent !== undefined && { userAgent }),
    // Dual-stack sockets spell IPv4 inside IPv6.
    address: request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'local',
    via: door.tls ? 'tls' : 'plain',
  };
}

/** Why this asker may not do this, or undefined. */
export function refusedAt(request: IncomingMessage, asker: Asker, needs: Needs, doors: Doors): Refused | undefined {
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes || request.headers.upgrade !== undefined) {
    const site = request.headers['sec-fetch-site'];
    if (!originAllowed(request.headers.origin, request.headers.host) || site === 'cross-site' || site === 'same-site')
      return refuse('other-site', 'Another site asked for this. Open the page of the box itself.');
  }
  if (!mayDo(asker.right, needs))
    return asker.right === undefined || asker.kind === 'guest'
      ? refuse('not-signed-in', 'Sign in first, or send a token: Authorization: Bearer ...')
      : refuse('not-allowed', `This needs the right "${needs}".`);
  // A cookie comes along by itself; the token only from a page of ours.
  if (changes && asker.kind === 'session' && !doors.csrfHolds(asker, headerOf(request, 'x-csrf-token')))
    return refuse('other-site', 'The header x-csrf-token is missing or is of another session: load the page again.');
  return undefined;
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? undefined : value;
};
