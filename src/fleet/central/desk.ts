import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorText } from '#base/errors.ts';
import { publishProblems } from '../config.ts';
import type { PublishAsked } from '../config-types.ts';
import type { DistributionId } from '../manifest.ts';
import type { Central } from './central.ts';
import { PublishError } from './publishing.ts';

const BODY_BYTES = 1 << 20;
/** Entries of the diary in one answer. */
const NOTES_MAX = 1_000;

/** A request that cannot be done as it was said; its text is for a person. */
class RequestError extends Error {}

/** What may be asked, by its method and path, with what is in its query or, as JSON, in its body; `undefined` answers are empty objects. */
type Asked = Record<string, (body: Record<string, unknown>) => unknown>;

const textIn = (body: Record<string, unknown>, field: string): string => {
  const value = body[field];
  if (typeof value !== 'string' || value === '') throw new RequestError(`"${field}" must be a text`);
  return value;
};
const numberIn = (body: Record<string, unknown>, field: string, most: number): number | undefined => {
  if (body[field] === undefined) return undefined;
  const value = Number(body[field]);
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new RequestError(`"${field}" must be a whole number from 1 to ${most}`);
  return value;
};
function publishAsked(body: Record<string, unknown>): PublishAsked {
  const [first] = publishProblems(body);
  if (first) throw new RequestError(`"${first.path || 'it'}" is ${first.code}`);
  return body as PublishAsked;
}

function requestsTo(central: Central): Asked {
  return {
    'GET /fleet': () => ({
      nodes: central.nodes(),
      distributions: central.distributions().map(({ manifest, signature: _, orders, ...row }) => ({
        ...row,
        manifest: JSON.parse(manifest.toString('utf8')) as unknown,
        orders: JSON.parse(orders) as unknown,
      })),
    }),
    'GET /notes': (asked) => {
      const limit = numberIn(asked, 'limit', NOTES_MAX) ?? 200;
      const before = numberIn(asked, 'before', Number.MAX_SAFE_INTEGER);
      const of = (field: string) => (asked[field] === undefined ? {} : { [field]: textIn(asked, field) });
      return central.notes({ limit, ...(before !== undefined && { before }), ...of('distribution'), ...of('node') });
    },
    'POST /publish': async (body) => {
      const { path, name, kind, firmware, ...orders } = publishAsked(body);
      const publication = { path, ...(name && { name }), ...(kind && { kind }), ...(firmware && { firmware }) };
      return { id: await central.publish(publication, orders) };
    },
    'POST /resume': (body) => central.resume(textIn(body, 'id') as DistributionId),
    'POST /cancel': (body) => central.cancel(textIn(body, 'id') as DistributionId),
    'POST /retry': (body) => central.retry(textIn(body, 'id') as DistributionId),
  };
}

/**
 * Where whoever runs the central asks it: HTTP on a socket in its data folder, which its owner alone may open. Ends with what it returns. Rejects when the socket cannot be made.
 */
export async function openDesk(central: Central, socketPath: string): Promise<AsyncDisposable> {
  const requests = requestsTo(central);
  const server = createServer((request, response) => void answer(requests, request, response));
  rmSync(socketPath, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const mask = process.umask(0o077);
  server.listen(socketPath, resolve);
  process.umask(mask);
  await promise;
  chmodSync(socketPath, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(requests: Asked, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  };
  const [path, query] = (request.url ?? '').split('?');
  const asked = `${request.method} ${path}`;
  const work = Object.hasOwn(requests, asked) ? requests[asked] : undefined;
  if (!work) {
    say(404, { why: `there is no ${asked.slice(0, 200)}` });
    return;
  }
  try {
    const fields = Object.fromEntries(new URLSearchParams(query));
    say(200, await work(request.method === 'GET' ? fields : await bodyOf(request)));
  } catch (error) {
    const isTheirs = error instanceof RequestError || error instanceof PublishError;
    say(isTheirs ? 422 : 500, { why: errorText(error) });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES) throw new RequestError('the request is too long');
    parts.push(part);
  }
  if (bytes === 0) return {};
  try {
    const said: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (typeof said === 'object' && said !== null) return said as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new RequestError('the request is no JSON object');
}
