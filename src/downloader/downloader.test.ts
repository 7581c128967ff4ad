import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { parseInfo } from '#wire/metainfo.ts';
import { Downloader } from './downloader.ts';
import type { SeedHabits } from './fake-seed.ts';
import { settle, TestClock, TestWorld } from './fixtures.ts';
import { DOWNLOAD_LIMITS } from './limits.ts';
import type { Asker } from './pacer.ts';

const torrent = oneFileTorrent(5 * 4 * BLOCK_BYTES + 1000, 4 * BLOCK_BYTES);
const nothing = (): Bitfield => new Bitfield(torrent.meta.pieceCount);

function begin(seeds: Record<number, SeedHabits>, limits = DOWNLOAD_LIMITS): { world: TestWorld; d: Downloader } {
  const world = new TestWorld(torrent);
  for (const [port, habits] of Object.entries(seeds)) world.seeds.set(Number(port), habits);
  const d = new Downloader(world, limits, () => 0.5);
  d.start();
  d.addSources(Object.keys(seeds).map((port) => world.source(Number(port))));
  return { world, d };
}

async function until(world: TestWorld, done: () => boolean, maxSeconds: number): Promise<void> {
  for (let i = 0; i < maxSeconds * 4 && !done(); i++) {
    await settle(8);
    world.clock.advance(250);
  }
}

async function end(world: TestWorld, d: Downloader): Promise<void> {
  await d.close();
  await settle();
  assert.equal(world.clock.sleepers, 0, 'a timer is left');
  assert.ok(
    world.sessions.every(({ seed }) => seed.closed),
    'a connection is left',
  );
}

test('two seeds fill a torrent together, no block twice', async () => {
  const { world, d } = begin({ 1: {}, 2: { fast: false } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.complete, 5);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.receivedBytes, torrent.content.length);
  const requests = world.sessions.flatMap(({ seed }) => seed.requests);
  assert.equal(new Set(requests).size, requests.length);
  await end(world, d);
});

test('with only the info-hash the metainfo comes first, from an honest origin, and a liar is banned', async () => {
  const { world, d } = begin({ 1: { metadata: 'wrong' }, 2: { metadata: true } });
  await until(world, () => world.info !== undefined, 5);
  const parsed = parseInfo(world.info as Buffer, world.infoHash);
  assert.ok(parsed.kind === 'ok');
  assert.equal(d.status().origins.find((o) => o.endpoint.port === 1)?.state, 'banned');
  d.setShape(parsed.value, nothing());
  await until(world, () => world.complete, 5);
  assert.ok(world.content().equals(torrent.content));
  await end(world, d);
});

test('where the uplink paces, nothing is asked for out of turn, and pausing leaves the line', async () => {
  const { world, d } = begin({ 1: {}, 2: {} });
  const waiting = new Set<Asker>();
  world.uplink = {
    isFreeFor: () => false,
    isSpent: false,
    mayFetchAhead: true,
    wait: (asker) => void waiting.add(asker),
    leave: (asker) => void waiting.delete(asker),
    block: () => {},
    untaken: () => {},
    prefilled: () => {},
  };
  d.setShape(torrent.meta, nothing());
  await settle();
  const asked = () => world.sessions.reduce((sum, { seed }) => sum + seed.requests.length, 0);
  assert.equal(waiting.size, 1);
  assert.equal(asked(), 0);
  const [asker] = waiting;
  for (let i = 1; asker && i <= 4; i++) {
    assert.equal(asker.askOne(), BLOCK_BYTES);
    await settle(4);
    assert.equal(asked(), i);
  }
  while (asker && asker.askOne() > 0) await settle(4);
  await settle();
  assert.ok(world.complete);
  assert.ok(
    world.sessions.every(({ seed }) => seed.requests.length > 0),
    'one origin is asked for all',
  );
  d.pause();
  assert.equal(waiting.size, 0);
  await end(world, d);
});

test('only what clients lack is fetched, and more as soon as they lack more', async () => {
  const { world, d } = begin({ 1: {} });
  world.lackOf = (piece) => (piece === 3 ? 1 : 0);
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.kept.size > 0, 3);
  await settle();
  assert.deepEqual([...world.kept.keys()], [3]);
  world.lackOf = (piece) => (piece === 1 ? 2 : 0);
  d.lackChanged();
  await settle();
  assert.deepEqual([...world.kept.keys()], [3, 1]);
  d.drop(3);
  await settle();
  assert.equal(world.accepted.length, 2, 'a lost piece that nobody lacks stays lost');
  world.lackOf = () => 1;
  d.gained(0);
  d.lackChanged(3);
  await settle();
  assert.equal(world.accepted.length, 3);
  await end(world, d);
});

test('an origin alone in a bad piece is banned; the piece comes from another', async () => {
  const { world, d } = begin({ 1: { onRequest: (_s, piece) => (piece === 2 ? 'lie' : 'answer') } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => d.status().origins[0]?.state === 'banned', 5);
  world.seeds.set(2, {});
  d.addSources([world.source(2)]);
  await until(world, () => world.complete, 5);
  assert.ok(world.content().equals(torrent.content));
  assert.deepEqual(
    world.lines.map((l) => l.event),
    ['bad-piece', 'origin-banned'],
  );
  await end(world, d);
});

test('when origins are mixed in a bad piece, it comes again from one, and the liar is banned, not the honest', async () => {
  const { world, d } = begin(
    { 1: { onRequest: () => 'lie' }, 2: {} },
    { ...DOWNLOAD_LIMITS, firstWindow: 2, maxWindow: 2 },
  );
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.complete, 30);
  assert.ok(world.content().equals(torrent.content));
  const states = Object.fromEntries(d.status().origins.map((o) => [o.endpoint.port, o.state]));
  assert.deepEqual(states, { 1: 'banned', 2: 'up' });
  const mixed = world.accepted.filter(({ from }) => from.length > 1).map(({ piece }) => piece);
  assert.ok(mixed.length > 0);
  for (const piece of mixed) {
    const tries = world.accepted.filter((a) => a.piece === piece).map(({ from }) => from.length);
    assert.deepEqual(tries.slice(1), Array(tries.length - 1).fill(1), 'a mixture that proved bad was mixed again');
  }
  await end(world, d);
});

test('a full store stops the requests, is said once, and is tried again with one piece', async () => {
  const { world, d } = begin({ 1: {} });
  world.refuse = 'full';
  d.setShape(torrent.meta, nothing());
  await until(world, () => false, 4);
  const first = world.accepted.length;
  assert.ok(first >= 1 && first <= torrent.meta.pieceCount);
  await until(world, () => world.accepted.length > first, 10);
  await settle();
  assert.equal(world.accepted.length, first + 1);
  world.refuse = undefined;
  await until(world, () => world.complete, 60);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.lines.filter((l) => l.event === 'download-held').length, 1);
  assert.equal(d.status().origins[0]?.state, 'up');
  await end(world, d);
});

test('a block that one origin sits on is asked of another after a while; a late answer is taken', async () => {
  const { world, d } = begin({ 1: { onRequest: (_s, piece, at) => (piece === 0 && at === 0 ? 'ignore' : 'answer') } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.kept.size === torrent.meta.pieceCount - 1, 5);
  world.seeds.set(2, {});
  d.addSources([world.source(2)]);
  await until(world, () => world.complete, 15);
  assert.ok(!world.complete, 'asked twice before its time');
  await until(world, () => world.complete, 10);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.receivedBytes, torrent.content.length);
  await end(world, d);
});

test('an origin whose line was cut without a word is dialled anew', async () => {
  const { world, d } = begin({ 1: { onRequest: (seed) => (seed === world.sessions[0]?.seed ? 'ignore' : 'answer') } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.complete, 30);
  assert.ok(world.complete);
  assert.equal(world.sessions.length, 2);
  await end(world, d);
});

test('a peer that wants encryption is dialled again with it, once and at once', async () => {
  const { world, d } = begin({ 1: { mse: true } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.complete, 5);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.dials, 2);
  await end(world, d);
});

test('a lost connection is back at once the first time; a dead origin is not hammered', async () => {
  let closed = false;
  const { world, d } = begin({
    1: {
      onRequest: (_s, piece) => {
        if (piece !== 2 || closed) return 'answer';
        closed = true;
        return 'close';
      },
    },
  });
  d.addSources([world.source(9)]);
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.complete, 3);
  assert.ok(world.content().equals(torrent.content));
  await until(world, () => false, 60);
  const dead = world.dials - world.sessions.length;
  assert.ok(dead >= 4 && dead <= 8, `${dead} dials of a dead address in a minute`);
  assert.equal(d.status().origins.find((o) => o.endpoint.port === 9)?.state, 'failed');
  await end(world, d);
});

test('pausing closes every connection, and starting again goes on where it was', async () => {
  const { world, d } = begin({ 1: { onRequest: (_s, piece) => (piece >= 2 ? 'ignore' : 'answer') } });
  d.setShape(torrent.meta, nothing());
  await until(world, () => world.kept.size === 2, 3);
  d.pause();
  await settle();
  assert.ok(world.sessions.every(({ seed }) => seed.closed));
  assert.equal(world.clock.sleepers, 0);
  world.seeds.set(1, {});
  d.start();
  await until(world, () => world.complete, 5);
  assert.ok(world.content().equals(torrent.content));
  assert.equal(world.receivedBytes, torrent.content.length);
  await end(world, d);
});

test('under random chokes, rejects, silences and disconnections every piece completes, and little comes twice', async () => {
  const what = fc.constantFrom('answer', 'answer', 'answer', 'answer', 'reject', 'ignore', 'choke', 'close');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(what, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      async (plans, fast) => {
        const world = new TestWorld(torrent, new TestClock());
        for (const [port, plan] of plans.entries()) {
          let n = 0;
          // After its plan each seed is honest; the first has everything, so that the torrent can be had.
          const onRequest: SeedHabits['onRequest'] = () => plan[n++] as never;
          world.seeds.set(port + 1, {
            onRequest,
            fast: fast[port] as boolean,
            has: (i) => port === 0 || i % 4 !== port,
          });
        }
        const d = new Downloader(world, DOWNLOAD_LIMITS, () => 0.5);
        d.start();
        d.addSources(plans.map((_, port) => world.source(port + 1)));
        d.setShape(torrent.meta, nothing());
        await until(world, () => world.complete, 200);
        assert.ok(world.complete, 'not complete');
        assert.ok(world.content().equals(torrent.content));
        assert.ok(world.receivedBytes <= torrent.content.length * 1.05, `${world.receivedBytes} bytes`);
        await end(world, d);
      },
    ),
    { numRuns: 60 },
  );
});
