import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import type { Right } from '../contract-common.ts';
import type { FleetDistributionDetail, FleetUpload } from '../contract-fleet.ts';
import { doorsFor, startAdmin } from '../fixtures.ts';
import type { AuditEntry } from '../route.ts';
import { RouteTable } from '../route-table.ts';
import { accessRoutes } from './access-routes.ts';
import { type FleetWorld, fleetLive, fleetRoutes } from './fleet-routes.ts';

const nobody = new Proxy({}, { get: () => nobody }) as never;
const UPLOAD: FleetUpload = { id: 'u', state: 'receiving', bytes: 3, receivedBytes: 3, file: 1, from: 0 };

/** A central that writes down what it is asked, for whoever has this right. */
async function central(right: Right | undefined, over: Partial<FleetWorld> = {}) {
  const asked: unknown[] = [];
  const audited: AuditEntry[] = [];
  const world: FleetWorld = {
    health: () => ({ ok: false, version: '1' }),
    snapshot: () => ({ nowMs: 1, nodes: { all: 2, online: 1 } }) as never,
    nodes: (since) => ({ rev: since ?? 0, isAll: since === undefined, nodes: [] }),
    node: () => undefined,
    distributions: (query) => ({ all: query.offset ?? 0, distributions: [] }),
    distribution: (id) =>
      id === 'd' || id === 'gone'
        ? ({ id, name: '补丁', state: id === 'd' ? 'open' : 'cancelled' } as FleetDistributionDetail)
        : undefined,
    targets: () => undefined,
    retry: (...all) => void asked.push(['retry', ...all]),
    cancel: (...all) => void asked.push(['cancel', ...all]),
    resume: (...all) => void asked.push(['resume', ...all]),
    diary: () => ({ rows: [], hasMore: false }),
    uploads: {
      view: () => ({ kind: 'ok', upload: UPLOAD }),
      begin: async (...all) => {
        asked.push(['begin', ...all]);
        return { kind: 'ok', upload: UPLOAD };
      },
      receive: async (id, file, from, bytes) => {
        let text = '';
        for await (const part of bytes) text += Buffer.from(part).toString();
        asked.push(['receive', id, file, from, text]);
        return { kind: 'ok', upload: UPLOAD };
      },
      publish: (...all) => {
        asked.push(['publish', ...all]);
        return { kind: 'ok', upload: { ...UPLOAD, state: 'reading' } };
      },
      drop: async () => ({ kind: 'declined', why: 'not-found', text: 'gone' }),
    },
    ...over,
  };
  const doors = { ...doorsFor(right), audit: (row: AuditEntry) => void audited.push(row) };
  const { url, close } = await startAdmin({ live: fleetLive(world, silentLog), doors });
  const ask = async (method: string, path: string, body?: unknown) => {
    const isRaw = typeof body === 'string';
    const answer = await fetch(url + path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': isRaw ? 'application/octet-stream' : 'application/json' },
        body: isRaw ? body : JSON.stringify(body),
      }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { asked, audited, ask, [Symbol.asyncDispose]: close };
}

test('a central has the routes of who may do what, and its own', () => {
  new RouteTable([...accessRoutes(nobody), ...fleetRoutes(nobody, nobody)]);
});

test('who may look looks; who may not is told to sign in', async () => {
  await using stranger = await central(undefined);
  await using looker = await central('look');
  const all = fleetRoutes(nobody, nobody).filter(({ name }) => name !== 'GET /api/health');
  for (const { name, needs } of all) {
    const [method = '', path = ''] = name.replaceAll(/\{\w+\}/g, 'd').split(' ');
    const at = method === 'PUT' ? `${path}?from=0` : path;
    assert.equal((await stranger.ask(method, at, method === 'PUT' ? '' : undefined)).body.why, 'not-signed-in', name);
    if (needs === 'look') assert.ok([200, 404].includes((await looker.ask(method, at)).status), name);
    else assert.equal((await looker.ask(method, at)).status, 401, name);
  }
  assert.deepEqual([stranger.asked, looker.asked], [[], []]);
  assert.deepEqual(await stranger.ask('GET', '/api/health'), { status: 503, body: { ok: false, version: '1' } });
});

test('who operates tries again, cancels, sends files and publishes, and that is written down', async () => {
  await using fleet = await central('operate');
  const { ask, asked, audited } = fleet;
  assert.equal((await ask('POST', '/api/fleet/distributions/d/retry', {})).status, 200);
  assert.equal((await ask('POST', '/api/fleet/distributions/d/retry', { node: 'pc-1' })).status, 200);
  assert.equal((await ask('POST', '/api/fleet/distributions/gone/retry', {})).body.why, 'conflict');
  assert.equal((await ask('POST', '/api/fleet/distributions/none/cancel')).status, 404);
  assert.equal((await ask('POST', '/api/fleet/distributions/d/cancel')).status, 200);
  const files = [{ path: '补丁/a', bytes: 3 }];
  assert.equal((await ask('POST', '/api/fleet/uploads', { name: '补丁', files })).status, 200);
  assert.equal((await ask('PUT', '/api/fleet/uploads/u/files/0?from=1', 'bytes')).status, 200);
  const orders = { sites: ['east'], window: { from: '01:00', until: '06:30' }, rateBytesPerS: 5_000_000, quorum: 0.5 };
  const published = await ask('POST', '/api/fleet/uploads/u/publish', { name: '补丁', kind: 'files', ...orders });
  assert.equal(published.body.state, 'reading');
  assert.deepEqual(asked, [
    ['retry', 'd', undefined],
    ['retry', 'd', 'pc-1'],
    ['cancel', 'd'],
    ['begin', '补丁', files],
    ['receive', 'u', 0, 1, 'bytes'],
    ['publish', 'u', { name: '补丁', kind: 'files' }, orders],
  ]);
  const rows = audited.map(({ what, outcome }) => `${what} ${outcome}`);
  assert.deepEqual(rows, [
    'fleet-retried done',
    'fleet-retried done',
    'fleet-retried refused',
    'fleet-cancelled refused',
    'fleet-cancelled done',
    'fleet-uploaded done',
    'fleet-published done',
  ]);
  assert.deepEqual(audited.at(-1)?.detail, { name: '补丁', sites: 'east' });
});

test('what is not as the contract has it reaches nobody', async () => {
  await using fleet = await central('administer');
  const { ask, asked } = fleet;
  const status = async (method: string, path: string, body?: unknown) => (await ask(method, path, body)).status;
  const publication = { name: 'x', kind: 'files' };
  assert.equal(await status('POST', '/api/fleet/uploads', { name: 'x', files: [] }), 422);
  assert.equal(await status('POST', '/api/fleet/uploads', { name: 'x', files: [{ path: 'a', bytes: -1 }] }), 422);
  assert.equal(await status('POST', '/api/fleet/uploads', { name: 'x', files: [{ path: 'a', bytes: 0.5 }] }), 422);
  assert.equal(await status('PUT', '/api/fleet/uploads/u/files/0', 'bytes'), 422);
  assert.equal((await ask('PUT', '/api/fleet/uploads/u/files/0?from=0', {})).body.why, 'wrong-type');
  for (const wrong of [
    { window: { from: '24:00', until: '06:00' } },
    { window: { from: '01:00' } },
    { sites: ['East!'] },
    { nodes: [] },
    { rateBytesPerS: 1 },
    { quorum: 2 },
    { waves: { shares: [], mostFailed: 0 } },
    { firmware: { compatible: 'x', version: '1' } },
    { kind: 'firmware' },
    { name: '' },
    { path: '/etc' },
  ])
    assert.equal(
      await status('POST', '/api/fleet/uploads/u/publish', { ...publication, ...wrong }),
      422,
      JSON.stringify(wrong),
    );
  assert.equal(await status('GET', '/api/fleet/nodes?since=x'), 422);
  assert.equal(await status('GET', '/api/fleet/distributions?limit=5000'), 422);
  assert.deepEqual(asked, []);
  const firmware = { name: 'x', kind: 'firmware', firmware: { compatible: 'box', version: '2' } };
  assert.equal(await status('POST', '/api/fleet/uploads/u/publish', firmware), 200);
  await using operator = await central('operate');
  assert.equal((await operator.ask('POST', '/api/fleet/uploads/u/publish', firmware)).body.why, 'not-allowed');
});
