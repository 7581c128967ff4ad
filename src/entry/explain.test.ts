import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { explain, type Question } from './explain.ts';
import { hash } from './fixtures.ts';
import { FlowRecords } from './flow-records.ts';
import { ANYONE, LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';

const infoHash = infoHashOf(hash);
const [pc, other] = ['192.168.1.5', '192.168.1.6'];
const at = (n: number) => ({ ip: `203.0.${n >> 8}.${n & 255}`, port: 6881 });

function box() {
  const records = new FlowRecords();
  const learned = new LearnedFlows();
  const asked: number[] = [];
  const ask = (question: Question, nowMs = 100) =>
    explain(
      question,
      {
        records,
        learned,
        membership: async (pairs) => {
          asked.push(pairs.length);
          return pairs.map(({ client }) => ({ steered: true, passed: client === other }));
        },
        exempt: (client) => (client === '10.0.0.1' ? 'opted-out' : undefined),
      },
      nowMs,
    );
  return { records, learned, ask, asked };
}

test('a flow is told from what taught it to what became of it', async () => {
  const { records, learned, ask } = box();
  learned.learn({ client: pc, endpoints: [at(1), at(2)], infoHash, from: 'dht' }, 10);
  const meter = records.note(pc, at(1), 'steered', 'plain-handshake', 20);
  meter.downBytes += 5;
  records.note(other, at(1), 'spliced', 'not-bittorrent', 30);
  assert.deepEqual(await ask({ client: pc, endpoint: at(1) }), [
    {
      client: pc,
      endpoint: '203.0.0.1:6881',
      firstAtMs: 10,
      lastAtMs: 20,
      learned: { from: 'dht', infoHash, atMs: 10 },
      verdict: 'steered',
      why: 'plain-handshake',
      upBytes: 0,
      downBytes: 5,
      kernel: { steered: true, passed: false },
    },
  ]);
  const ofEndpoint = await ask({ endpoint: at(1) });
  assert.deepEqual(
    ofEndpoint.map((e) => [e.client, e.verdict, e.kernel.passed]),
    [
      [other, 'spliced', true],
      [pc, 'steered', false],
    ],
  );
  const ofClient = await ask({ client: pc });
  assert.deepEqual(
    ofClient.map((e) => [e.endpoint, e.verdict, e.why]),
    [
      ['203.0.0.1:6881', 'steered', 'plain-handshake'],
      ['203.0.0.2:6881', 'not-seen', 'no-flow-yet'],
    ],
  );
});

test('what holds for everybody answers a question about one client, and the unknown is said to be unknown', async () => {
  const { learned, ask } = box();
  learned.learn({ client: ANYONE, endpoints: [at(1)], infoHash, from: 'box-tracker' }, 10);
  const [found] = await ask({ client: pc, endpoint: at(1) });
  assert.deepEqual([found?.client, found?.learned?.from], [undefined, 'box-tracker']);
  const [unknown] = await ask({ client: pc, endpoint: at(9) });
  assert.deepEqual([unknown?.verdict, unknown?.why, unknown?.firstAtMs], ['not-seen', 'not-learned', undefined]);
  const [exempt] = await ask({ client: '10.0.0.1', endpoint: at(9) });
  assert.deepEqual([exempt?.verdict, exempt?.why], ['passed', 'opted-out']);
  assert.deepEqual(await ask({ client: pc }), []);
});

test('records and explanations are bounded, newest first', async () => {
  const { records, ask, asked } = box();
  for (let n = 0; n < LIMITS.flowRecords + 5; n++) records.note(pc, at(n), 'refused', 'overload', n);
  const told = await ask({}, LIMITS.flowRecords + 5);
  assert.equal(told.length, LIMITS.explained);
  assert.equal(told[0]?.lastAtMs, LIMITS.flowRecords + 4);
  assert.deepEqual(asked, [LIMITS.explained]);
  assert.equal([...records.all(LIMITS.flowRecords)].length, LIMITS.flowRecords);
});
