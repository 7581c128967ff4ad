import type { Route } from './route.ts';

export type Found =
  | { readonly kind: 'found'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'no-path' }
  | { readonly kind: 'no-method'; readonly allow: readonly string[] };

type Line = { readonly route: Route; readonly method: string; readonly parts: readonly string[] };

/** Of a parameter in a path, in characters. */
const PARAMETER_MAX = 256;

/** Finds the route of a request. */
export class RouteTable {
  readonly routes: readonly Route[];
  readonly #lines: readonly Line[];

  /** Throws where two routes answer to the same. */
  constructor(routes: readonly Route[]) {
    this.routes = routes;
    this.#lines = routes.map((route) => {
      const [method = '', path = ''] = route.name.split(' ');
      return { route, method, parts: path.split('/') };
    });
    const names = new Set(routes.map(({ name }) => name));
    if (names.size < routes.length) throw new Error('bug: a route is written down twice');
  }

  /** `path`: of a URL, as it was sent. HEAD is GET without a body. */
  find(method: string, path: string): Found {
    const parts = path.split('/');
    const here = this.#lines.flatMap((line) => {
      const params = paramsOf(line.parts, parts);
      return params ? [{ line, params }] : [];
    });
    if (here.length === 0) return { kind: 'no-path' };
    const wanted = method === 'HEAD' ? 'GET' : method;
    // A path that is written down whole comes before one with a parameter in it.
    const fits = here.filter(({ line }) => line.method === wanted);
    const best = fits.find(({ params }) => Object.keys(params).length === 0) ?? fits[0];
    if (best) return { kind: 'found', route: best.line.route, params: best.params };
    return { kind: 'no-method', allow: [...new Set(here.map(({ line }) => line.method))] };
  }
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, wanted] of pattern.entries()) {
    const part = parts[i] as string;
    if (!wanted.startsWith('{')) {
      if (wanted !== part) return undefined;
      continue;
    }
    const value = decoded(part);
    if (value === undefined || value === '' || value.length > PARAMETER_MAX) return undefined;
    params[wanted.slice(1, -1)] = value;
  }
  return params;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
