import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAria2Line } from './clients/aria2.ts';
import { readJsonLine } from './clients/client.ts';
import { progressText } from './progress-line.ts';
import { type Findings, jsonLine, succeeded, table } from './report.ts';
import { readSettings, SettingError } from './settings.ts';

const good: Findings = {
  sizeBytes: 100_000_000,
  results: [
    { phase: 'direct', pc: 1, client: 'libtorrent', seconds: 100, sha1ok: true },
    { phase: 'cold', pc: 1, client: 'libtorrent', seconds: 80, sha1ok: true },
    { phase: 'warm', pc: 2, client: 'transmission', seconds: 4, sha1ok: true },
    { phase: 'warm', pc: 3, client: 'aria2', seconds: 6, sha1ok: true },
  ],
  wanBytes: 105_000_000,
  lanBytes: 310_000_000,
  pcs: 3,
  passOk: true,
  troubles: [],
};

test('the JSON line has its fields in order, warm as total bytes over total seconds', () => {
  const line = JSON.parse(jsonLine(good)) as Record<string, unknown>;
  const fields = 'directMBps coldMBps warmMBps sizeBytes wanBytes lanBytes pcs sha1ok passOk'.split(' ');
  assert.deepEqual(Object.keys(line).slice(0, 9), fields);
  assert.deepEqual([line.directMBps, line.coldMBps, line.warmMBps], [1, 1.25, 20]);
  assert.doesNotMatch(jsonLine(good), /\n/);
  assert.match(table(good), /warm +PC 3 +aria2 +6\.0 +16\.67 +16\.67 x +same/);
});

test('a run is a success only with every phase, every hash and the other traffic', () => {
  assert.ok(succeeded(good));
  assert.ok(!succeeded({ ...good, passOk: false }));
  assert.ok(!succeeded({ ...good, troubles: ['x'] }));
  assert.ok(!succeeded({ ...good, results: good.results.slice(0, 3) }), 'PC 3 is missing');
  assert.ok(!succeeded({ ...good, results: good.results.map((r) => ({ ...r, sha1ok: r.pc !== 3 })) }));
  assert.equal((JSON.parse(jsonLine({ ...good, results: [] })) as { warmMBps: number }).warmMBps, 0);
});

test('settings: defaults, lists, and a plain word about what is wrong', () => {
  const d = readSettings({});
  assert.deepEqual([d.prefix, d.wanMbit, d.once, d.clients.length], ['swarmbox-', 10, false, 3]);
  assert.deepEqual(readSettings({ PCS: '3', CLIENTS: 'aria2,libtorrent' }).clients, ['aria2', 'libtorrent', 'aria2']);
  assert.equal(readSettings({ CLIENTS: 'aria2' }).clients.length, 1);
  for (const wrong of [
    { PCS: '0' },
    { WAN_MBIT: 'fast' },
    { CLIENTS: 'utorrent' },
    { ONCE: 'maybe' },
    { CAFE_PREFIX: 'a/b-' },
  ])
    assert.throws(() => readSettings(wrong), SettingError, JSON.stringify(wrong));
});

test('what aria2 prints is understood, and its metadata is not taken for the files', () => {
  const line = '[#2089b0 400.0KiB/33.2MiB(1%) CN:1 SD:1 DL:115.7KiB UL:2KiB(3KiB) ETA:4m51s]';
  assert.deepEqual(readAria2Line(line), { kind: 'progress', fraction: 0.01, rateBytesPerS: 115.7 * 1024 });
  assert.equal(readAria2Line('11/22 17:00:00 [NOTICE] Download complete: [METADATA]cafe'), undefined);
  assert.deepEqual(readAria2Line('11/22 17:00:00 [NOTICE] Download complete: /tmp/x'), { kind: 'done' });
});

test('what a driver prints is understood, and anything else ignored', () => {
  assert.deepEqual(readJsonLine('{"event":"progress","fraction":0.5,"rate":7}'), {
    kind: 'progress',
    fraction: 0.5,
    rateBytesPerS: 7,
  });
  for (const noise of ['', 'ready', '{', '{"event":"progress"}', '{"event":1}', '[]'])
    assert.equal(readJsonLine(noise), undefined);
});

test('the progress line shows phase, percent and rate', () => {
  const text = progressText('cold PC 1', { fraction: 0.5, rateBytesPerS: 1_250_000 }, 61.4);
  assert.match(text, /^cold PC 1 {2}\[#{12}\.{12}\] {2}50 % +1\.25 MB\/s {2}61 s$/);
});
