import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AddressSettings } from '#machine/address-settings.ts';
import type { Adoption } from '#machine/disk-desk.ts';
import type { AddressChanged } from '#machine/own-address.ts';
import { startAdmin } from '../fixtures.ts';
import type { AuditEntry, Doors } from '../route.ts';
import { type MachineWorld, machineRoutes } from './machine-routes.ts';

const asker =
  (right: 'look' | 'operate' | 'administer'): Doors['asker'] =>
  ({ address, via }) => ({ kind: 'token', name: 'script', right, address, via });

/** A machine that plays, and what was asked of it. */
async function bench(t: TestContext, right: 'look' | 'operate' | 'administer', over: Partial<MachineWorld> = {}) {
  const asked: unknown[] = [];
  const audited: Pick<AuditEntry, 'what' | 'detail' | 'outcome'>[] = [];
  const address = {
    canChange: true,
    settings: { kind: 'dhcp' as const },
    addresses: ['192.0.2.9/24'],
    hostName: 'box',
    unconfirmed: { token: 'secret', untilMs: 5, addresses: ['192.0.2.9'] },
  };
  const changed = async (what: unknown): Promise<AddressChanged> => {
    asked.push(what);
    return { kind: 'done' };
  };
  const world: MachineWorld = {
    bridge: 'br0',
    ports: async () => [
      { name: 'enp1s0', mac: '', link: 'up', role: 'lan', addresses: [], canBlink: true, rxBytes: 0, txBytes: 0 },
    ],
    blink: async (name, seconds) => {
      asked.push([name, seconds]);
      return { kind: 'blinks' };
    },
    disks: {
      candidates: async () => [],
      adopt: async (wish: Adoption) => {
        asked.push(wish);
        return wish.typed === undefined
          ? { kind: 'declined', why: 'typed-wrong', text: 'Type it.' }
          : { kind: 'adopted', path: '/srv/a', piecesFound: false };
      },
      remove: async () => ({ kind: 'declined', why: 'conflict', text: 'It is the only disk.' }),
    },
    drains: {
      views: async () => [],
      drain: async (path) => (path === '/a' ? { path, movedBytes: 0, leftBytes: 1, state: 'draining' } : undefined),
      undrain: async (path) => path === '/a',
    },
    address: {
      view: async () => address,
      change: async (settings: AddressSettings) =>
        settings.kind === 'static'
          ? { kind: 'invalid', fields: [{ path: 'addresses.0', code: 'conflict' }] }
          : changed(settings),
      confirm: (token: string) => changed(token),
      revert: async () => ({ kind: 'stale', text: 'Nothing waits.' }),
    },
    zone: {
      view: async () => ({ zone: 'UTC', zones: ['UTC'], canChange: true }),
      change: async (zone) => (zone === 'UTC' ? { kind: 'done' } : { kind: 'invalid', text: 'There is none.' }),
    },
    restarts: { view: { daemon: true, machine: false }, restart: (what) => what === 'daemon' },
    updates: {
      view: async () => ({ canUpdate: true, version: '1', slots: [], needsReboot: false }),
      receive: async (from, totalBytes) => {
        let bytes = 0;
        for await (const chunk of from) bytes += chunk.length;
        asked.push([bytes, totalBytes]);
        return { kind: 'done' };
      },
      receiveFrom: async (url) => {
        asked.push(url);
        return { kind: 'done' };
      },
      install: async (allowOlder) =>
        allowOlder ? { kind: 'done' } : { kind: 'declined', why: 'conflict', text: 'It is older.' },
      discard: async () => ({ kind: 'done' }),
      rollBack: async () => ({ kind: 'declined', why: 'failed', text: 'The other slot is empty.' }),
    },
    ...over,
  };
  const { url, close } = await startAdmin({
    routes: machineRoutes(world),
    doors: {
      asker: asker(right),
      csrfHolds: () => true,
      mayStay: () => true,
      audit: ({ what, detail, outcome }) => void audited.push({ what, detail, outcome }),
    },
  });
  t.after(close);
  const ask = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const sent =
      body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { method, headers: { 'content-type': type }, ...sent });
    const json = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, why: json.why, json };
  };
  return { ask, asked, audited };
}

test('who may look sees the machine, and changes nothing of it', async (t) => {
  const { ask, asked, audited } = await bench(t, 'look');
  for (const path of ['ports', 'disks/drains', 'network', 'time', 'restart', 'update'])
    assert.equal((await ask('GET', `/api/${path}`)).status, 200, path);
  assert.equal((await ask('GET', '/api/disks/candidates')).status, 403, 'what is on a disk is not for everybody');
  const { json } = await ask('GET', '/api/network');
  assert.deepEqual(json.unconfirmed, { token: '', untilMs: 5, addresses: ['192.0.2.9'] });
  for (const [method, path, body] of [
    ['POST', 'ports/enp1s0/blink', { seconds: 5 }],
    ['POST', 'disks', { path: '/srv' }],
    ['POST', 'disks/drain', { path: '/a' }],
    ['POST', 'disks/remove', { path: '/a' }],
    ['PUT', 'network', { address: { kind: 'none' } }],
    ['POST', 'network/confirm', { token: 'secret' }],
    ['PUT', 'time', { zone: 'UTC' }],
    ['POST', 'restart', { what: 'daemon' }],
    ['POST', 'update/install', {}],
  ] as const)
    assert.equal((await ask(method, `/api/${path}`, body)).status, 403, path);
  assert.equal((await ask('POST', '/api/update/bundle', Buffer.from('x'), 'application/octet-stream')).status, 403);
  assert.deepEqual(asked, []);
  assert.ok(audited.every(({ outcome }) => outcome === 'refused'));
});

test('a lamp blinks for whoever operates, at a port that is there', async (t) => {
  const { ask, asked } = await bench(t, 'operate');
  assert.equal((await ask('POST', '/api/ports/enp1s0/blink', { seconds: 5 })).status, 200);
  assert.equal((await ask('POST', '/api/ports/--help/blink', { seconds: 5 })).status, 404);
  assert.equal((await ask('POST', '/api/ports/enp1s0/blink', { seconds: 600 })).status, 422);
  assert.deepEqual(asked, [['enp1s0', 5]]);
  const mute = await bench(t, 'operate', { blink: async () => ({ kind: 'cannot', why: 'ethtool: no' }) });
  assert.equal((await mute.ask('POST', '/api/ports/enp1s0/blink', { seconds: 5 })).why, 'not-available');
  assert.equal((await ask('POST', '/api/disks', { path: '/srv' })).status, 403, 'adopting is for administrators');
});

test('disks are adopted, drained and removed, and it is written down', async (t) => {
  const { ask, asked, audited } = await bench(t, 'administer');
  const wish = { device: '/dev/sdb1', format: true, typed: '/dev/sdb1' };
  assert.deepEqual((await ask('POST', '/api/disks', wish)).json, { path: '/srv/a', piecesFound: false });
  assert.deepEqual(
    [(await ask('POST', '/api/disks', { device: '/dev/sdb1', format: true })).why, asked.length],
    ['typed-wrong', 2],
  );
  for (const wrong of [{ device: '/etc/passwd' }, { device: '/dev/sdb1; rm' }, { path: 'srv' }, { device: 1 }])
    assert.equal((await ask('POST', '/api/disks', wrong)).status, 422, JSON.stringify(wrong));
  assert.equal((await ask('POST', '/api/disks/drain', { path: '/a' })).json.state, 'draining');
  assert.equal((await ask('POST', '/api/disks/drain', { path: '/b' })).status, 404);
  assert.equal((await ask('POST', '/api/disks/undrain', { path: '/a' })).status, 200);
  assert.equal((await ask('POST', '/api/disks/remove', { path: '/a' })).status, 409);
  assert.deepEqual(
    audited.map(({ what, outcome }) => `${what} ${outcome}`),
    [
      'disk-adopted done',
      'disk-adopted refused',
      'disk-drained done',
      'disk-drained refused',
      'disk-drained done',
      'disk-removed refused',
    ],
  );
  assert.deepEqual(audited[0]?.detail, { device: '/dev/sdb1', format: true });
});

test('the address, the zone and a restart', async (t) => {
  const { ask, asked, audited } = await bench(t, 'administer');
  assert.equal((await ask('PUT', '/api/network', { address: { kind: 'dhcp', vlan: 7 } })).status, 200);
  const fixed = { kind: 'static', addresses: ['224.0.0.1/8'], gateways: [], dns: [] };
  const refused = await ask('PUT', '/api/network', { address: fixed });
  assert.deepEqual([refused.status, refused.json.fields], [422, [{ path: 'address.addresses.0', code: 'conflict' }]]);
  assert.equal((await ask('POST', '/api/network/confirm', { token: 'secret' })).status, 200);
  assert.equal((await ask('POST', '/api/network/revert')).why, 'stale');
  assert.deepEqual(asked, [{ kind: 'dhcp', vlan: 7 }, 'secret']);
  assert.ok(!JSON.stringify(audited).includes('secret'));
  assert.equal(typeof (await ask('PUT', '/api/time', { zone: 'UTC' })).json.nowMs, 'number');
  assert.equal((await ask('PUT', '/api/time', { zone: 'Mars/Base' })).status, 422);
  assert.equal((await ask('POST', '/api/restart', { what: 'daemon' })).status, 200);
  assert.equal((await ask('POST', '/api/restart', { what: 'machine' })).why, 'not-available');
});

test('bundles, by body and by address', async (t) => {
  const { ask, asked, audited } = await bench(t, 'administer');
  const bundle = Buffer.alloc(300_000, 7);
  assert.equal((await ask('POST', '/api/update/bundle', bundle, 'application/octet-stream')).status, 200);
  assert.equal((await ask('POST', '/api/update/bundle', bundle, 'text/plain')).status, 415);
  const url = 'https://user:word@example.org/bundle?signature=1';
  assert.equal((await ask('POST', '/api/update/url', { url })).status, 200);
  assert.equal((await ask('POST', '/api/update/url', { url: 'file:///etc/passwd' })).status, 422);
  assert.equal((await ask('POST', '/api/update/install', {})).why, 'conflict');
  assert.equal((await ask('POST', '/api/update/install', { allowOlder: true })).status, 200);
  assert.equal((await ask('POST', '/api/update/roll-back')).why, 'failed');
  assert.deepEqual(asked, [[300_000, 300_000], url]);
  assert.deepEqual(audited[2]?.detail, { url: 'https://example.org/bundle' });
});
