import type { PieceIndex } from '#base/units.ts';
import { SWARM_LIMITS, type SwarmLimits } from './limits.ts';

/** A node, as its giver sees it. */
export type PlacedNode = {
  /** It has the piece, as it says. */
  hasPiece(piece: PieceIndex): boolean;
  readonly hasCount: number;
  /** Bytes a second that it takes. */
  readonly bytesPerS: number;
  /** From now on it may ask for the piece. */
  tell(piece: PieceIndex): void;
};

export type PlacementShape = { readonly pieceCount: number; readonly pieceLength: number };

/** `gapMs`: what usually lies between two pieces that it gets, from anybody. `starved`: it lives on what it is told of here. */
type Told = { readonly told: Set<PieceIndex>; changedMs: number; gapMs: number; starved: boolean };
type Limits = Pick<SwarmLimits, 'aheadBytes' | 'mostAheadBytes' | 'starvedMs' | 'untakenMs'>;
const AHEAD_S = 0.2;
const GAP_WEIGHT = 0.2;
/** So many of its usual gaps without a piece are no chance. */
const GAPS = 8;

/**
 * Which pieces a giver tells each node of, so that its own uplink carries each piece once and the nodes carry the rest: every node is first told of
 * pieces that no other was told of. When one has taken them it is told of more, so that a quick node gets many and a dead one few. When all have
 * left once, nobody is told of anything that another has, but for two kinds: a piece that nobody has after a while, and a node that has got nothing new
 * for a while (it came late, or its neighbours have gone).
 */
export class Placement {
  readonly #shape: PlacementShape;
  readonly #limits: Limits;
  readonly #nodes = new Map<PlacedNode, Told>();
  /** How many nodes said that they have the piece. */
  readonly #holders: Uint16Array;
  /** Pieces that nobody was told of yet, the next one last. */
  readonly #fresh: PieceIndex[];
  /** When a piece was told last, of those that nobody is known to have. */
  readonly #toldMs = new Map<PieceIndex, number>();
  #held = 0;

  constructor(shape: PlacementShape, limits: Limits = SWARM_LIMITS) {
    this.#shape = shape;
    this.#limits = limits;
    this.#holders = new Uint16Array(shape.pieceCount);
    this.#fresh = Array.from({ length: shape.pieceCount }, (_, i) => shape.pieceCount - 1 - i);
  }

  /** Pieces that at least one node has. */
  get held(): number {
    return this.#held;
  }

  joined(node: PlacedNode, nowMs: number): void {
    this.#nodes.set(node, { told: new Set(), changedMs: nowMs, gapMs: 0, starved: false });
    for (let piece = 0; piece < this.#shape.pieceCount; piece++) if (node.hasPiece(piece)) this.#gain(piece);
    this.#refill(node, nowMs);
  }

  left(node: PlacedNode): void {
    if (!this.#nodes.delete(node)) return;
    for (let piece = 0; piece < this.#shape.pieceCount; piece++) if (node.hasPiece(piece)) this.#lose(piece);
  }

  /** The node says that it has the piece. */
  gained(node: PlacedNode, piece: PieceIndex, nowMs: number): void {
    const known = this.#nodes.get(node);
    if (!known) return;
    this.#gain(piece);
    known.starved &&= known.told.has(piece);
    known.told.delete(piece);
    known.gapMs += (nowMs - known.changedMs - known.gapMs) * GAP_WEIGHT;
    known.changedMs = nowMs;
    this.#refill(node, nowMs);
    if (known.starved && known.told.size === 0) this.#feed(node, known, nowMs);
  }

  /** Every so often. */
  tick(nowMs: number): void {
    for (const [piece, toldMs] of this.#toldMs)
      if (nowMs - toldMs >= this.#limits.untakenMs) {
        this.#toldMs.delete(piece);
        if (this.#holders[piece] === 0) this.#fresh.push(piece);
      }
    for (const [node, known] of this.#nodes) {
      const patienceMs = Math.max(this.#limits.starvedMs, GAPS * known.gapMs);
      const isStarved = nowMs - known.changedMs >= patienceMs && node.hasCount < this.#shape.pieceCount;
      if (isStarved) this.#feed(node, known, nowMs);
      this.#refill(node, nowMs);
    }
  }

  #gain(piece: PieceIndex): void {
    this.#toldMs.delete(piece);
    const before = this.#holders[piece] as number;
    this.#holders[piece] = before + 1;
    if (before === 0) this.#held++;
  }

  #lose(piece: PieceIndex): void {
    const left = (this.#holders[piece] as number) - 1;
    this.#holders[piece] = left;
    if (left > 0) return;
    this.#held--;
    this.#fresh.push(piece);
  }

  #ahead({ bytesPerS }: PlacedNode): number {
    const { aheadBytes, mostAheadBytes } = this.#limits;
    return Math.max(2 * this.#shape.pieceLength, Math.min(mostAheadBytes, Math.max(aheadBytes, bytesPerS * AHEAD_S)));
  }

  #refill(node: PlacedNode, nowMs: number): void {
    const known = this.#nodes.get(node);
    if (!known) return;
    while (this.#fresh.length > 0 && (known.told.size + 1) * this.#shape.pieceLength <= this.#ahead(node)) {
      const at = this.#fresh.findLastIndex((piece) => !node.hasPiece(piece) && !known.told.has(piece));
      if (at < 0) return;
      const [piece] = this.#fresh.splice(at, 1);
      this.#tell(node, known, piece as PieceIndex, nowMs);
    }
  }

  /** What the fewest have of what it lacks: one window of it. */
  #feed(node: PlacedNode, known: Told, nowMs: number): void {
    known.changedMs = nowMs;
    known.starved = true;
    const lacked: PieceIndex[] = [];
    for (let piece = 0; piece < this.#shape.pieceCount; piece++)
      if (!node.hasPiece(piece) && !known.told.has(piece)) lacked.push(piece);
    lacked.sort((a, b) => (this.#holders[a] as number) - (this.#holders[b] as number));
    const count = Math.max(1, Math.floor(this.#ahead(node) / this.#shape.pieceLength));
    for (const piece of lacked.slice(0, count)) this.#tell(node, known, piece, nowMs);
  }

  #tell(node: PlacedNode, known: Told, piece: PieceIndex, nowMs: number): void {
    known.told.add(piece);
    if (this.#holders[piece] === 0) this.#toldMs.set(piece, nowMs);
    node.tell(piece);
  }
}
