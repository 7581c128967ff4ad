import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminWorld, ExplainQuestion } from './contract.ts';
import { explainAnswer } from './explain-answer.ts';
import { emptyBox } from './fixtures.ts';

async function asked(url: string): Promise<ExplainQuestion | string> {
  let question: ExplainQuestion | undefined;
  const world: AdminWorld = {
    snapshot: emptyBox,
    explain: async (q) => {
      question = q;
      return [];
    },
  };
  const answer = await explainAnswer(url, world);
  if (answer.status !== 200) return `${answer.status} ${answer.why}`;
  assert.equal(answer.json, '[]');
  return question as ExplainQuestion;
}

test('a question names a client, an endpoint, both or neither, in any spelling', async () => {
  assert.deepEqual(await asked('/api/explain'), {});
  assert.deepEqual(await asked('/api/explain?client=192.168.1.20'), { client: '192.168.1.20' });
  assert.deepEqual(await asked('/api/explain?client=2001:DB8::0:20&endpoint=%5B2001:db8::9%5D:6881'), {
    client: '2001:db8::20',
    endpoint: { ip: '2001:db8::9', port: 6881 },
  });
  assert.deepEqual(await asked('/api/explain?endpoint=[2001:db8::9]:6881'), {
    endpoint: { ip: '2001:db8::9', port: 6881 },
  });
});

test('a question that cannot be understood is told what is wrong with it', async () => {
  for (const url of ['client=me', 'client=', 'client=1.2.3.4:80', 'client=1.2.3.4/24'])
    assert.match(String(await asked(`/api/explain?${url}`)), /^400 "client" must be an IP address/, url);
  for (const url of ['endpoint=1.2.3.4', 'endpoint=host:80', 'endpoint=1.2.3.4:0', 'client=1.2.3.4&endpoint='])
    assert.match(String(await asked(`/api/explain?${url}`)), /^400 "endpoint" must be an address and a port/, url);
  assert.match(String(await asked('/api/explain?torrent=x')), /^400 Only/);
  assert.equal((await explainAnswer('/api/explain', { snapshot: emptyBox })).status, 503);
});
