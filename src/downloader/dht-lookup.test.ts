import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KrpcNode } from '#wire/krpc.ts';
import { DHT_LIMITS } from './dht-limits.ts';
import { DhtLookup } from './dht-lookup.ts';
import { DhtTable, nearer, sharedBits } from './dht-table.ts';

const idOf = (n: number): Buffer => createHash('sha1').update(`node ${n}`).digest();
const node = (n: number): KrpcNode => ({ id: idOf(n), endpoint: { ip: `203.0.${n >> 8}.${n & 255}`, port: 6881 } });
const target = createHash('sha1').update('torrent').digest();
const nearest = (nodes: readonly KrpcNode[], to: Buffer, count: number): KrpcNode[] =>
  [...nodes].sort((a, b) => nearer(to, a.id, b.id)).slice(0, count);

/** Runs a lookup among nodes that each know `answer`; how many were asked. */
function run(lookup: DhtLookup, answer: (asked: KrpcNode) => readonly KrpcNode[] | undefined): KrpcNode[] {
  const asked: KrpcNode[] = [];
  while (!lookup.over) {
    const now = lookup.next();
    assert.ok(now.length <= DHT_LIMITS.atOnce);
    for (const one of now) {
      asked.push(one);
      const nodes = answer(one);
      if (nodes) lookup.answered(one, nodes);
      else lookup.silent(one);
    }
  }
  return asked;
}

test('a lookup reaches the nodes that are nearest to the target, whoever it begins with', () => {
  const all = Array.from({ length: 600 }, (_, n) => node(n));
  // As Kademlia has it: a node knows a few of each distance from itself, so it knows all its neighbours.
  const tables = new Map(all.map((one) => [one.endpoint.ip, new DhtTable(one.id)]));
  for (const table of tables.values()) for (const other of all) table.answered(other);
  fc.assert(
    fc.property(fc.nat(599), fc.nat(1_000), (begin, seed) => {
      const wanted = createHash('sha1').update(`torrent ${seed}`).digest();
      const lookup = new DhtLookup(wanted, [node(begin)]);
      const asked = run(lookup, ({ endpoint }) => tables.get(endpoint.ip)?.nearest(wanted, 8));
      const reached = new Set(asked.map(({ endpoint }) => endpoint.ip));
      for (const { endpoint } of nearest(all, wanted, 4)) assert.ok(reached.has(endpoint.ip), endpoint.ip);
      assert.ok(asked.length < 60, `${asked.length} queries`);
    }),
    { numRuns: 50 },
  );
});

test('silent nodes are passed over, and a lookup without anybody ends', () => {
  const others = Array.from({ length: 20 }, (_, n) => node(n));
  const asked = run(new DhtLookup(target, others), (one) => (one.endpoint.port === 6881 ? undefined : []));
  assert.equal(asked.length, 20);
  assert.equal(new DhtLookup(target, []).over, true);
});

test('nodes that name ever nearer ones are asked a bounded number of times, and one address counts once', () => {
  let n = 0;
  const lie = (): KrpcNode[] =>
    Array.from({ length: 8 }, () => {
      n++;
      const id = Buffer.from(target);
      id.writeUInt32BE(0xffff_ffff - n, 16);
      return { id, endpoint: { ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 1 } };
    });
  assert.ok(run(new DhtLookup(target, lie()), lie).length <= DHT_LIMITS.queries);
  const same = (): KrpcNode[] => lie().map((one, i) => ({ id: one.id, endpoint: { ip: '10.0.0.1', port: i + 1 } }));
  assert.equal(run(new DhtLookup(target, same()), same).length, 1);
});

test('a table holds few far nodes and many near ones, one for each address, and forgets the silent', () => {
  const table = new DhtTable(target);
  const all = Array.from({ length: 2_000 }, (_, n) => node(n));
  for (const one of all) table.answered(one);
  assert.ok(table.size <= DHT_LIMITS.tableNodes);
  for (let bits = 0; bits < 6; bits++)
    assert.equal(
      table.all().filter(({ id }) => sharedBits(target, id) === bits).length,
      DHT_LIMITS.bucketNodes,
      `${bits}`,
    );
  assert.deepEqual(table.nearest(target, 3), nearest(all, target, 3));
  const [first] = table.nearest(target, 1) as [KrpcNode];
  const before = table.size;
  for (let i = 0; i < DHT_LIMITS.failures; i++) table.silent(first);
  assert.equal(table.size, before - 1);
  assert.notDeepEqual(table.nearest(target, 1), [first]);
});

test('shared bits are counted from the first', () => {
  assert.equal(sharedBits(target, target), 160);
  for (let bit = 0; bit < 160; bit++) {
    const other = Buffer.from(target);
    other[bit >> 3] = (other[bit >> 3] as number) ^ (0x80 >> (bit & 7));
    assert.equal(sharedBits(target, other), bit);
  }
});
