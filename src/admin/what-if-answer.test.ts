import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { AdminServer } from './admin-server.ts';
import type { AdminWorld, WhatIfAnswer, WhatIfView } from './contract.ts';
import { emptyBox } from './fixtures.ts';

async function got(path: string, world: Omit<AdminWorld, 'snapshot'>): Promise<[number, string | null, string]> {
  const admin = await AdminServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    webRoot: '/nowhere',
    world: { snapshot: emptyBox, ...world },
    log: silentLog,
  });
  try {
    const answer = await fetch(`http://127.0.0.1:${admin.port}${path}`);
    return [answer.status, answer.headers.get('content-type'), await answer.text()];
  } finally {
    await admin.close();
  }
}

test('what other rules would have saved, or why that cannot be told', async () => {
  const view = { sessions: 3, torrents: 2 } as WhatIfView;
  const asked = (answer: WhatIfAnswer) => got('/api/what-if', { whatIf: async () => answer });
  assert.deepEqual(await asked({ kind: 'ok', view }), [200, 'application/json', '{"sessions":3,"torrents":2}']);
  for (const [answer, status, why] of [
    [{ kind: 'off' }, 404, /set "trace" to true/],
    [{ kind: 'empty' }, 404, /No client has asked/],
    [{ kind: 'busy' }, 409, /ask again in a few seconds/],
    [{ kind: 'failed', why: 'no luck' }, 503, /no luck/],
  ] as const) {
    const [found, type, text] = await asked(answer);
    assert.deepEqual([found, type], [status, 'text/plain; charset=utf-8']);
    assert.match(text, why);
  }
  assert.equal((await got('/api/what-if', {}))[0], 404);
});

test('the trace comes as it is made, a line each', async () => {
  const trace = async function* () {
    yield '{"a":1}\n';
    yield '{"a":2}\n';
  };
  assert.deepEqual(await got('/api/trace', { trace }), [200, 'application/x-ndjson', '{"a":1}\n{"a":2}\n']);
  const [status, , why] = await got('/api/trace', { trace: () => undefined });
  assert.deepEqual([status, /set "trace" to true/.test(why)], [404, true]);
  const breaks = async function* () {
    yield '{"a":1}\n';
    throw new Error('the disk is gone');
  };
  await assert.rejects(got('/api/trace', { trace: breaks }), 'what is not whole does not look whole');
});
