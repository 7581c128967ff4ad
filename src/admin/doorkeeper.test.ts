import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorsFor, startAdmin } from './fixtures.ts';
import { type Asker, type AuditEntry, type Doors, route } from './route.ts';

const session = (right: 'look' | 'operate' | 'administer'): Asker => ({
  kind: 'session',
  name: 'ada',
  right,
  address: '192.0.2.1',
  via: 'plain',
  sessionId: 's',
});

/** A box with one route that changes something, and what came through to it. */
async function withRoute(
  doors: Partial<Doors>,
  look: (url: string, done: string[], rows: AuditEntry[]) => Promise<void>,
) {
  const done: string[] = [];
  const rows: AuditEntry[] = [];
  const box = await startAdmin({
    doors: { ...doorsFor(undefined), audit: (row) => rows.push(row), ...doors },
    routes: [
      route(
        'POST /api/restart',
        'administer',
        ({ body, note }) => {
          note({ what: body.what });
          if (body.what === 'machine') throw new Error('it broke on the way');
          done.push(body.what);
          return {};
        },
        { audit: 'restarted' },
      ),
    ],
  });
  try {
    await look(box.url, done, rows);
  } finally {
    await box.close();
  }
}

const post = async (url: string, headers: Record<string, string> = {}, body = '{"what":"daemon"}') => {
  const answer = await fetch(`${url}/api/restart`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return [answer.status, ((await answer.json()) as { why?: string }).why];
};

test('nobody, somebody with too little right, and whoever has it', async () => {
  await withRoute({}, async (url, done) => {
    assert.deepEqual(await post(url), [401, 'not-signed-in']);
    for (const path of ['/api/snapshot', '/api/history', '/api/explain', '/api/openapi.json'])
      assert.equal((await fetch(url + path)).status, 401, path);
    assert.deepEqual(done, []);
  });
  await withRoute({ asker: () => session('operate'), csrfHolds: () => true }, async (url, done, rows) => {
    assert.deepEqual(await post(url), [403, 'not-allowed']);
    assert.deepEqual(done, []);
    assert.deepEqual(
      rows.map(({ outcome }) => outcome),
      ['refused'],
    );
  });
  await withRoute({ asker: () => session('administer'), csrfHolds: () => true }, async (url, done, rows) => {
    assert.deepEqual(await post(url), [200, undefined]);
    assert.deepEqual(done, ['daemon']);
    assert.deepEqual(rows, [
      { who: 'ada', address: '192.0.2.1', what: 'restarted', detail: { what: 'daemon' }, outcome: 'done' },
    ]);
  });
});

test('who tried something that broke on the way is written down', async () => {
  await withRoute({ asker: () => session('administer'), csrfHolds: () => true }, async (url, _, rows) => {
    assert.deepEqual(await post(url, {}, '{"what":"machine"}'), [500, 'failed']);
    assert.deepEqual(
      rows.map(({ who, outcome, detail }) => [who, outcome, detail]),
      [['ada', 'refused', { what: 'machine', why: 'failed' }]],
    );
  });
});

test('another site can change nothing, with a cookie or without', async () => {
  await withRoute(
    { asker: () => session('administer'), csrfHolds: (_, token) => token === 'mine' },
    async (url, done) => {
      assert.deepEqual(await post(url), [403, 'other-site'], 'without the token');
      assert.deepEqual(await post(url, { 'x-csrf-token': 'other' }), [403, 'other-site']);
      assert.deepEqual(await post(url, { 'x-csrf-token': 'mine', origin: 'http://evil.example' }), [403, 'other-site']);
      assert.deepEqual(await post(url, { 'x-csrf-token': 'mine', 'content-type': 'text/plain' }), [415, 'wrong-type']);
      assert.deepEqual(done, []);
      assert.deepEqual(await post(url, { 'x-csrf-token': 'mine', origin: url }), [200, undefined]);
    },
  );
});

test('a body that is not as the contract says does not come through', async () => {
  await withRoute({ asker: () => session('administer'), csrfHolds: () => true }, async (url, done) => {
    assert.deepEqual(await post(url, {}, '{"what":"everything"}'), [422, 'invalid']);
    assert.deepEqual(await post(url, {}, '{"what":"daemon","and":1}'), [422, 'invalid']);
    assert.deepEqual(await post(url, {}, '{'), [400, 'malformed']);
    assert.deepEqual(await post(url, {}, ''), [400, 'malformed']);
    const large = await post(url, {}, JSON.stringify({ what: 'x'.repeat(70_000) }));
    assert.deepEqual(large, [413, 'too-large']);
    assert.deepEqual(done, []);
  });
});
