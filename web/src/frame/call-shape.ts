import type { AnswerOf, BodyOf, QueryOf, RouteName } from '#admin/contract-api.ts';
import type { Problem, Raw } from '#admin/contract-common.ts';

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
type Params<R extends RouteName> = [ParamNames<R>] extends [never]
  ? { params?: never }
  : { params: Record<ParamNames<R>, string> };
type Body<R extends RouteName> =
  BodyOf<R> extends undefined ? { body?: never } : BodyOf<R> extends Raw<string> ? { body: Blob } : { body: BodyOf<R> };
type Query<R extends RouteName> =
  QueryOf<R> extends undefined
    ? { query?: never }
    : Record<never, never> extends QueryOf<R>
      ? { query?: QueryOf<R> }
      : { query: QueryOf<R> };

/** What a route takes: `params` for the `{names}` in its path, its query, its body. */
export type Asked<R extends RouteName> = Params<R> & Query<R> & Body<R> & { signal?: AbortSignal };
/** A file is answered as it came. */
export type AnswerTo<R extends RouteName> = AnswerOf<R> extends Raw<string> ? Blob : AnswerOf<R>;
/** Nothing is thrown: what went wrong is a value. `no-answer`, `aborted` and `garbled` are the page's own reasons. */
export type Called<R extends RouteName> = { ok: true; answer: AnswerTo<R> } | { ok: false; problem: Problem };

/** The same for any route. */
export type LooseAsked = {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
  signal?: AbortSignal;
};

/** `POST /api/orders/{infoHash}/move` and what belongs into it, as method and address. */
export function addressOf(route: string, { params = {}, query = {} }: LooseAsked): { method: string; url: string } {
  const [method = '', pattern = ''] = route.split(' ', 2);
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return { method, url: search ? `${path}?${search}` : path };
}

/** What an answer that is no success says, whatever it looks like. */
export function problemOf(status: number, text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'why' in value && typeof value.why === 'string')
      return { text: '', ...value } as Problem;
  } catch {}
  const why = {
    401: 'not-signed-in',
    403: 'not-allowed',
    404: 'not-found',
    413: 'too-large',
    429: 'too-many',
    503: 'busy',
  }[status];
  return { why: why ?? 'failed', text: text.slice(0, 400) };
}
