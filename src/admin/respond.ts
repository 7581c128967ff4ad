import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '#base/errors.ts';
import type { Problem } from './contract-common.ts';
import { Refused, Sent, statusOf, Told } from './route.ts';

/** No inline code, nothing from elsewhere, no framing: a name that slipped through as markup could still do nothing. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/** Sends whatever a route replied. */
export async function respond(response: ServerResponse, reply: unknown): Promise<void> {
  if (reply instanceof Refused) return sendProblem(response, reply.problem);
  if (reply instanceof Told) return sendJson(response, reply.status, JSON.stringify(reply.answer), reply.headers);
  if (reply instanceof Sent) return sendRaw(response, reply);
  sendJson(response, 200, JSON.stringify(reply ?? {}));
}

export function sendProblem(response: ServerResponse, problem: Problem, headers: Headers = {}): void {
  const wait = problem.waitMs === undefined ? {} : { 'retry-after': String(Math.ceil(problem.waitMs / 1000)) };
  sendJson(response, statusOf(problem.why), JSON.stringify(problem), { ...wait, ...headers });
}

function sendJson(response: ServerResponse, status: number, json: string, headers: Headers = {}): void {
  send(response, status, 'application/json', json, headers);
}

/** `body` whole, with every header that a page's answer has. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Headers = {},
): void {
  const all: Record<string, string | number | readonly string[]> = {
    ...SECURITY_HEADERS,
    'content-type': type,
    'cache-control': 'no-store',
    ...(status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  };
  response.writeHead(status, all as Record<string, string | number | string[]>);
  response.end(body);
}

/** As fast as the reader reads; a reader that leaves is no error. */
async function sendRaw(response: ServerResponse, { mediaType, body, headers }: Sent): Promise<void> {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return send(response, 200, mediaType, body, headers);
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': mediaType, 'cache-control': 'no-store', ...headers });
  await pipeline(Readable.from(body), response).catch((error: unknown) => {
    if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
