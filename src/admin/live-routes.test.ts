import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainQuestion, WhatIfAnswer, WhatIfView } from './contract.ts';
import { startAdmin } from './fixtures.ts';

type World = NonNullable<Parameters<typeof startAdmin>[0]>['world'] & object;

async function got(path: string, world: World): Promise<[number, string | null, string]> {
  const { url, close } = await startAdmin({ world });
  try {
    const answer = await fetch(`${url}${path}`);
    return [answer.status, answer.headers.get('content-type'), await answer.text()];
  } finally {
    await close();
  }
}

test('what other rules would have saved, or why that cannot be told', async () => {
  const view = { sessions: 3, torrents: 2 } as WhatIfView;
  const asked = (answer: WhatIfAnswer) => got('/api/what-if', { whatIf: async () => answer });
  assert.deepEqual(await asked({ kind: 'ok', view }), [200, 'application/json', '{"sessions":3,"torrents":2}']);
  for (const [answer, status, why] of [
    [{ kind: 'off' }, 404, /set \\"trace\\" to true/],
    [{ kind: 'empty' }, 404, /No client has asked/],
    [{ kind: 'busy' }, 503, /ask again in a few seconds/],
    [{ kind: 'failed', why: 'no luck' }, 500, /no luck/],
  ] as const) {
    const [found, type, text] = await asked(answer);
    assert.deepEqual([found, type], [status, 'application/json']);
    assert.match(text, why);
  }
});

test('the trace comes as it is made, a line each', async () => {
  const trace = async function* () {
    yield '{"a":1}\n';
    yield '{"a":2}\n';
  };
  assert.deepEqual(await got('/api/trace', { trace }), [200, 'application/x-ndjson', '{"a":1}\n{"a":2}\n']);
  assert.equal((await got('/api/trace', { trace: () => undefined }))[0], 404);
  const breaks = async function* () {
    yield '{"a":1}\n';
    throw new Error('the disk is gone');
  };
  await assert.rejects(got('/api/trace', { trace: breaks }), 'what is not whole does not look whole');
});

async function asked(parameters: string): Promise<ExplainQuestion | string> {
  let question: ExplainQuestion | undefined;
  const explain = async (q: ExplainQuestion) => {
    question = q;
    return [];
  };
  const [status, , text] = await got(`/api/explain${parameters}`, { explain });
  return status === 200 ? (question as ExplainQuestion) : `${status} ${text}`;
}

test('a question names a client, an endpoint, both or neither, in any spelling', async () => {
  assert.deepEqual(await asked(''), {});
  assert.deepEqual(await asked('?client=192.168.1.20'), { client: '192.168.1.20' });
  assert.deepEqual(await asked('?client=2001:DB8::0:20&endpoint=%5B2001:db8::9%5D:6881'), {
    client: '2001:db8::20',
    endpoint: { ip: '2001:db8::9', port: 6881 },
  });
});

test('a question that cannot be understood is told what is wrong with it', async () => {
  for (const text of ['client=me', 'client=', 'client=1.2.3.4:80', 'client=1.2.3.4/24'])
    assert.match(String(await asked(`?${text}`)), /^422 .*must be an IP address/, text);
  for (const text of ['endpoint=1.2.3.4', 'endpoint=host:80', 'endpoint=1.2.3.4:0', 'client=1.2.3.4&endpoint='])
    assert.match(String(await asked(`?${text}`)), /^422 .*must be an address and a port/, text);
  assert.match(String(await asked('?torrent=x')), /^422 .*unknown-field/);
});

test('health is told to anyone, and by its status too', async () => {
  const health = (ok: boolean) => got('/api/health', { health: () => ({ ok, version: '1', steering: 'disarmed' }) });
  assert.equal((await health(true))[0], 200);
  assert.equal((await health(false))[0], 503);
});
