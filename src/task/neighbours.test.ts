import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import type { Giver, Neighbour } from '#downloader/neighbour.ts';
import { Neighbours } from './neighbours.ts';

const PIECES = 8;

class Client {
  readonly remote = { ip: '192.168.1.20', port: 50_000 };
  readonly canGive: boolean;
  readonly has = new Bitfield(PIECES);
  wanted: boolean | undefined;

  constructor(pieces: readonly number[], canGive = true) {
    for (const piece of pieces) this.has.set(piece);
    this.canGive = canGive;
  }

  pieces(): Bitfield {
    return this.has;
  }

  readonly asking = {
    ask: (): void => {},
    cancel: (): void => {},
    want: (is: boolean): void => {
      this.wanted = is;
    },
  };
}

test('whoever has what is wanted is asked, as long as it is', () => {
  const made: { giver: Giver; ended: boolean }[] = [];
  const neighbours = new Neighbours<Client>({
    neighbour: (giver) => {
      const one = { giver, ended: false };
      made.push(one);
      const end = (): void => {
        one.ended = true;
      };
      return { end } as unknown as Neighbour;
    },
  });
  const [rich, poor, qvod] = [new Client([1, 5]), new Client([2]), new Client([5], false)];
  const clients = [rich, poor, qvod];
  neighbours.look(clients, PIECES, (piece) => piece === 5);
  assert.deepEqual(
    clients.map(({ wanted }) => wanted),
    [true, undefined, undefined],
  );
  assert.ok(neighbours.of(rich) && !neighbours.of(poor));
  neighbours.look(clients, PIECES, () => false);
  assert.equal(rich.wanted, false);
  neighbours.look(clients, PIECES, (piece) => piece === 1);
  assert.deepEqual([rich.wanted, made.length], [true, 1], 'it stays the same one');
  neighbours.left(rich);
  assert.deepEqual([made[0]?.ended, neighbours.of(rich)], [true, undefined]);
});
