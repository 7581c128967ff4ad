import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PlacedNode, Placement } from './placement.ts';

const PIECE = 1_000;
const limits = { aheadBytes: 4 * PIECE, mostAheadBytes: 100 * PIECE, starvedMs: 1_000, untakenMs: 2_000 };

class TestNode implements PlacedNode {
  readonly pieces = new Set<number>();
  readonly told: number[] = [];
  bytesPerS = 0;

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

function placed(pieceCount: number, nodes: number) {
  const placement = new Placement({ pieceCount, pieceLength: PIECE }, limits);
  const all = Array.from({ length: nodes }, () => new TestNode());
  for (const node of all) placement.joined(node, 0);
  const gain = (node: TestNode, piece: number, nowMs: number): void => {
    if (node.pieces.has(piece)) return;
    node.pieces.add(piece);
    placement.gained(node, piece, nowMs);
  };
  return { placement, all, gain };
}

test('while all take what they are told, every piece is told once, in their order of asking', () => {
  const { all, gain, placement } = placed(40, 5);
  const [quick] = all as [TestNode];
  for (const node of all) assert.equal(node.told.length, 4);
  for (let i = 0; i < 12; i++) gain(quick, quick.told[i] as number, 10 * i);
  assert.equal(quick.told.length, 16, 'a quick node is told of more');
  for (let i = 0; i < 40; i++)
    for (const node of all) if (node.told[i] !== undefined) gain(node, node.told[i] as number, 200);
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
  assert.ok(dead.told.length >= 4);
});

test('who has got nothing for a while is told of what the fewest have, and who gets something is not', () => {
  const { placement, all, gain } = placed(12, 3);
  const [a, b, late] = all as [TestNode, TestNode, TestNode];
  for (const node of [a, b])
    for (let piece = 0; piece < 12; piece++) if (piece !== 5 || node === a) gain(node, piece, 100);
  late.told.length = 0;
  placement.tick(500);
  assert.deepEqual(late.told, [], 'too early');
  placement.tick(1_100);
  assert.equal(late.told.length, 4);
  assert.ok(!a.told.slice(4).length || a.pieces.size === 12);
});

test('what went with the only node that had it is told again', () => {
  const { placement, all, gain } = placed(4, 2);
  const [a, b] = all as [TestNode, TestNode];
  for (let piece = 0; piece < 4; piece++) gain(a, piece, 10);
  assert.equal(placement.held, 4);
  placement.left(a);
  assert.equal(placement.held, 0);
  placement.tick(20);
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
