import type { RouteName } from '#admin/contract-api.ts';
import type { Problem } from '#admin/contract-common.ts';
import { type Asked, addressOf, type Called, type LooseAsked, problemOf } from './call-shape.ts';
import { session } from './session.ts';

/** ms. The slowest answer (what other disks would have saved) takes the box a minute. */
const PATIENCE_MS = 70_000;

type LooselyCalled = { ok: true; answer: unknown } | { ok: false; problem: Problem };

let signInNeeded: () => void = () => {};
/** What is done when the box says that nobody is signed in. */
export const onSignInNeeded = (act: () => void): void => {
  signInNeeded = act;
};

/** Asks the box. `call('POST /api/orders', { body })` is typed from the contract; it never throws. */
export const call = <R extends RouteName>(
  route: R,
  ...[asked]: Record<never, never> extends Asked<R> ? [Asked<R>?] : [Asked<R>]
): Promise<Called<R>> => callLoosely(route, (asked ?? {}) as LooseAsked) as Promise<Called<R>>;

/** The same without the types, for code that works with any route. */
export async function callLoosely(route: RouteName, asked: LooseAsked): Promise<LooselyCalled> {
  const { method, url } = addressOf(route, asked);
  const { signal } = asked;
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, PATIENCE_MS);
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  try {
    const response = await fetch(url, { ...request(method, asked.body), signal: ending.signal });
    if (response.ok) return { ok: true, answer: await answerOf(response) };
    const problem = problemOf(response.status, await response.text());
    if (problem.why === 'not-signed-in') signInNeeded();
    return { ok: false, problem };
  } catch (error) {
    const why = signal?.aborted ? 'aborted' : error instanceof SyntaxError ? 'garbled' : 'no-answer';
    return { ok: false, problem: { why, text: String(error) } };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

function request(method: string, body: unknown): RequestInit {
  const headers: Record<string, string> = {};
  const token = session.value?.csrfToken;
  if (token !== undefined && method !== 'GET') headers['x-csrf-token'] = token;
  const common: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body === undefined) return common;
  headers['content-type'] = body instanceof Blob ? 'application/octet-stream' : 'application/json';
  return { ...common, body: body instanceof Blob ? body : JSON.stringify(body) };
}

async function answerOf(response: Response): Promise<unknown> {
  if (response.status === 204) return {};
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  return isJson ? response.json() : response.blob();
}
