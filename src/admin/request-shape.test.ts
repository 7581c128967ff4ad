import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RouteName } from './contract-api.ts';
import { bodyProblems, CONTRACT, queryOf, rawTypeOf, shapeOf } from './request-shape.ts';

const query = (name: RouteName, text: string) => queryOf(name, new URLSearchParams(text));

test('parameters become what the contract says they are', () => {
  assert.deepEqual(query('GET /api/tasks', 'search=12&limit=20&sort=name'), {
    query: { search: '12', limit: 20, sort: 'name' },
  });
  assert.deepEqual(query('GET /api/tasks', ''), { query: {} });
  for (const [text, path, code] of [
    ['limit=0', 'limit', 'too-small'],
    ['limit=x', 'limit', 'wrong-type'],
    ['limit=1e2', 'limit', 'wrong-type'],
    ['limit=2&limit=3', 'limit', 'not-unique'],
    ['sort=colour', 'sort', 'not-one-of'],
    ['__proto__=1', '__proto__', 'unknown-field'],
    ['x=1', 'x', 'unknown-field'],
  ] as const) {
    const answer = query('GET /api/tasks', text);
    assert.ok('fields' in answer, text);
    assert.deepEqual([answer.fields[0]?.path, answer.fields[0]?.code], [path, code], text);
  }
  assert.ok('fields' in query('GET /api/snapshot', 'a=1'), 'a route without parameters takes none');
});

test('a body is held against the contract', () => {
  assert.deepEqual(bodyProblems('POST /api/session', { name: 'a', password: 'b' }), []);
  assert.deepEqual(
    bodyProblems('POST /api/tasks/actions', { infoHashes: ['xyz'], action: { do: 'explode' } }).map(({ path }) => path),
    ['infoHashes.0', 'action'],
  );
});

test('every route of the contract has a schema, and every schema of a request can be checked', () => {
  const { Api } = CONTRACT.definitions as Record<string, { properties: Record<string, unknown> }>;
  const names = Object.keys(Api?.properties ?? {}) as RouteName[];
  assert.ok(names.length > 70);
  for (const name of names) {
    const { body } = shapeOf(name);
    // A word in a schema that is not checked would throw.
    if (body && !rawTypeOf(body))
      fc.assert(
        fc.property(fc.jsonValue(), (v) => bodyProblems(name, v).length >= 0),
        { numRuns: 30 },
      );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (v) => !!queryOf(name, new URLSearchParams(v))),
      { numRuns: 30 },
    );
  }
  assert.equal(rawTypeOf(shapeOf('GET /api/trace').answer as never), 'application/x-ndjson');
});
