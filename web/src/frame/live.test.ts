import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyBox } from '#admin/fixtures.ts';
import { Live, type LiveSocket, parseSnapshot, waitMs } from './live.ts';
import type { PageEvent } from './page-state.ts';

/** A browser whose time the test turns. */
function fakeBrowser() {
  const sockets: (LiveSocket & { closed: boolean })[] = [];
  const timers = new Set<{ atMs: number; act: () => void }>();
  const told: PageEvent[] = [];
  let ms = 0;
  const live = new Live(
    {
      dial() {
        const socket = {
          onmessage: null,
          onclose: null,
          closed: false,
          close() {
            this.closed = true;
          },
        };
        sockets.push(socket);
        return socket;
      },
      history: async () => [[1, 2, 3]],
      after(delay, act) {
        const timer = { atMs: ms + delay, act };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      nowMs: () => ms,
      random: () => 0.5,
    },
    (event) => told.push(event),
  );
  const pass = (by: number) => {
    ms += by;
    for (const timer of [...timers])
      if (timer.atMs <= ms) {
        timers.delete(timer);
        timer.act();
      }
  };
  const speak = () => sockets.at(-1)?.onmessage?.({ data: JSON.stringify(emptyBox()) });
  return { live, sockets, timers, told, pass, speak, kinds: () => told.map((e) => e.kind) };
}

test('the first word brings the history, once', async () => {
  const browser = fakeBrowser();
  browser.live.dial();
  browser.speak();
  browser.speak();
  await new Promise(setImmediate);
  assert.deepEqual(browser.kinds(), ['dialling', 'snapshot', 'snapshot', 'history']);
});

test('a lost socket is dialled again, ever later, and at once after it worked', () => {
  const browser = fakeBrowser();
  browser.live.dial();
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    browser.sockets.at(-1)?.onclose?.();
    const lost = browser.told.at(-1);
    assert.ok(lost?.kind === 'lost');
    waits.push(lost.retryAtMs - lost.atMs);
    browser.pass(waits.at(-1) ?? 0);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  assert.equal(browser.sockets.length, 8);
  browser.speak();
  browser.sockets.at(-1)?.onclose?.();
  const lost = browser.told.at(-1);
  assert.equal(lost?.kind === 'lost' && lost.retryAtMs - lost.atMs, 1000);
});

test('a silent socket is lost, and what it says later is not heard', () => {
  const browser = fakeBrowser();
  browser.live.dial();
  browser.speak();
  browser.pass(5000);
  assert.equal(browser.kinds().at(-1), 'snapshot');
  browser.pass(1000);
  assert.equal(browser.kinds().at(-1), 'lost');
  assert.ok(browser.sockets[0]?.closed);
  browser.speak();
  assert.equal(browser.kinds().at(-1), 'lost');
});

test('a try by hand replaces the waiting one, and stopping leaves nothing', () => {
  const browser = fakeBrowser();
  browser.live.dial();
  browser.sockets[0]?.onclose?.();
  browser.live.dial();
  assert.equal(browser.timers.size, 1);
  browser.live.stop();
  assert.equal(browser.timers.size, 0);
  assert.ok(browser.sockets.at(-1)?.closed);
  assert.equal(browser.live.busy, false);
});

test('waits are bounded and spread', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const ms = waitMs(attempt, random);
      return ms >= 750 && ms <= 25_000;
    }),
  );
});

test('what is no snapshot is not taken for one', () => {
  for (const data of ['', 'null', '[]', '{}', '{"nowMs":1}', undefined]) assert.equal(parseSnapshot(data), undefined);
  assert.equal(parseSnapshot(JSON.stringify(emptyBox()))?.version, '0.1.0');
});
