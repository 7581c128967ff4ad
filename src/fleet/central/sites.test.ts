import assert from 'node:assert/strict';
import { env } from 'node:process';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Window } from '../config-types.ts';
import { isOpen, rateForAll, SMALL_BYTES, shutSites } from './sites.ts';

const NIGHT: Window = { from: '23:00', until: '06:30' };
const HOUR_MS = 3_600_000;
const orders = { quorum: 0.9, deadlineMs: 0, ways: {} };

/** Local time is that of the zone. */
function inZone(t: TestContext, zone: string): void {
  const before = env.TZ;
  env.TZ = zone;
  t.after(() => {
    if (before === undefined) delete env.TZ;
    else env.TZ = before;
  });
}

test('a window over midnight, local time', (t) => {
  inZone(t, 'Asia/Shanghai');
  const at = (text: string) => isOpen(NIGHT, Date.parse(text));
  assert.deepEqual(
    ['22:59:59', '23:00:00', '00:00:00', '06:29:59', '06:30:00', '12:00:00'].map((time) =>
      at(`2026-03-04T${time}+08:00`),
    ),
    [false, true, true, true, false, false],
  );
  assert.ok(isOpen(undefined, 0));
  assert.ok(isOpen({ from: '08:00', until: '08:00' }, 0), 'all day');
});

/** Milliseconds of the day that are in the window, found minute by minute. */
const openMs = (window: Window, fromMs: number, hours: number): number => {
  let open = 0;
  for (let ms = fromMs; ms < fromMs + hours * HOUR_MS; ms += 60_000) if (isOpen(window, ms)) open += 60_000;
  return open;
};

test('when clocks are put on the window is an hour shorter, and an hour longer when they are put back', (t) => {
  inZone(t, 'Europe/Berlin');
  const window = { from: '01:30', until: '04:00' };
  const day = (text: string) => openMs(window, Date.parse(text), 12) / HOUR_MS;
  assert.equal(day('2026-03-28T20:00+01:00'), 1.5, '02:00 becomes 03:00');
  assert.equal(day('2026-10-24T20:00+02:00'), 3.5, '03:00 becomes 02:00');
  assert.equal(day('2026-07-01T20:00+02:00'), 2.5);
  assert.equal(
    openMs({ from: '02:00', until: '03:00' }, Date.parse('2026-03-28T20:00+01:00'), 12),
    0,
    'there is no such hour',
  );
});

test('whatever the window, it is open for as long as it says, every day without a change of clocks', (t) => {
  inZone(t, 'Asia/Shanghai');
  const time = fc.tuple(fc.nat(23), fc.nat(59));
  const text = ([h, m]: [number, number]): string => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`;
  fc.assert(
    fc.property(time, time, fc.nat(300), (from, until, day) => {
      const minutes = (until[0] * 60 + until[1] - from[0] * 60 - from[1] + 1440) % 1440 || 1440;
      assert.equal(openMs({ from: text(from), until: text(until) }, day * 24 * HOUR_MS, 24), minutes * 60_000);
    }),
    { numRuns: 20 },
  );
});

test('its own orders come before what holds for the site, and what is small waits for no site', (t) => {
  inZone(t, 'UTC');
  const sites = { east: { window: NIGHT }, west: {} };
  const shut = (bytes: number, own = {}) => [
    ...shutSites(own, bytes, sites, ['east', 'west', 'constructor'], Date.parse('2026-01-01T12:00Z')),
  ];
  assert.deepEqual(shut(SMALL_BYTES + 1), ['east']);
  assert.deepEqual(shut(SMALL_BYTES), []);
  assert.deepEqual(shut(SMALL_BYTES + 1, { window: { from: '11:00', until: '13:00' } }), []);
  assert.deepEqual(shut(1, { window: NIGHT }), ['east', 'west', 'constructor']);
});

test('what is given to several sites is what each of them may get', () => {
  const sites = { east: { rateBytesPerS: 1_000 }, west: { rateBytesPerS: 500 }, north: {} };
  assert.equal(rateForAll(orders, sites, ['east', 'west', 'east']), 1_500);
  assert.equal(rateForAll(orders, sites, ['east', 'north']), undefined);
  assert.equal(rateForAll({ ...orders, rateBytesPerS: 10 }, sites, ['east', 'north']), 20);
  assert.equal(rateForAll(orders, sites, []), undefined);
});
