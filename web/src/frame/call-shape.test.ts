import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, problemOf } from './call-shape.ts';

test('names and the query go into the address, escaped', () => {
  assert.deepEqual(addressOf('POST /api/orders/{infoHash}/move', { params: { infoHash: 'a/../b?' } }), {
    method: 'POST',
    url: '/api/orders/a%2F..%2Fb%3F/move',
  });
  assert.deepEqual(
    addressOf('GET /api/tasks', { query: { search: 'a b&c', offset: 0, disk: undefined, filter: '' } }),
    {
      method: 'GET',
      url: '/api/tasks?search=a+b%26c&offset=0',
    },
  );
});

test('a problem is taken as the box says it; anything else by its status', () => {
  assert.deepEqual(problemOf(409, '{"why":"stale","text":"changed","waitMs":9}'), {
    why: 'stale',
    text: 'changed',
    waitMs: 9,
  });
  assert.equal(problemOf(409, '{"why":"stale"}').text, '');
  assert.equal(problemOf(401, 'no').why, 'not-signed-in');
  assert.equal(problemOf(500, '<html>').why, 'failed');
  assert.equal(problemOf(500, '{"why":3}').why, 'failed');
  assert.equal(problemOf(500, 'null').why, 'failed');
  assert.ok(problemOf(500, 'x'.repeat(9999)).text.length <= 400);
});
