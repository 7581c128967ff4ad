import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FakeStore } from '#store/fake-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { quietShelfWorld } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import { type OfferedClient, Offers } from './offers.ts';
import { PieceShelf } from './piece-shelf.ts';

const PIECES = 200;
const torrent = oneFileTorrent(PIECES * BLOCK_BYTES, BLOCK_BYTES);

/** A client that remembers what it was told, and has what the test gives it. */
class Client implements OfferedClient {
  steered: boolean;
  takesSuggestions = true;
  readonly got = new Bitfield(PIECES);
  readonly told: number[] = [];
  readonly suggested: number[] = [];
  toldAll = false;

  constructor(steered: boolean) {
    this.steered = steered;
  }

  pieces(): Bitfield {
    return this.got;
  }

  knows(piece: number): boolean {
    return !this.steered || this.told.includes(piece);
  }

  offer(piece: number): void {
    assert.ok(!this.told.includes(piece), 'told twice');
    this.told.push(piece);
  }

  suggest(piece: number): void {
    this.suggested.push(piece);
  }

  tellAll(): void {
    this.toldAll = true;
    this.steered = false;
  }
}

/** A task that has the first `have` pieces, on a disk with an arm unless the test says otherwise, with memory for a few. */
function setUp({ have = PIECES, seekMs = 8, memoryPieces = 40 } = {}) {
  const store = new FakeStore(FramedPiece);
  store.seekMs = seekMs;
  store.memoryBytes = memoryPieces * BLOCK_BYTES;
  const had = new Bitfield(PIECES);
  for (let piece = 0; piece < have; piece++) had.set(piece);
  const shelf = new PieceShelf(torrent.meta, had.bytes, store.task(shapeOf(torrent.meta)), quietShelfWorld);
  const clients: Client[] = [];
  const clock = { ms: 0 };
  const offers = new Offers({
    clock: { nowMs: () => clock.ms, sleep: async () => {} },
    shelf: () => shelf,
    lackOf: (piece) => clients.filter(({ got }) => !got.has(piece)).length,
    lacking: () => clients.filter(({ got }) => !got.full).length,
  });
  offers.open(shelf);
  const join = (): Client => {
    const client = new Client(offers.steers(true));
    clients.push(client);
    offers.joined(client);
    return client;
  };
  const leave = (client: Client): void => {
    clients.splice(clients.indexOf(client), 1);
    offers.left(client);
  };
  const memory = store.cacheOf(torrent.meta.infoHash);
  const remember = (piece: number): void => {
    memory.set(piece, FramedPiece.allocate(piece, pieceSize(torrent.meta, piece)));
  };
  const give = (client: Client, piece: number): void => {
    offers.asked(client, piece, BLOCK_BYTES);
    client.got.set(piece);
  };
  return { shelf, offers, clock, join, leave, give, remember };
}

test('a lone client is told of everything, and the second step by step', () => {
  const { join } = setUp();
  const [first, second] = [join(), join()];
  assert.equal(first.steered, false);
  assert.deepEqual(first.told, []);
  assert.equal(second.steered, true);
  assert.deepEqual(second.told, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('on a disk without an arm, and where all that they lack stays in memory, nobody is told step by step', () => {
  for (const over of [{ seekMs: 0.1 }, { memoryPieces: PIECES }]) {
    const { join } = setUp(over);
    join();
    assert.equal(join().steered, false);
  }
});

test('clients are offered what is in memory and what others are about to get, and hear which is which', () => {
  const { join, remember } = setUp();
  join();
  const second = join();
  remember(150);
  const third = join();
  assert.deepEqual(third.told, [150, ...second.told.slice(0, 9)]);
  assert.deepEqual(third.suggested, [150]);
});

test('whoever knows of everything hears what is in memory and what is read now', () => {
  const { join, give, remember } = setUp();
  const first = join();
  const second = join();
  remember(150);
  give(second, 3);
  give(first, 199);
  assert.deepEqual(first.suggested.slice(0, 2), [150, 0]);
  assert.ok(!first.suggested.includes(199), 'not what it asks for anyway');
  assert.deepEqual(first.told, []);
});

test('as a client is given its pieces it is offered more, until it is told of the rest', () => {
  const { join, give, offers } = setUp();
  join();
  const second = join();
  for (let round = 0; round < PIECES && !second.toldAll; round++) {
    const next = second.told.findLast((piece) => !second.got.has(piece));
    assert.ok(next !== undefined, 'it always has something to ask for');
    give(second, next);
    if (round % 10 === 0) offers.confirmed();
  }
  assert.ok(second.toldAll);
  assert.ok(PIECES - second.got.count <= 10 + 1, `${second.got.count} when told of the rest`);
});

test('when the others have gone the last one is told of everything', () => {
  const { join, leave, offers } = setUp();
  const first = join();
  const second = join();
  offers.tick();
  assert.equal(second.toldAll, false);
  leave(first);
  offers.tick();
  assert.equal(second.toldAll, true);
});

test('a client that asks for nothing is told of everything', () => {
  const { join, offers, clock } = setUp();
  join();
  const second = join();
  clock.ms = LIMITS.shyMs - 1;
  offers.tick();
  assert.equal(second.toldAll, false);
  clock.ms = LIMITS.shyMs;
  offers.tick();
  assert.equal(second.toldAll, true);
});

test('a client that reads in order is told of everything and goes its way', () => {
  const { join, give } = setUp();
  join();
  const second = join();
  for (let piece = 0; piece < 40 && !second.toldAll; piece++) give(second, piece);
  assert.ok(second.toldAll);
  assert.ok(second.got.count < 20, `after ${second.got.count} pieces`);
});

test('what lands while the task fills is offered to those who wait, and only as far as they have room', () => {
  const { join, offers, shelf, give, remember } = setUp({ have: 60, memoryPieces: 20 });
  join();
  const second = join();
  const third = join();
  // It has been given all that there is, the last first.
  for (;;) {
    const next = second.told.findLast((piece) => !second.got.has(piece));
    if (next === undefined) break;
    give(second, next);
  }
  assert.equal(second.told.length, 60);
  const before = third.told.length;
  for (const piece of [100, 101]) {
    shelf.have.set(piece);
    remember(piece);
    offers.gained(piece);
  }
  assert.deepEqual(second.told.slice(60), [100, 101]);
  assert.equal(third.told.length, before, 'it has enough to ask for');
});
