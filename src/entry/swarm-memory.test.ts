import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashOf } from '#base/units.ts';
import { hash } from './fixtures.ts';
import { LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';
import { decodeSwarms, encodeSwarms } from './swarm-memory.ts';

const infoHash = infoHashOf(hash);
const endpoints = [
  { ip: '203.0.113.9', port: 6881 },
  { ip: '2001:db8::9', port: 51413 },
];

test('what was learned is kept without its clients', () => {
  const before = new LearnedFlows();
  const told = { infoHash, from: 'udp-tracker' } as const;
  before.learn({ ...told, client: '192.168.1.5', endpoints }, 1_000);
  before.learn({ ...told, client: '192.168.1.6', endpoints: endpoints.slice(0, 1) }, 1_000);
  const text = encodeSwarms(before.swarms(1_000), 2_000);
  assert.ok(!text.includes('192.168.'));
  const swarms = decodeSwarms(text, 3_000);
  assert.deepEqual(
    swarms.map((s) => [s.infoHash, s.endpoints.toSorted((a, b) => a.port - b.port)]),
    [[infoHash, endpoints]],
  );
});

test('peers that speak Qvod are known for such after a restart, beside BitTorrent’s of the same name', () => {
  const before = new LearnedFlows();
  const [one, other] = endpoints.map((endpoint) => [endpoint]);
  assert.ok(one && other);
  before.learn({ client: '192.168.1.5', infoHash, endpoints: one, from: 'qvod-handshake' }, 1_000);
  before.learn({ client: '192.168.1.5', infoHash, endpoints: other, from: 'udp-tracker' }, 1_000);
  assert.deepEqual(decodeSwarms(encodeSwarms(before.swarms(1_000), 2_000), 3_000), [
    { infoHash, endpoints: one, isQvod: true },
    { infoHash, endpoints: other, isQvod: false },
  ]);
});

test('what is too old, from the future or not ours is forgotten', () => {
  const text = encodeSwarms([{ infoHash, endpoints, isQvod: false }], 10_000);
  assert.equal(decodeSwarms(text, 10_000 + LIMITS.steerForMs).length, 0);
  assert.equal(decodeSwarms(text, 9_999).length, 0);
  assert.deepEqual(decodeSwarms(undefined, 0), []);
  const odd = JSON.stringify({
    atMs: 1,
    swarms: [['zz', []], 7, [infoHash, [['1.2.3.4; drop', 1], ['1.2.3.4', 0], 5]]],
  });
  assert.deepEqual(decodeSwarms(odd, 2), [{ infoHash, endpoints: [], isQvod: false }]);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (any) => void decodeSwarms(any, 1)));
});
