import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayDo, route } from './route.ts';
import { RouteTable } from './route-table.ts';

const nothing = () => ({}) as never;
const table = new RouteTable([
  route('GET /api/tasks', 'look', nothing),
  route('GET /api/tasks/{infoHash}', 'look', nothing),
  route('POST /api/tasks/actions', 'operate', nothing),
  route('DELETE /api/orders/{infoHash}', 'operate', nothing),
]);
const found = (method: string, path: string) => {
  const at = table.find(method, path);
  return at.kind === 'found' ? [at.route.name, at.params] : at.kind === 'no-method' ? at.allow : at.kind;
};

test('a path finds its route, whole ones before those with a parameter', () => {
  assert.deepEqual(found('GET', '/api/tasks'), ['GET /api/tasks', {}]);
  assert.deepEqual(found('HEAD', '/api/tasks'), ['GET /api/tasks', {}]);
  assert.deepEqual(found('GET', '/api/tasks/ab'), ['GET /api/tasks/{infoHash}', { infoHash: 'ab' }]);
  assert.deepEqual(found('POST', '/api/tasks/actions'), ['POST /api/tasks/actions', {}]);
  assert.deepEqual(found('DELETE', '/api/orders/a%2Fb'), ['DELETE /api/orders/{infoHash}', { infoHash: 'a/b' }]);
  assert.deepEqual(found('PUT', '/api/tasks'), ['GET']);
  for (const path of ['/api/tasks/', '/api/tasks/a/b', '/api', '', '/api/orders/%ZZ', `/api/orders/${'x'.repeat(300)}`])
    assert.equal(found('GET', path), 'no-path', path);
});

test('whatever path comes, it answers', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (method, path) => table.find(method, `/api/${path}`) !== undefined));
});

test('a route that is there twice is a bug', () => {
  const twice = route('GET /api/tasks', 'look', nothing);
  assert.throws(() => new RouteTable([twice, twice]), /bug:/);
});

test('each right has those before it', () => {
  assert.deepEqual(
    [mayDo('operate', 'look'), mayDo('operate', 'operate'), mayDo('operate', 'administer'), mayDo(undefined, 'look')],
    [true, true, false, false],
  );
  assert.ok(mayDo(undefined, 'anyone'));
});
