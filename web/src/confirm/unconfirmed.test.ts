import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConfirmEvent, type ConfirmState, leftS, linksOf, NOTHING_WAITS, nextConfirm } from './unconfirmed.ts';

const change = { token: 't', untilMs: 90_000, addresses: ['10.0.0.5'] };
const run = (...events: ConfirmEvent[]): ConfirmState => events.reduce(nextConfirm, NOTHING_WAITS);
const told: ConfirmEvent = { kind: 'told', matter: 'network', change };
const nothing: ConfirmEvent = { kind: 'told', matter: 'network', change: undefined };

test('a change waits, is confirmed and ends as kept', () => {
  assert.equal(run(told).kind, 'waiting');
  const kept = run(told, { kind: 'answer', wanted: 'keep' }, { kind: 'done' });
  assert.deepEqual(kept, { kind: 'ended', matter: 'network', how: 'kept' });
  assert.deepEqual(nextConfirm(kept, { kind: 'seen' }), NOTHING_WAITS);
  assert.deepEqual(run(told, { kind: 'answer', wanted: 'take-back' }, { kind: 'done' }), {
    kind: 'ended',
    matter: 'network',
    how: 'taken-back',
  });
});

test('the box was lost and says afterwards that nothing waits: it took itself back', () => {
  assert.deepEqual(run(told, { kind: 'silent' }, nothing), { kind: 'ended', matter: 'network', how: 'reverted' });
});

test('an answer that does not get through leaves it waiting', () => {
  const state = run(told, { kind: 'answer', wanted: 'keep' }, { kind: 'failed' });
  assert.equal(state.kind === 'waiting' && state.isSilent, true);
});

test('who is signed out meanwhile is no longer asked, and told anew at the next sign-in', () => {
  assert.deepEqual(run(told, { kind: 'barred' }), NOTHING_WAITS);
  assert.equal(run(told, { kind: 'barred' }, told).kind, 'waiting');
});

test('what is said of settings says nothing of the network', () => {
  assert.equal(run(told, { kind: 'told', matter: 'settings', change: undefined }).kind, 'waiting');
});

test('never is it called reverted once the person here has answered', () => {
  const event = fc.constantFrom<ConfirmEvent>(
    told,
    nothing,
    { kind: 'silent' },
    { kind: 'barred' },
    { kind: 'failed' },
    { kind: 'done' },
    { kind: 'seen' },
    { kind: 'answer', wanted: 'keep' },
  );
  fc.assert(
    fc.property(fc.array(event), (events) => {
      let before: ConfirmState = NOTHING_WAITS;
      for (const one of events) {
        const after = nextConfirm(before, one);
        if (after.kind === 'ended' && after.how === 'reverted' && before.kind !== 'ended')
          assert.equal(before.kind, 'waiting');
        before = after;
      }
    }),
  );
});

test('the count ends at nought', () => {
  assert.deepEqual(
    [90_000, 89_001, 1, 0, -5000].map((left) => leftS(left, 0)),
    [90, 90, 1, 0, 0],
  );
});

test('addresses become links with the port of this page, and nothing but web addresses does', () => {
  const here = { protocol: 'https:', port: '8443' };
  assert.deepEqual(linksOf(['10.0.0.5/24', '2001:db8::5', 'box.lan', '10.0.0.6:99', 'https://10.0.0.7/'], here), [
    'https://10.0.0.5:8443/',
    'https://[2001:db8::5]:8443/',
    'https://box.lan:8443/',
    'https://10.0.0.6:99/',
    'https://10.0.0.7/',
  ]);
  assert.deepEqual(linksOf(['javascript:alert(1)//', 'a b', '"><b>'], here), []);
  fc.assert(fc.property(fc.string(), (text) => linksOf([text], here).every((link) => /^https?:\/\//.test(link))));
});
