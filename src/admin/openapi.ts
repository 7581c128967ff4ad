import { CONTRACT, rawTypeOf, resolved, shapeOf } from './request-shape.ts';
import type { Needs, Route } from './route.ts';

type Json = { [key: string]: unknown };

const NEEDS: Readonly<Record<Needs, string>> = {
  anyone: 'Anyone may ask, without signing in.',
  look: 'Needs the right `look`.',
  operate: 'Needs the right `operate`.',
  administer: 'Needs the right `administer`.',
};

/** The API as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0), made from the contract's types and the routes that are there. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const [method = '', path = ''] = route.name.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route, path) };
  }
  const described = withRefsTo('#/components/schemas/', {
    paths,
    schemas: CONTRACT.definitions as Json,
  }) as { paths: Json; schemas: Json };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Swarmbox',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'What the page of the box does, for scripts. Sign in with an API token (`Authorization: Bearer ...`), or use the control socket in the data folder. Sizes are bytes, times are milliseconds since the epoch.',
    },
    paths: described.paths,
    components: {
      schemas: described.schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationOf({ name, needs }: Route, path: string): Json {
  const { query, body, answer } = shapeOf(name);
  const parameters = [...pathParameters(path), ...(query ? queryParameters(resolved(query) as Json) : [])];
  return {
    operationId: name.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, ''),
    description: NEEDS[needs],
    ...(needs !== 'anyone' && { security: [{ token: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: contentOf(body as Json) } }),
    responses: {
      '200': { description: 'Done.', content: contentOf(answer as Json) },
      default: {
        description: 'Why it was not done.',
        content: { 'application/json': { schema: { $ref: '#/definitions/Problem' } } },
      },
    },
  };
}

const contentOf = (schema: Json): Json => {
  const raw = rawTypeOf(schema);
  return raw === undefined ? { 'application/json': { schema } } : { [raw]: {} };
};

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters({ properties = {}, required = [] }: Json): Json[] {
  return Object.entries(properties as Record<string, Json>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: (required as string[]).includes(name),
    schema,
  }));
}

/** The contract's own references point to its definitions; here they stand elsewhere. */
function withRefsTo(place: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withRefsTo(place, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (key === '$ref' && typeof one === 'string') return [key, place + nameIn(one)];
      // Component names may not have the signs that generic types do.
      if (key === 'schemas')
        return [key, Object.fromEntries(Object.entries(one as Json).map(([n, s]) => [plain(n), withRefsTo(place, s)]))];
      return [key, withRefsTo(place, one)];
    }),
  );
}

const nameIn = (ref: string): string => plain(decodeURIComponent(ref.replace(/^#\/definitions\//, '')));
const plain = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '_');
