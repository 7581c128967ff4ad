import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Central } from './central.ts';
import { openDesk } from './desk.ts';
import { PublishError } from './publishing.ts';

async function deskOf(t: TestContext, central: Partial<Record<keyof Central, unknown>>) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-desk-'));
  const socketPath = join(folder, 'central.sock');
  const desk = await openDesk(central as unknown as Central, socketPath);
  t.after(async () => {
    await desk[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const ask = (method: string, path: string, body = '') =>
    new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const asked = request({ socketPath, method, path }, (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  return { ask, socketPath };
}

test('who owns the socket publishes, looks, cancels and tries again', async (t) => {
  const said: unknown[] = [];
  const row = {
    id: 'a',
    manifest: Buffer.from('{"name":"x"}'),
    signature: Buffer.alloc(64),
    orders: '{}',
    targets: [],
  };
  const { ask, socketPath } = await deskOf(t, {
    nodes: () => [{ name: 't1' }],
    distributions: () => [row],
    publish: async (...all: unknown[]) => {
      said.push(all);
      return 'a';
    },
    cancel: (id: string) => void said.push(id),
    retry: (id: string) => void said.push(id),
    resume: (id: string) => void said.push(`resume ${id}`),
  });
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  assert.deepEqual(await ask('POST', '/publish', '{"path":"/srv/补丁","sites":["east"]}'), {
    status: 200,
    body: { id: 'a' },
  });
  assert.deepEqual(await ask('POST', '/cancel', '{"id":"a"}'), { status: 200, body: {} });
  assert.deepEqual(await ask('POST', '/retry', '{"id":"b"}'), { status: 200, body: {} });
  assert.deepEqual(await ask('POST', '/resume', '{"id":"b"}'), { status: 200, body: {} });
  assert.deepEqual(said.splice(0), [[{ path: '/srv/补丁' }, { sites: ['east'] }], 'a', 'b', 'resume b']);
  const publication = { path: '/x', name: 'box', kind: 'firmware', firmware: { compatible: 'box', version: '2' } };
  const orders = {
    waves: { shares: [0.1, 1], mostFailed: 0 },
    window: { from: '23:00', until: '06:00' },
    rateBytesPerS: 1_000,
    quorum: 0.5,
  };
  assert.equal((await ask('POST', '/publish', JSON.stringify({ ...publication, ...orders }))).status, 200);
  assert.deepEqual(said, [[publication, orders]]);
  const fleet = {
    nodes: [{ name: 't1' }],
    distributions: [{ id: 'a', manifest: { name: 'x' }, orders: {}, targets: [] }],
  };
  assert.deepEqual(await ask('GET', '/fleet'), { status: 200, body: fleet });
});

test('the diary is read in pages, of everything or of one distribution or node', async (t) => {
  const { ask } = await deskOf(t, { notes: (of: unknown) => of });
  const read = async (query: string) => ask('GET', `/notes${query}`);
  assert.deepEqual(await read(''), { status: 200, body: { limit: 200 } });
  const one = { limit: 5, before: 90, distribution: 'a', node: 't1' };
  assert.deepEqual(await read('?limit=5&before=90&distribution=a&node=t1'), { status: 200, body: one });
  for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?before=-1', '?node='])
    assert.equal((await read(query)).status, 422);
});

test('what cannot be done is told of, and nothing else ends', async (t) => {
  const { ask } = await deskOf(t, {
    publish: async ({ path }: { path: string }) => {
      throw path === '/bug' ? new Error('broken') : new PublishError(`${path} is not there`);
    },
    cancel: () => {},
  });
  const status = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).status;
  assert.deepEqual(await ask('POST', '/publish', '{"path":"/x"}'), { status: 422, body: { why: '/x is not there' } });
  assert.equal(await status('POST', '/publish', '{"path":"/bug"}'), 500);
  assert.equal(await status('POST', '/publish', '{"path":7}'), 422);
  assert.equal(await status('POST', '/publish', '{"path":"/x","nodes":[]}'), 422);
  assert.equal(await status('POST', '/publish', '{'), 422);
  for (const wrong of ['"more":1', '"window":{"from":"25:00","until":"06:00"}', '"rateBytesPerS":0', '"kind":"film"'])
    assert.equal(await status('POST', '/publish', `{"path":"/x",${wrong}}`), 422, wrong);
  assert.equal(await status('POST', '/publish', 'x'.repeat((1 << 20) + 1)), 422);
  assert.equal(await status('GET', '/../../etc/passwd'), 404);
  assert.equal(await status('GET', '/constructor'), 404);
  assert.equal(await status('POST', '/cancel', 'null'), 422);
  assert.equal(await status('POST', '/cancel', '{"id":"a"}'), 200);
});
