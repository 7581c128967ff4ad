import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SWARM_LIMITS } from './limits.ts';
import { type PlacedNode, Placement } from './placement.ts';

const PIECE = 1_000;
const limits = {
  ...SWARM_LIMITS,
  aheadBytes: 4 * PIECE,
  mostAheadBytes: 100 * PIECE,
  starvedMs: 1_000,
  untakenMs: 2_000,
};
/** A line so narrow that one copy more is never worth it. */
const narrow = { ...limits, worthShare: 2 };

class TestNode implements PlacedNode {
  readonly pieces = new Set<number>();
  readonly told: number[] = [];

  get hasCount(): number {
    return this.pieces.size;
  }

  hasPiece(piece: number): boolean {
    return this.pieces.has(piece);
  }

  tell(piece: number): void {
    assert.ok(!this.pieces.has(piece), `it has piece ${piece}`);
    this.told.push(piece);
  }
}

function placed(pieceCount: number, nodes: number, limited = limits) {
  const placement = new Placement({ pieceCount, pieceLength: PIECE }, limited, () => 0);
  const all = Array.from({ length: nodes }, () => new TestNode());
  for (const node of all) placement.joined(node, 0);
  const gain = (node: TestNode, piece: number, nowMs: number): void => {
    if (node.pieces.has(piece)) return;
    // What it was told of it had from the giver.
    if (node.told.includes(piece)) placement.gave(node, piece);
    node.pieces.add(piece);
    placement.gained(node, piece, nowMs);
  };
  return { placement, all, gain };
}

test('while all take what they are told, every piece is told once, and a quick node is told of more', () => {
  const { all, gain, placement } = placed(40, 5, narrow);
  const [quick] = all as [TestNode];
  assert.ok(all.reduce((sum, { told }) => sum + told.length, 0) <= 4, 'no more than is told ahead');
  assert.ok(
    all.every(({ told }) => told.length <= 2),
    'and little to who has shown nothing',
  );
  for (let round = 1; placement.held < 40 && round < 1_000; round++)
    for (const node of all) {
      const piece = node.told.find((told) => !node.pieces.has(told));
      if (piece !== undefined && (node === quick || round % 4 === 0)) gain(node, piece, 10 * round);
    }
  for (const other of all) assert.ok(other === quick || other.told.length < quick.told.length);
  const told = all.flatMap((node) => node.told);
  assert.equal(told.length, 40);
  assert.equal(new Set(told).size, 40);
  assert.equal(placement.held, 40);
});

test('a node that takes nothing holds nothing up: what it was told is told to others', () => {
  const { placement, all, gain } = placed(8, 2);
  const [dead, alive] = all as [TestNode, TestNode];
  for (let ms = 0; ms <= 4_000; ms += 250) {
    placement.tick(ms);
    for (const piece of [...alive.told]) gain(alive, piece, ms);
  }
  assert.equal(alive.pieces.size, 8);
  assert.ok(dead.told.length >= 2);
});

test('who has got nothing for a while is told of what the fewest have, and who gets something is not', () => {
  const { placement, all, gain } = placed(12, 2, narrow);
  const [a, b] = all as [TestNode, TestNode];
  for (let piece = 0; piece < 12; piece++) gain(a, piece, 100);
  const rare = [...a.pieces].find((piece) => !b.told.includes(piece));
  for (let piece = 0; piece < 12; piece++) if (piece !== rare) gain(b, piece, 100);
  const late = new TestNode();
  placement.joined(late, 3_000);
  const before = late.told.length;
  placement.tick(3_500);
  assert.equal(late.told.length, before, 'too early');
  placement.tick(4_100);
  assert.equal(late.told[before], rare);
});

test('when all have left once, a giver with a wide line tells everybody of more, what the fewest have first', () => {
  const { placement, all, gain } = placed(30, 3);
  for (let round = 1; placement.held < 30 && round < 1_000; round++)
    for (const node of all) {
      const piece = node.told.find((told) => !node.pieces.has(told));
      if (piece !== undefined) gain(node, piece, 10 * round);
    }
  for (const node of all) {
    const open = node.told.filter((piece) => !node.pieces.has(piece)).length;
    assert.ok(open >= Math.min(limits.freeAhead, 30 - node.hasCount), `${open} of ${30 - node.hasCount}`);
  }
});

test('what went with the only node that had it is told again', () => {
  const { placement, all, gain } = placed(4, 2);
  const [a, b] = all as [TestNode, TestNode];
  for (let piece = 0; piece < 4; piece++) gain(a, piece, 10);
  assert.equal(placement.held, 4);
  placement.left(a);
  assert.equal(placement.held, 0);
  for (let i = 0; i < 4; i++) gain(b, b.told[i] as number, 20 + i);
  assert.deepEqual(new Set(b.told), new Set([0, 1, 2, 3]));
});

test('whoever comes, goes and takes in whatever order, all who stay get all of it, each told of a piece once', () => {
  const steps = fc.array(fc.record({ node: fc.nat(5), kind: fc.constantFrom('take', 'trade', 'leave', 'join') }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const placement = new Placement({ pieceCount: 15, pieceLength: PIECE }, limits);
      const nodes = new Map<number, TestNode>();
      let nowMs = 0;
      const gain = (node: TestNode, piece: number): void => {
        if (node.pieces.has(piece)) return;
        node.pieces.add(piece);
        placement.gained(node, piece, nowMs);
      };
      const take = (node: TestNode): void => {
        const piece = node.told.find((told) => !node.pieces.has(told));
        if (piece !== undefined) gain(node, piece);
      };
      for (const { node: number, kind } of all) {
        nowMs += 100;
        const node = nodes.get(number);
        if (!node) {
          const fresh = new TestNode();
          nodes.set(number, fresh);
          placement.joined(fresh, nowMs);
        } else if (kind === 'leave') {
          nodes.delete(number);
          placement.left(node);
        } else if (kind === 'trade') {
          const other = [...nodes.values()]
            .flatMap(({ pieces }) => [...pieces])
            .find((piece) => !node.pieces.has(piece));
          if (other !== undefined) gain(node, other);
        } else take(node);
        placement.tick(nowMs);
      }
      for (let i = 0; i < 2_000 && [...nodes.values()].some(({ hasCount }) => hasCount < 15); i++) {
        nowMs += 250;
        placement.tick(nowMs);
        for (const node of nodes.values()) take(node);
      }
      for (const node of nodes.values()) {
        assert.equal(node.hasCount, 15);
        assert.equal(new Set(node.told).size, node.told.length, 'told twice');
      }
    }),
    { numRuns: 200 },
  );
});
