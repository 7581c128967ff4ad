import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS } from './fixtures.ts';
import { declineOf, weakest, worthOf } from './keeping.ts';
import { LIMITS } from './limits.ts';

const NOW = 100 * DAY_MS;

test('worth: the clients that came after the first, lately, over the time there was for them to come', () => {
  const worth = (laterClients: number, days: number): number =>
    worthOf({ laterClients, addedAtMs: NOW - days * DAY_MS }, NOW);
  assert.ok(worth(0, 30) < worth(1, 30) && worth(1, 30) < worth(5, 30));
  assert.ok(worth(0, 0.1) > worth(0, 30), 'a new one has had no time to show');
  assert.ok(worth(0, 0) < 1, 'a newcomer with a client is worth more');
  assert.ok(worth(40, 30) > 1);
});

test('of few the weakest goes, of many one of the weaker, never one that may not', () => {
  const worths = fc.array(fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: undefined }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(
      worths,
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (all, draws) => {
        const may = all.filter((worth) => worth !== undefined);
        const found = weakest(
          all,
          (worth) => worth,
          () => draws.next().value as number,
        );
        assert.equal(found === undefined, may.length === 0);
        if (!found) return;
        assert.ok(found.worth === found.who && may.includes(found.worth));
        if (all.length <= LIMITS.evictDraws) assert.equal(found.worth, Math.min(...may));
      },
    ),
  );
});

test('what is had goes on, however weak', () => {
  const weak = { laterClients: 0, addedAtMs: NOW - 30 * DAY_MS };
  const full = { least: 0.9, isFlash: true };
  assert.equal(declineOf({ ...weak, haveCount: 1 }, false, full, NOW), undefined);
  assert.equal(declineOf({ ...weak, haveCount: 0 }, false, full, NOW), 'first-client');
  assert.equal(declineOf({ ...weak, haveCount: 0 }, false, { ...full, isFlash: false }, NOW), 'asked-less');
  assert.equal(declineOf({ ...weak, haveCount: 0 }, true, { ...full, isFlash: false }, NOW), undefined);
  assert.equal(declineOf({ ...weak, haveCount: 0 }, false, { least: undefined, isFlash: false }, NOW), undefined);
});
