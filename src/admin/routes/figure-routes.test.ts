import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { infoHashOf } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { ClientHistory } from '#stats/client-history.ts';
import { clientsNow } from '#stats/clients-view.ts';
import { MINUTE_MS, SECOND_MS, TestBox } from '#stats/fixtures.ts';
import type { ClientsView, Series } from '../contract-figures.ts';
import { doorsFor, startAdmin } from '../fixtures.ts';
import type { AuditEntry } from '../route.ts';
import { figureRoutes } from './figure-routes.ts';

const NOON = Date.UTC(2026, 5, 15, 12);
const FILM = infoHashOf(Buffer.alloc(20, 1));

/** The routes over real figures, a real index and real HTTP. */
async function setUp(t: TestContext, right?: 'look' | 'operate' | 'administer', historyOn = true) {
  const box = new TestBox(NOON, Index.open(':memory:', silentLog));
  const history = new ClientHistory(
    { enabled: historyOn, keepDays: 3 },
    { nowMs: () => box.nowMs, rows: box.index.clientDays, nameOf: () => '电影' },
  );
  const connections = [
    { address: '10.0.0.7', infoHash: FILM, name: 'aria2/1.37', rateBytesPerS: 1, servedBytes: 2, sinceMs: NOON },
  ];
  const audited: AuditEntry[] = [];
  const { url, close } = await startAdmin({
    routes: figureRoutes({
      worth: () => box.stats.worth(),
      series: (span) => box.stats.series(span),
      balance: () => box.stats.balance(),
      clients: () => ({ ...clientsNow(connections, history.isOn), history: history.view }),
      clientHistory: (address) => history.of(address),
      forgetClients: (address) => history.forget(address),
      metrics: () => '# HELP a b\n# TYPE a gauge\na 1\n',
    }),
    doors: {
      ...doorsFor(right),
      ...(right && { asker: ({ address, via }) => ({ kind: 'token', name: 'script', right, address, via }) }),
      audit: (row) => audited.push(row),
    },
  });
  t.after(async () => {
    await close();
    box.index.close();
  });
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`${url}${path}`, { method });
    const text = await answer.text();
    return { status: answer.status, type: answer.headers.get('content-type'), text, json: () => JSON.parse(text) };
  };
  return { box, history, audited, ask };
}

test('what the box is worth, over which time, and whether it adds up, is told to whoever may look', async (t) => {
  const { box, ask } = await setUp(t, 'look');
  for (let i = 0; i < 90; i++) box.pass(SECOND_MS, { served: 100, fresh: 25, filled: 50, wanRx: 50, lanTx: 104 });
  assert.equal((await ask('/api/worth')).json().hitRateToday, 0.75);
  const series = (await ask('/api/series?span=minutes')).json() as Series;
  assert.deepEqual(series.served.slice(-3), [100, 100, null]);
  for (const span of ['day', 'month', 'year']) {
    const { status, json } = await ask(`/api/series?span=${span}`);
    const columns = json() as Series;
    assert.equal(status, 200);
    for (const column of Object.values(columns).filter(Array.isArray))
      assert.equal(column.length, columns.atMs.length, span);
  }
  const balance = (await ask('/api/balance')).json();
  assert.deepEqual([balance.residualBytes, balance.isWhole], [90 * 4, true]);
  const metrics = await ask('/metrics');
  assert.deepEqual(
    [metrics.type, metrics.text],
    ['text/plain; version=0.0.4; charset=utf-8', '# HELP a b\n# TYPE a gauge\na 1\n'],
  );
  for (const wrong of ['/api/series', '/api/series?span=ever', '/api/series?span=day&span=day'])
    assert.ok([400, 422].includes((await ask(wrong)).status), wrong);
});

test('who may not look is told nothing', async (t) => {
  const { ask } = await setUp(t);
  for (const path of ['/api/worth', '/api/series?span=day', '/api/balance', '/metrics', '/api/clients'])
    assert.equal((await ask(path)).status, 401, path);
});

test('clients are told of together, and each only where the history is on', async (t) => {
  const on = (await (await setUp(t, 'look')).ask('/api/clients')).json() as ClientsView;
  assert.deepEqual(
    [on.connected, on.rows?.[0]?.address, on.programs],
    [1, '10.0.0.7', [{ name: 'aria2', connections: 1 }]],
  );
  const off = await (await setUp(t, 'look', false)).ask('/api/clients');
  assert.deepEqual([(off.json() as ClientsView).connected, off.text.includes('10.0.0.7')], [1, false]);
});

test('what one machine did is told to who may act, and forgotten by who administers', async (t) => {
  const look = await setUp(t, 'look');
  assert.equal((await look.ask('/api/clients/history?address=10.0.0.7')).status, 403);
  const { box, history, audited, ask } = await setUp(t, 'administer');
  history.note('10.0.0.7', FILM, 5);
  history.note('fd00::1', FILM, 6);
  box.nowMs += MINUTE_MS;
  history.write();
  const { torrents } = (await ask('/api/clients/history?address=fd00:0:0::1')).json();
  assert.deepEqual(torrents, [{ infoHash: FILM, name: '电影', servedBytes: 6, lastAtMs: NOON }]);
  assert.equal((await ask('/api/clients/history?address=nobody')).status, 422);
  assert.equal((await ask('/api/clients/history?address=nobody', 'DELETE')).status, 422);
  assert.equal(box.index.clientDays.size, 2, 'a slip of the pen forgets nobody');
  assert.equal((await ask('/api/clients/history?address=fd00::1', 'DELETE')).status, 200);
  assert.deepEqual([box.index.clientDays.size, history.of('10.0.0.7').days.length], [1, 1]);
  assert.equal((await ask('/api/clients/history', 'DELETE')).status, 200);
  assert.equal(box.index.clientDays.size, 0);
  assert.deepEqual(
    audited.filter(({ outcome }) => outcome === 'done').map(({ what, detail }) => [what, detail]),
    [
      ['clients-forgotten', { all: false }],
      ['clients-forgotten', { all: true }],
    ],
  );
});
