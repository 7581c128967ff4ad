import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aSession } from './fixtures.ts';
import { TRACE_LIMITS } from './limits.ts';
import { lineOf, sessionIn } from './session.ts';

test('a session is a line, and the line is the session', () => {
  const session = aSession({ asked: [0, 0, 2, 0, 5, 1, 3, 2, 3], stayMin: 4 });
  assert.deepEqual(sessionIn(lineOf(session)), session);
});

test('what cannot have been recorded is no session', () => {
  for (const over of [
    { asked: [] },
    { asked: [0, 0] },
    { asked: [1, 0, 1, 0, 1, 1], stayMin: 2 },
    { asked: [3, 0, 1], stayMin: 2 },
    { asked: [0, 7, 2] },
    { asked: [0, 0, 8, 0, 0, 8] },
    { asked: [0, -1, 1] },
    { asked: [0, 0.5, 1] },
    { segments: TRACE_LIMITS.segments + 1, asked: [0, 0, 1] },
    { client: 'x'.repeat(17) },
    { torrent: -1 },
    { atMin: 1e300 },
    { servedMib: Number.NaN },
  ])
    assert.equal(sessionIn(lineOf(aSession(over))), undefined, JSON.stringify(over));
  for (const line of ['', 'null', '[]', '7', '{}', '{"atMin":1', '\u0000\ufffd'])
    assert.equal(sessionIn(line), undefined, line);
});

test('no line, however it rotted, is more than a session or nothing', () => {
  const line = lineOf(aSession({ asked: [0, 0, 2, 0, 5, 1], stayMin: 4 }));
  fc.assert(
    fc.property(fc.nat(line.length - 1), fc.string({ maxLength: 4 }), fc.nat(4), (place, put, length) => {
      const session = sessionIn(line.slice(0, place) + put + line.slice(place + length));
      if (session) assert.deepEqual(sessionIn(lineOf(session)), session);
    }),
  );
  fc.assert(fc.property(fc.json(), (text) => sessionIn(text) === undefined));
});
