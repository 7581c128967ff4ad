import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineRest } from './line-rest.ts';
import { YIELD } from './line-yield.ts';

const LINE = 2_000_000;
const LOOK_MS = 200;
const BLOCK_MS = 10;

/** A line that is always full: clients have what the rest does not take, up to what their own swarm gives. */
function run(seconds: number, rest: LineRest, world: { atMs: number; clientMost: number }): number {
  let allowed = Number.POSITIVE_INFINITY;
  for (let i = 0; i < (seconds * 1000) / LOOK_MS; i++) {
    // TCP shares the line evenly at worst.
    const client = Math.min(world.clientMost, Math.max(LINE / 2, LINE - allowed));
    const ahead = Math.min(allowed, LINE - client);
    for (let ms = 0; ms < LOOK_MS; ms += BLOCK_MS) {
      world.atMs += BLOCK_MS;
      rest.came((client * BLOCK_MS) / 1000, world.atMs);
    }
    allowed = rest.look(client + ahead, world.atMs);
  }
  return allowed;
}

function begin() {
  const rest = new LineRest();
  const world = { atMs: 1_000_000, clientMost: 0 };
  assert.equal(run(10, rest, world), Number.POSITIVE_INFINITY, 'nobody is in the way');
  return { rest, world };
}

test('a client that takes all it can get has the line within two seconds', () => {
  const { rest, world } = begin();
  world.clientMost = Number.POSITIVE_INFINITY;
  run(1, rest, world);
  assert.equal(run(1, rest, world), YIELD.floorShare * LINE);
  assert.equal(run(60, rest, world), YIELD.floorShare * LINE);
});

test('what a client with a slow swarm leaves is used, once it is seen that it takes no more', () => {
  const { rest, world } = begin();
  world.clientMost = 0.2 * LINE;
  assert.ok(run(1, rest, world) < 0.5 * LINE);
  const later = run(20, rest, world);
  assert.ok(later > 0.65 * LINE && later < 0.75 * LINE, `${later}`);
});

test('when the client has gone, nothing holds the rest', () => {
  const { rest, world } = begin();
  world.clientMost = LINE;
  run(10, rest, world);
  world.clientMost = 0;
  assert.equal(run(5, rest, world), Number.POSITIVE_INFINITY);
});
