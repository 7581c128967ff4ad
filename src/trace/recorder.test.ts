import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KIB, MIB } from '#base/units.ts';
import { Desk, hashOf, KEY, shapeOf } from './fixtures.ts';
import { TRACE_LIMITS } from './limits.ts';
import { Pseudonyms } from './pseudonyms.ts';

const PC = '192.0.2.17';

test('a session: what was asked for when, in runs; what was given, and what came in meanwhile', () => {
  const desk = new Desk();
  const demand = desk.recorder.torrent(shapeOf('a', 128));
  const begunMin = desk.clock.atMs / 60_000;
  demand.fetched(4 * MIB); // before anybody asked: for whoever asks next
  for (const piece of [5, 0, 4, 1, 4]) demand.asked(PC, piece, 0);
  demand.served(PC, 20 * MIB);
  desk.clock.passMin(3);
  demand.asked(PC, 9, 16 * KIB);
  demand.asked(PC, 31, 0);
  demand.asked(PC, 1, 0);
  demand.fetched(2 * MIB);
  demand.served('192.0.2.99', MIB); // has asked for nothing
  const session = {
    atMin: begunMin,
    torrent: new Pseudonyms(KEY).torrent(hashOf('a')),
    segments: 8,
    pieceKib: 4096,
    asked: [0, 0, 2, 3, 2, 1, 3, 7, 1],
    stayMin: 3,
    servedMib: 20,
    fetchedMib: 6,
  };
  const [underWay] = desk.recorder.sessions();
  assert.ok(underWay);
  assert.deepEqual(underWay, { ...session, client: underWay.client });

  desk.clock.passMin(TRACE_LIMITS.quietMin - 1);
  desk.recorder.tick();
  assert.deepEqual(desk.lines, [], 'it may only be waiting');
  desk.clock.passMin(1);
  desk.recorder.tick();
  assert.deepEqual(desk.sessions(), [underWay]);
  assert.deepEqual(desk.recorder.sessions(), []);

  demand.fetched(3 * MIB); // for nobody who is here
  demand.asked(PC, 0, 0);
  assert.deepEqual(
    desk.recorder.sessions().map(({ fetchedMib }) => fetchedMib),
    [3],
  );
});

test('a client has one session with a torrent, though its task begins anew; other clients and torrents have their own', () => {
  const desk = new Desk();
  const asked = (name: string, ip: string, piece: number): void =>
    desk.recorder.torrent(shapeOf(name, 64)).asked(ip, piece, 0);
  asked('a', PC, 0);
  asked('a', PC, 8);
  asked('b', PC, 0);
  asked('a', '192.0.2.18', 0);
  desk.recorder.close();
  assert.deepEqual(
    desk.sessions().map(({ asked }) => asked),
    [
      [0, 0, 1, 0, 2, 1],
      [0, 0, 1],
      [0, 0, 1],
    ],
  );
});

test('a torrent has one number as long as the key lasts; a client another one for each torrent and day', () => {
  const desk = new Desk();
  const visit = (name: string, ip: string): void => {
    desk.recorder.torrent(shapeOf(name, 64)).asked(ip, 0, 0);
    desk.recorder.close();
  };
  visit('a', PC);
  visit('a', PC);
  visit('b', PC);
  visit('a', '192.0.2.18');
  desk.clock.passMin(24 * 60);
  visit('a', PC);
  const [first, again, other, neighbour, tomorrow] = desk.sessions();
  assert.ok(first && again && other && neighbour && tomorrow);
  assert.equal(again.client, first.client);
  assert.deepEqual([again.torrent, tomorrow.torrent], [first.torrent, first.torrent]);
  assert.equal(new Set([first, other, neighbour, tomorrow].map(({ client }) => client)).size, 4);
  assert.notEqual(other.torrent, first.torrent);
  assert.notEqual(new Pseudonyms(Buffer.alloc(32, 8)).torrent(hashOf('a')), first.torrent);

  const text = desk.lines.join('\n');
  assert.ok(!text.includes(PC) && !text.includes(hashOf('a')));
});

test('a clock that is set back neither ends the session nor turns it round; one set back far ends it', () => {
  const desk = new Desk();
  const demand = desk.recorder.torrent(shapeOf('a', 128));
  demand.asked(PC, 0, 0);
  desk.clock.passMin(5);
  demand.asked(PC, 4, 0);
  desk.clock.passMin(-20);
  demand.asked(PC, 8, 0);
  desk.recorder.tick();
  assert.deepEqual(
    desk.recorder.sessions().map(({ asked, stayMin }) => [asked, stayMin]),
    [[[0, 0, 1, 5, 1, 2], 5]],
  );
  desk.clock.passMin(-100 * 24 * 60);
  desk.recorder.tick();
  assert.equal(desk.sessions()[0]?.stayMin, 5);
  assert.deepEqual(desk.recorder.sessions(), []);
});

test('every piece has a segment, whatever the torrent looks like', () => {
  const anyShape = fc.record({
    totalBytes: fc.integer({ min: 1, max: 4 * 2 ** 40 }),
    pieceLength: fc.integer({ min: 14, max: 26 }).map((bits) => 2 ** bits),
    pieceCount: fc.integer({ min: 1, max: 2_000_000 }),
  });
  fc.assert(
    fc.property(anyShape, fc.double({ min: 0, max: 1, noNaN: true }), (shape, share) => {
      const desk = new Desk();
      const demand = desk.recorder.torrent({ infoHash: hashOf('a'), ...shape });
      demand.asked(PC, Math.round(share * (shape.pieceCount - 1)), shape.pieceLength - 1);
      desk.recorder.close();
      const [session] = desk.sessions();
      assert.ok(session && session.segments <= TRACE_LIMITS.segments);
      assert.equal(session.asked.length, 3, String(desk.lines));
    }),
  );
});

test('strangers with many addresses, torrents and requests fill no memory', () => {
  const limits = { openSessions: 20, openAsks: 100 };
  const anyAsk = fc.record({
    torrent: fc.nat(50),
    ip: fc.nat(50),
    piece: fc.nat(1023),
    waitMin: fc.oneof(
      { weight: 20, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -90, max: 90 }) },
    ),
  });
  fc.assert(
    fc.property(fc.array(anyAsk, { minLength: 200, maxLength: 800 }), (asks) => {
      const desk = new Desk(limits);
      const told = new Set<string>();
      for (const { torrent, ip, piece, waitMin } of asks) {
        desk.clock.passMin(waitMin);
        if (waitMin !== 0) desk.recorder.tick();
        desk.recorder.torrent(shapeOf(String(torrent), 4096)).asked(`192.0.2.${ip}`, piece, 0);
        told.add(`${torrent} ${ip}`);
        const open = desk.recorder.sessions();
        assert.ok(open.length <= limits.openSessions, `${open.length} sessions`);
        const count = open.reduce(
          (sum, { asked }) => sum + asked.filter((_, i) => i % 3 === 2).reduce((a, b) => a + b, 0),
          0,
        );
        assert.ok(count <= limits.openAsks, `${count} asks`);
      }
      desk.recorder.close();
      assert.ok(
        desk.sessions().every(({ client }) => client.length === 8),
        'all lines can be read',
      );
      assert.ok(desk.lines.length >= told.size, 'nobody is left out');
      assert.deepEqual(desk.recorder.sessions(), []);
      const { length } = desk.lines;
      const demand = desk.recorder.torrent(shapeOf('after', 16 * limits.openAsks));
      for (let segment = 0; segment < limits.openAsks; segment++) demand.asked(PC, 4 * segment, 0);
      assert.equal(desk.lines.length, length, 'there is room again');
    }),
    { numRuns: 30 },
  );
});
