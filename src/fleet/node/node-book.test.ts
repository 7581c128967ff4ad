import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FleetBook } from '#index/fleet-book.ts';
import { idOf } from '../manifest.ts';
import { type Distribution, distribution, signed, TRUSTED, temporary } from './fixtures.ts';
import { NodeBook } from './node-book.ts';

function bookIn(t: TestContext): NodeBook {
  const book = FleetBook.open(join(temporary(t), 'fleet.db'));
  t.after(() => book[Symbol.dispose]());
  return new NodeBook(book, 'n1', TRUSTED, () => 1);
}

const take = (book: NodeBook, { id, manifest, signed: by, seedBytes }: Distribution): void =>
  book.settle(undefined, () => book.take(id, manifest, by, seedBytes));
const whole = (book: NodeBook, { id, manifest }: Distribution): void =>
  book.settle(undefined, () => void book.whole(id, manifest, { amqpBytes: 0, swarmBytes: 0 }));

/** The same bytes, published once more. */
function again(patch: Distribution): Distribution {
  const manifest = { ...patch.manifest, rev: patch.manifest.rev + 1 };
  const by = signed(manifest);
  return { ...patch, manifest, signed: by, id: idOf(by.bytes) };
}

test('a torrent is wanted from its offer on, until it is cancelled, or a later revision is whole', (t) => {
  const book = bookIn(t);
  const first = distribution(100_000);
  const { infoHash } = first.manifest;
  assert.equal(book.isWanted(infoHash), false);
  take(book, first);
  assert.equal(book.isWanted(infoHash), true);
  whole(book, first);
  assert.equal(book.isWanted(infoHash), true);
  book.settle(undefined, () => book.setState(first.id, 'whole', true));
  assert.equal(book.isWanted(infoHash), false);
  book.settle(undefined, () => book.setState(first.id, 'whole'));
  const second = distribution(100_000, { rev: 2 });
  take(book, second);
  assert.deepEqual([first, second].map(({ manifest }) => book.isWanted(manifest.infoHash)), [true, true]); // biome-ignore format: one line
  whole(book, second);
  assert.deepEqual([first, second].map(({ manifest }) => book.isWanted(manifest.infoHash)), [false, true]); // biome-ignore format: one line
});

test('the same bytes may be distributed twice: they are wanted as long as one of both is', (t) => {
  const book = bookIn(t);
  const first = distribution(100_000);
  const second = again(first);
  const { infoHash } = first.manifest;
  take(book, first);
  whole(book, first);
  take(book, second);
  assert.equal(book.byInfoHash(infoHash)?.id, first.id, 'who asks for it gets the one that is here');
  whole(book, second);
  assert.equal(book.isWanted(infoHash), true);
  assert.deepEqual(new Set(book.allByInfoHash(infoHash).map(({ id }) => id)), new Set([first.id, second.id]));
  book.settle(undefined, () => book.setState(second.id, 'whole', true));
  assert.equal(book.isWanted(infoHash), false);
});
