import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { LIMITS } from './limits.ts';
import { Visits } from './visits.ts';

const idOf = (n: number): InfoHash => {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32BE(n);
  return infoHashOf(bytes);
};

function setUp(t: { after(end: () => void): void }) {
  const index = Index.open(':memory:', silentLog);
  t.after(() => index.close());
  const visits = new Visits(index);
  const come = (torrent: number, client: string, nowMs = 0): void => {
    index.putTask({ infoHash: idOf(torrent), addedAtMs: nowMs });
    visits.came(idOf(torrent), client, nowMs);
  };
  return { index, visits, come };
}

test('a client that dials again is no new one, until it has been away for long', (t) => {
  const { index, come } = setUp(t);
  const clients = (): number | undefined => index.heats.of(idOf(1), 0)?.clients;
  for (const nowMs of [0, 1_000, LIMITS.visitMs]) come(1, 'a', nowMs);
  assert.equal(clients(), 1);
  come(1, 'a', 3 * LIMITS.visitMs);
  come(1, 'b', 3 * LIMITS.visitMs);
  assert.equal(clients(), 3);
});

test('what this LAN asks for teaches what to expect, and a restart forgets nothing of it', (t) => {
  const { index, visits, come } = setUp(t);
  for (let torrent = 0; torrent < 100; torrent++) for (const client of ['a', 'b', 'c']) come(torrent, client);
  const odds = visits.another(idOf(1), 0);
  assert.ok(visits.another(idOf(1), 0) < 0.1, 'nothing here had a fourth');
  come(200, 'a');
  assert.ok(visits.another(idOf(200), 0) > 0.9, 'everything here had a second');
  visits.keep();
  assert.equal(new Visits(index).another(idOf(1), 0), odds);
});

test('of those that announce, the share that comes', (t) => {
  const { visits, come } = setUp(t);
  const before = visits.through;
  for (let i = 0; i < 50; i++) {
    visits.announced(idOf(1), `${i}`, 0);
    come(1, `${i}`);
    visits.announced(idOf(1), `${i}`, 30 * 60_000);
  }
  assert.ok(
    visits.through > before && visits.through > 0.9,
    'who announces again while it is here is waited for no more',
  );
});
