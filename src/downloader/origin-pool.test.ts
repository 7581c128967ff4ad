import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOWNLOAD_LIMITS } from './limits.ts';
import { OriginPool, type OriginSource } from './origin-pool.ts';

const endpoint = { ip: '2001:db8::1', port: 6881 };
const as = { ip: '2001:db8:77::101', port: 50_000 };
const later = { ...as, port: 50_001 };

function poolOf(...sources: OriginSource[]): OriginPool {
  const pool = new OriginPool(DOWNLOAD_LIMITS, () => 0.5);
  for (const source of sources) pool.add(source, 0);
  return pool;
}
const dialled = (pool: OriginPool, nowMs: number) => {
  const origin = pool.due(nowMs);
  if (origin) pool.on(origin, { kind: 'dial' }, nowMs);
  return origin;
};

test('an origin is dialled in the name of the latest client, whoever else tells of it', () => {
  assert.deepEqual(poolOf({ endpoint }).due(0)?.source, { endpoint });
  assert.deepEqual(poolOf({ endpoint, as }, { endpoint }).due(0)?.source, { endpoint, as });
  assert.deepEqual(poolOf({ endpoint, as }, { endpoint, as: later }, { endpoint }).due(0)?.source.as, later);
});

test('an origin that places pieces is told of them, whoever else tells of it', () => {
  assert.deepEqual(poolOf({ endpoint, places: true }, { endpoint, as }).due(0)?.source, { endpoint, places: true, as });
  assert.deepEqual(poolOf({ endpoint }, { endpoint, places: true }).due(0)?.source, { endpoint, places: true });
});

test("what the box's own address could not reach is dialled at once in a client's name", () => {
  const pool = poolOf({ endpoint });
  const origin = dialled(pool, 0);
  assert.ok(origin);
  for (let failures = 0; failures < 4; failures++) {
    pool.on(origin, { kind: 'ended', useful: false }, 0);
    pool.on(origin, { kind: 'dial' }, 0);
  }
  pool.on(origin, { kind: 'ended', useful: false }, 0);
  assert.equal(dialled(pool, 1), undefined, 'it waits');
  pool.add({ endpoint, as }, 1);
  assert.deepEqual(dialled(pool, 1)?.source.as, as);
  pool.on(origin, { kind: 'ended', useful: false }, 1);
  pool.add({ endpoint, as: later }, 1);
  assert.equal(dialled(pool, 1), undefined, 'another name is nothing new');
});

test('a banned origin stays banned, and a dial under way is not disturbed', () => {
  const pool = poolOf({ endpoint });
  const origin = dialled(pool, 0);
  assert.ok(origin);
  pool.add({ endpoint, as }, 0);
  assert.equal(origin.state.kind, 'dialling');
  assert.equal(pool.live, 1);
  pool.on(origin, { kind: 'ban' }, 0);
  pool.add({ endpoint, as: later }, 0);
  assert.equal(origin.state.kind, 'banned');
  assert.equal(dialled(pool, 1_000_000), undefined);
});

test('a client that greets in the dialect of Qvod is not forgotten for one that does not', () => {
  const qvodHello = Buffer.alloc(68);
  const pool = poolOf({ endpoint, as, qvodHello }, { endpoint }, { endpoint, as: later });
  const origin = pool.due(0);
  assert.deepEqual([origin?.source.as, origin?.speech], [as, 'qvod']);
});
