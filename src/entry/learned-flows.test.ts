import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { hash } from './fixtures.ts';
import { ANYONE, LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';

const at = (n: number) => ({ ip: `203.0.${n >> 8}.${n & 255}`, port: 6881 });
const infoHash = infoHashOf(hash);
const client = '192.168.1.5';
const hashOf = (n: number): InfoHash => n.toString(16).padStart(40, '0') as InfoHash;
const opens = (flows: LearnedFlows, of: InfoHash): boolean =>
  flows.skeys.find(createHash('sha1').update('req2').update(infoHashBytes(of)).digest()) === of;

test('a learned flow is found until its time is over, and its torrent opens encrypted handshakes', () => {
  const flows = new LearnedFlows();
  const first = { client, endpoints: [at(1)], infoHash, from: 'dht' } as const;
  assert.deepEqual(flows.learn(first, 0), [at(1)]);
  assert.deepEqual(flows.learn(first, 0), [], 'said once');
  assert.deepEqual(flows.find(client, at(1), 0), { client, endpoint: at(1), infoHash, from: 'dht', atMs: 0 });
  assert.equal(flows.find('192.168.1.6', at(1), 0), undefined);
  assert.equal(flows.find(client, at(1), LIMITS.steerForMs), undefined);
  assert.ok(opens(flows, infoHash));
});

test('what the box found holds for everybody, and a client\u2019s own knowledge goes first', () => {
  const flows = new LearnedFlows();
  flows.learn({ client: ANYONE, endpoints: [at(1)], infoHash, from: 'box-tracker' }, 0);
  assert.equal(flows.find(client, at(1), 1)?.from, 'box-tracker');
  flows.learn({ client, endpoints: [at(1)], infoHash: hashOf(1), from: 'udp-tracker' }, 1);
  assert.equal(flows.find(client, at(1), 1)?.infoHash, hashOf(1));
  assert.equal(flows.find('192.168.1.6', at(1), 1)?.infoHash, infoHash);
});

test('strangers\u2019 torrents are bounded and never push out those that the box holds', () => {
  const flows = new LearnedFlows();
  flows.holds(infoHash);
  const many = LIMITS.skeys + 1_000;
  for (let n = 0; n < many; n++) flows.takesPart(hashOf(n));
  flows.takesPart(infoHash);
  for (let n = 0; n < many; n++) flows.takesPart(hashOf(n + 1_000_000));
  assert.ok(flows.skeys.size > LIMITS.skeys && flows.skeys.size <= LIMITS.skeys * 1.02 + 1, `${flows.skeys.size}`);
  assert.ok(opens(flows, infoHash));
  assert.ok(!opens(flows, hashOf(1)));
});
