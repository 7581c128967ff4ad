import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KIB, MIB } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import { OfferWindow, windowSize } from './offer-window.ts';

const SIZE = { first: 8, most: 64 };
const PIECE = 100;

function offered(pieces: readonly number[], nowMs = 0): OfferWindow {
  const window = new OfferWindow(SIZE, nowMs);
  for (const piece of pieces) window.offered(piece, PIECE, nowMs);
  return window;
}

test('it begins with bytes enough for a fast line, and is never less than eight pieces', () => {
  assert.deepEqual(windowSize(16 * MIB, 256 * MIB), { first: 8, most: 8 });
  assert.deepEqual(windowSize(256 * KIB, 256 * MIB), { first: 32, most: 128 });
  assert.deepEqual(windowSize(256 * KIB, 8 * MIB), { first: 8, most: 16 });
});

test('it doubles for a client that looks only now and then what to ask for, and not beyond its bound', () => {
  const window = new OfferWindow({ first: 8, most: 20 }, 0);
  const taken: number[] = [];
  let next = 0;
  const fill = (nowMs: number): number[] => {
    const fresh = Array.from({ length: window.room }, () => next++);
    for (const piece of fresh) window.offered(piece, PIECE, nowMs);
    return fresh;
  };
  let offers = fill(0);
  for (let look = 1; look < 6; look++) {
    const nowMs = look * 1_000;
    taken.push(offers.length);
    const fresh: number[] = [];
    for (const piece of offers) {
      window.asked(piece, PIECE, nowMs);
      fresh.push(...fill(nowMs));
    }
    offers = fresh;
  }
  assert.equal(taken[0], 8);
  assert.ok((taken.at(-1) as number) > 16, `${taken}`);
  assert.ok(Math.max(...taken) <= 20, `${taken}`);
});

test('a client that asks as soon as it may, and one that waits for us, are not offered more', () => {
  const window = offered([0, 1, 2, 3, 4, 5, 6, 7]);
  let next = 8;
  for (let nowMs = 1; nowMs < 100; nowMs++) {
    window.asked(nowMs - 1, PIECE, nowMs);
    for (let room = window.room; room > 0; room--) window.offered(next++, PIECE, nowMs);
  }
  window.asked(99, PIECE / 2, 100);
  window.asked(99, PIECE / 2, 5_000);
  for (let piece = 100; piece < next; piece++) window.asked(piece, PIECE, 5_001);
  assert.equal(window.room, 8);
});

test('it is filled up again when half is given, whatever of it the client has confirmed', () => {
  const window = offered([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const piece of [0, 1, 2]) window.asked(piece, PIECE, 0);
  assert.equal(window.room, 0);
  window.asked(3, PIECE / 2, 0);
  assert.equal(window.room, 0, 'half of a piece is not a piece');
  window.asked(3, PIECE / 2, 0);
  assert.equal(window.room, 4);
  assert.ok(window.has(0), 'given, and not confirmed');
  window.prune((piece) => piece < 6);
  assert.ok(!window.has(0));
  assert.equal(window.room, 6, 'what the client got elsewhere makes room as well');
});

test('room and size are right and bounded, whatever happens', () => {
  const event = fc.record({
    kind: fc.constantFrom('offered', 'asked', 'prune'),
    piece: fc.nat(60),
    bytes: fc.integer({ min: 1, max: PIECE }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const window = new OfferWindow(SIZE, 0);
      const left = new Map<number, number>();
      for (const { kind, piece, bytes } of events) {
        if (kind === 'offered' && !window.has(piece) && window.room > 0) {
          window.offered(piece, PIECE, 0);
          left.set(piece, PIECE);
        } else if (kind === 'asked') {
          window.asked(piece, bytes, 0);
          if (left.has(piece)) left.set(piece, Math.max(0, (left.get(piece) ?? 0) - bytes));
        } else if (kind === 'prune') {
          window.prune((p) => p === piece);
          left.delete(piece);
        }
        const open = [...left.values()].filter((bytesLeft) => bytesLeft > 0).length;
        assert.equal(window.room, open > SIZE.first / 2 ? 0 : SIZE.first - open);
        assert.ok([...left.keys()].filter((p) => window.has(p)).length <= LIMITS.givenWindows * SIZE.most);
      }
    }),
  );
});

test('who takes the lowest of several from the first on reads in order', () => {
  const window = offered([10, 11, 12, 13, 14, 15, 16, 17]);
  let next = 18;
  for (let piece = 10; window.manner === 'unknown'; piece++) {
    window.asked(piece, PIECE, 0);
    window.offered(next++, PIECE, 0);
  }
  assert.equal(window.manner, 'in order');
});

test('who takes another one first does not, for good', () => {
  const window = offered([10, 11, 12, 13, 14, 15, 16, 17]);
  window.asked(12, PIECE, 0);
  for (const piece of [10, 11, 13]) window.asked(piece, PIECE, 0);
  for (let piece = 18; piece < 40; piece++) {
    window.offered(piece, PIECE, 0);
    window.asked(piece - 4, PIECE, 0);
  }
  assert.equal(window.manner, 'any');
});

test('who has no choice shows nothing', () => {
  const window = new OfferWindow(SIZE, 0);
  for (let piece = 0; piece < 20; piece++) {
    window.offered(piece, PIECE, 0);
    window.asked(piece, PIECE, 0);
  }
  assert.equal(window.manner, 'unknown');
});

test('who asks for nothing that it is offered is shy: soon after it did ask, later when it never has', () => {
  const silent = offered([0, 1]);
  silent.look(LIMITS.shyMs - 1);
  assert.equal(silent.manner, 'unknown');
  silent.look(LIMITS.shyMs);
  assert.equal(silent.manner, 'shy');

  const stopped = offered([0, 1]);
  stopped.asked(0, PIECE, 1_000);
  stopped.look(1_000 + LIMITS.shyAgainMs);
  assert.equal(stopped.manner, 'shy');
});

test('who has asked for all that it was offered waits for us, and is not shy', () => {
  const window = offered([0]);
  window.asked(0, PIECE / 2, 0);
  window.look(1_000_000);
  assert.equal(window.manner, 'unknown');
  window.offered(1, PIECE, 1_000_000);
  window.look(1_000_000 + LIMITS.shyAgainMs - 1);
  assert.equal(window.manner, 'unknown', 'its time runs from the offer');
});
