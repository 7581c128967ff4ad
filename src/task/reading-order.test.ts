import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { LIMITS } from './limits.ts';
import { type Order, ReadingOrder } from './reading-order.ts';

const PIECES = 400;

/** A client that is offered pieces and asks for them; `until` a share of them is taken. */
class Client {
  readonly reading = new ReadingOrder(PIECES);
  readonly offered: Set<number>;

  constructor(offered: Iterable<number> = Array.from({ length: PIECES }, (_, i) => i)) {
    this.offered = new Set(offered);
  }

  ask(piece: number): void {
    this.reading.asked(piece, (other) => this.offered.has(other));
    this.offered.delete(piece);
  }

  askFrom(first: number, count: number): void {
    for (let i = 0; i < count; i++) this.ask(first + i);
  }

  get order(): Order {
    return this.reading.order;
  }
}

test('who takes the lowest of many, again and again, reads in order', () => {
  const client = new Client();
  client.askFrom(0, LIMITS.orderAsks - 1);
  assert.equal(client.order, 'unknown');
  client.ask(LIMITS.orderAsks - 1);
  assert.equal(client.order, 'in order');
});

test('who follows what the box happens to tell it has shown nothing', () => {
  const client = new Client([]);
  for (let piece = 0; piece < PIECES; piece++) {
    client.offered.add(piece);
    client.ask(piece);
  }
  assert.equal(client.order, 'unknown');
  assert.equal(client.reading.from, 0);
});

test('requests that are heard a little out of turn, as from several connections, do not hide the order', () => {
  const client = new Client();
  for (let piece = 0; piece < 60; piece += 3) for (const step of [2, 0, 1]) client.ask(piece + step);
  assert.equal(client.order, 'in order');
});

test('a jump moves the place, forth and back, and what is read from there on shows that the order is the same', () => {
  const client = new Client();
  client.askFrom(0, 50);
  client.askFrom(200, 50);
  assert.equal(client.order, 'in order');
  assert.equal(client.reading.from, 200);
  client.askFrom(60, 20);
  assert.equal(client.order, 'in order');
  assert.equal(client.reading.from, 60);
});

test('who begins with the end of the file, as players do, is known a little later', () => {
  const client = new Client();
  client.ask(PIECES - 1);
  client.askFrom(0, 1 + 2 * LIMITS.orderFarMiss + LIMITS.orderAsks);
  assert.equal(client.order, 'in order');
  assert.equal(client.reading.from, 0);
});

test('who takes what comes is known by that, whatever it takes, and however few it is offered at a time', () => {
  const seeds = fc.array(fc.nat(1e6), { minLength: 3 * PIECES, maxLength: 3 * PIECES });
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 100 }), (random, atOnce) => {
      const client = new Client([]);
      let next = 0;
      let inOrder = 0;
      for (let i = 0; client.offered.size > 0 || next < PIECES; i++) {
        while (client.offered.size < atOnce && next < PIECES) client.offered.add(next++);
        const open = [...client.offered];
        client.ask(open[(random[i] as number) % open.length] as number);
        if (client.order === 'in order') inOrder++;
      }
      assert.ok(inOrder < PIECES / 4, `${inOrder} of ${PIECES} times taken for in order`);
      assert.equal(client.order, 'any');
    }),
    { seed: 7 },
  );
});

test('many runs of pieces are not left by who reads in order', () => {
  const pieces = (step: number): Bitfield => {
    const field = new Bitfield(PIECES);
    for (let piece = 0; piece < PIECES / 2; piece += step) field.set(piece);
    return field;
  };
  for (const [step, order] of [
    [1, 'unknown'],
    [2, 'any'],
  ] as const) {
    const { reading } = new Client();
    reading.came(new Bitfield(PIECES));
    reading.came(pieces(step));
    assert.equal(reading.order, order);
  }
});

test('who once took what came is no longer believed to read in order from its first request on, unless it was looked for and found', () => {
  const client = new Client(Array.from({ length: 8 }, (_, i) => i));
  for (const piece of [7, 3]) client.ask(piece);
  assert.equal(client.order, 'any');
  // It is told of ever more, in order, and takes it as it comes.
  for (let piece = 8; piece < PIECES; piece++) client.offered.add(piece);
  client.askFrom(8, 40);
  assert.deepEqual([client.order, client.reading.inOrderFromFirst], ['in order', false]);
  client.reading.turnTo(100);
  assert.equal(client.reading.inOrderFromFirst, true);
});
