import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyBox } from '#admin/fixtures.ts';
import { firstState, hitShare, next, type PageState } from './page-state.ts';

const at = (nowMs: number, wan = 1, lan = 2) =>
  emptyBox({ nowMs, wan: { rxBytesPerS: wan, txBytesPerS: 0 }, lan: { rxBytesPerS: 0, txBytesPerS: lan } });
const hear = (state: PageState, ...times: number[]) =>
  times.reduce((s, t) => next(s, { kind: 'snapshot', snapshot: at(t) }), state);

test('each snapshot is one sample; five minutes are kept', () => {
  const state = hear(firstState, ...Array.from({ length: 500 }, (_, i) => 1_000_000 + i * 1000));
  assert.equal(state.link.kind, 'live');
  assert.equal(state.samples.length, 301);
  assert.deepEqual(state.samples.at(-1), [1_499_000, 1, 2]);
  assert.equal(hear(state, 1_499_000).samples, state.samples);
});

test('a clock that was set back starts the chart anew', () => {
  assert.deepEqual(hear(firstState, 5000, 6000, 1000).samples, [[1000, 1, 2]]);
});

test('history fills in before what was heard live, without doubles', () => {
  const live = hear(firstState, 10_000, 11_000);
  const state = next(live, {
    kind: 'history',
    samples: [
      [9000, 7, 8],
      [10_000, 7, 8],
    ],
  });
  assert.deepEqual(state.samples, [
    [9000, 7, 8],
    [10_000, 7, 8],
    [11_000, 1, 2],
  ]);
});

test('figures stay while the link is lost, with the time of the first loss, until a new one comes', () => {
  const live = hear(firstState, 1000);
  const lost = next(live, { kind: 'lost', atMs: 50, retryAtMs: 60 });
  const dialling = next(lost, { kind: 'dialling' });
  const again = next(dialling, { kind: 'lost', atMs: 70, retryAtMs: 90 });
  assert.equal(again.snapshot, live.snapshot);
  assert.deepEqual(dialling.link, { kind: 'lost', sinceMs: 50 });
  assert.deepEqual(again.link, { kind: 'lost', sinceMs: 50, retryAtMs: 90 });
  assert.equal(hear(again, 2000).link.kind, 'live');
  assert.equal(next(firstState, { kind: 'dialling' }), firstState);
});

test('the hit share is what the WAN did not carry, of all that clients got', () => {
  const totals = { servedBytes: 90, filledBytes: 30, passedBytes: 10, savedBytes: 60 };
  assert.equal(hitShare(totals), 0.6);
  assert.equal(hitShare({ ...totals, servedBytes: 0, passedBytes: 0 }), undefined);
  assert.equal(hitShare({ ...totals, savedBytes: -5 }), 0);
});
