import assert from 'node:assert/strict';
import { before, test } from 'node:test';

Object.assign(globalThis, { document: { documentElement: {} } });
const { frameWords } = await import('../../frame/frame-words.ts');
const { language } = await import('../../frame/words.ts');
const { systemWords } = await import('./words.ts');
const { saidDetail } = await import('./audit-detail.ts');

before(async () => {
  for (const one of ['en', 'zh-CN'] as const) await Promise.all([frameWords.load(one), systemWords.load(one)]);
});

test('what is said of an act is said in words, in both languages', () => {
  const made = { token: 'grafana', right: 'look', days: 0 };
  const acted = { action: 'limit', count: 1200, mbps: 2.5, first: 'ab12' };
  language.value = 'en';
  assert.deepEqual(saidDetail(made), ['token: grafana', 'right: May look', 'without end']);
  assert.deepEqual(saidDetail(acted), ['rate limited', 'torrents: 1,200', 'limit in Mbit/s: 2.5', 'the first: ab12']);
  language.value = 'zh-CN';
  assert.deepEqual(saidDetail(made).slice(0, 1), ['令牌: grafana']);
  assert.deepEqual(saidDetail({ what: 'machine' }), ['整机']);
});

test('what was not done is left out, but that guests may not look is the news', () => {
  language.value = 'en';
  assert.deepEqual(saidDetail({ account: 'li', password: true, removeTotp: false }), ['account: li', 'new password']);
  assert.deepEqual(saidDetail({ guestsMayLook: false }), ['guests may not look']);
});

test('what this page does not know stands as it was written, fit to be looked at', () => {
  assert.deepEqual(saidDetail({ 'new\u202efield': 'x\u202ey', constructor: 1 }), ['newfield: xy', 'constructor: 1']);
});
