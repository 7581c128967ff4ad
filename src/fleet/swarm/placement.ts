import type { PieceIndex } from '#base/units.ts';
import { BitWords } from './bit-words.ts';
import { Flow } from './flow.ts';
import { SWARM_LIMITS, type SwarmLimits } from './limits.ts';

/** A node, as its giver sees it. */
export type PlacedNode = {
  /** It has the piece, as it says. */
  hasPiece(piece: PieceIndex): boolean;
  readonly hasCount: number;
  /** From now on it may ask for the piece. */
  tell(piece: PieceIndex): void;
};

export type PlacementShape = { readonly pieceCount: number; readonly pieceLength: number };

type Told = {
  readonly node: PlacedNode;
  /** What it lacks and was not told of. */
  readonly open: BitWords;
  /** What it was told of and lacks, since when, the oldest first. */
  readonly due: Map<PieceIndex, number>;
  /** Of that, what nobody had when it was told. */
  readonly only: Set<PieceIndex>;
  /** Of all that is due, what it was given bytes of. */
  readonly asked: Set<PieceIndex>;
  times: number;
  /** As `#awaited` counted it last. */
  awaited: number;
  gainedMs: number;
  /** What usually lies between two pieces that it gets, from anybody. */
  gapMs: number;
  /** The least time from telling it of a piece until it had it. */
  leastMs: number;
  /** It lives on what it is told of here. */
  starved: boolean;
};

type Limits = Pick<
  SwarmLimits,
  | 'aheadBytes'
  | 'mostAheadBytes'
  | 'mostAheadMs'
  | 'moreMs'
  | 'leastMore'
  | 'starvedMs'
  | 'stalledMs'
  | 'untakenMs'
  | 'sampled'
>;

const SOON_MS = 150;
const GAP_WEIGHT = 0.2;
/** With each piece, so that a line that has become another one is seen to be. */
const LEAST_GROWS = 1.01;
/** When less than one part in so many of what the nodes get comes from here, they hardly wait for it: as much less is told ahead. */
const SHARE_COUNTS = 12;
/** Who is told of a piece that he lacks asks for it in this time, ms, or has asked somebody else. */
const ASKS_MS = 150;
/** So many of its usual gaps without a piece are no chance. */
const GAPS = 8;

/**
 * Which pieces a giver tells each node of, so that its own line carries what only it can give first, is never idle while that helps, and the nodes carry
 * the rest.
 *
 * First every piece leaves once: each is told to one node, and as much is told ahead as keeps the line full. A quick node takes many, a dead one keeps
 * none back for long. When all have left once, the nodes trade, and the giver goes on: it tells of more, what the fewest have first, as much as its line carries in a moment at most, so that
 * nobody waits for it longer than for a neighbour. A piece that nobody has after a while is told again, and a node that has got nothing new for a while (it came late, or its neighbours have gone) is
 * told of a window.
 */
export class Placement {
  readonly #shape: PlacementShape;
  readonly #limits: Limits;
  readonly #random: () => number;
  readonly #nodes = new Map<PlacedNode, Told>();
  /** How many nodes said that they have the piece, and how many were told of it and have not. */
  readonly #holders: Uint16Array;
  readonly #due: Uint16Array;
  /** Pieces that nobody was told of yet, the next one last. */
  readonly #fresh: PieceIndex[];
  /** When a piece was told last, of those that nobody is known to have. */
  readonly #toldMs = new Map<PieceIndex, number>();
  /** What leaves here, while anything is asked of us. */
  readonly #line = new Flow(SWARM_LIMITS.flowMs);
  /** What the nodes get meanwhile, from whomever. */
  readonly #all = new Flow(SWARM_LIMITS.flowMs);
  /** What lies between telling of a piece and its arrival. */
  #pieceMs = 0;
  /** The least of it of late. */
  #leastMs = 0;
  #held = 0;

  constructor(shape: PlacementShape, limits: Limits = SWARM_LIMITS, random: () => number = Math.random) {
    this.#shape = shape;
    this.#limits = limits;
    this.#random = random;
    this.#holders = new Uint16Array(shape.pieceCount);
    this.#due = new Uint16Array(shape.pieceCount);
    this.#fresh = Array.from({ length: shape.pieceCount }, (_, i) => shape.pieceCount - 1 - i);
  }

  /** Pieces that at least one node has. */
  get held(): number {
    return this.#held;
  }

  joined(node: PlacedNode, nowMs: number): void {
    const open = new BitWords(this.#shape.pieceCount);
    const due = { due: new Map(), only: new Set<PieceIndex>(), asked: new Set<PieceIndex>() };
    const never = Number.POSITIVE_INFINITY;
    this.#nodes.set(node, {
      node,
      open,
      ...due,
      times: 0,
      awaited: 0,
      gainedMs: nowMs,
      gapMs: 0,
      leastMs: never,
      starved: false,
    });
    for (let piece = 0; piece < this.#shape.pieceCount; piece++)
      if (node.hasPiece(piece)) this.#gain(piece);
      else open.set(piece);
    this.#tellMore(nowMs);
  }

  left(node: PlacedNode): void {
    const known = this.#nodes.get(node);
    if (!known) return;
    this.#nodes.delete(node);
    for (const piece of known.due.keys()) this.#due[piece] = (this.#due[piece] as number) - 1;
    for (let piece = 0; piece < this.#shape.pieceCount; piece++) if (node.hasPiece(piece)) this.#lose(piece);
  }

  /** Bytes of the piece are on their way to the node. */
  gave(node: PlacedNode, piece: PieceIndex): void {
    const known = this.#nodes.get(node);
    if (known?.due.has(piece)) known.asked.add(piece);
  }

  /** The node says that it has the piece. */
  gained(node: PlacedNode, piece: PieceIndex, nowMs: number): void {
    const known = this.#nodes.get(node);
    if (!known) return;
    this.#pass(nowMs);
    this.#gain(piece);
    this.#all.add(this.#shape.pieceLength);
    if (known.asked.has(piece)) this.#line.add(this.#shape.pieceLength);
    known.starved &&= known.due.has(piece);
    if (known.asked.has(piece)) {
      const ms = nowMs - (known.due.get(piece) as number);
      known.leastMs = Math.min(known.leastMs, ms);
      this.#pieceMs += (ms - this.#pieceMs) * GAP_WEIGHT;
      this.#leastMs = this.#leastMs > 0 ? Math.min(ms, this.#leastMs * LEAST_GROWS) : ms;
    }
    known.open.clear(piece);
    if (known.due.delete(piece)) this.#due[piece] = (this.#due[piece] as number) - 1;
    known.asked.delete(piece);
    known.only.delete(piece);
    known.gapMs += (nowMs - known.gainedMs - known.gapMs) * GAP_WEIGHT;
    known.gainedMs = nowMs;
    this.#tellMore(nowMs);
    if (known.starved && known.due.size === 0) this.#feed(known, nowMs);
  }

  /** Every so often. */
  tick(nowMs: number): void {
    this.#pass(nowMs);
    for (const [piece, toldMs] of this.#toldMs)
      if (nowMs - toldMs >= this.#limits.untakenMs) {
        this.#toldMs.delete(piece);
        if (this.#holders[piece] === 0) this.#fresh.push(piece);
      }
    for (const known of this.#nodes.values()) {
      const patienceMs = Math.max(this.#limits.starvedMs, GAPS * known.gapMs);
      // Who does not take what he was told of needs no more of it.
      const lacks = known.node.hasCount < this.#shape.pieceCount && known.due.size === 0;
      if (lacks && nowMs - known.gainedMs >= patienceMs) this.#feed(known, nowMs);
    }
    this.#tellMore(nowMs);
  }

  #pass(nowMs: number): void {
    let isBusy = false;
    for (const { asked } of this.#nodes.values()) isBusy ||= asked.size > 0;
    this.#line.pass(nowMs, isBusy);
    this.#all.pass(nowMs, isBusy);
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

  /** Bytes that are told ahead of what is had: what the line carries meanwhile. */
  get #aheadBytes(): number {
    const { aheadBytes, mostAheadBytes, mostAheadMs } = this.#limits;
    const ms = Math.min(mostAheadMs, 2 * this.#pieceMs);
    const bytes = Math.min(mostAheadBytes, (this.#line.mostBytesPerS * ms) / 1_000);
    return Math.max(2 * this.#shape.pieceLength, aheadBytes, bytes);
  }

  /** What has not left yet is gone in a moment: more of the rest does not hold it up. */
  #isSoonOut(nowMs: number): boolean {
    const bytes = (this.#line.bytesPerS * SOON_MS) / 1_000 - this.#fresh.length * this.#shape.pieceLength;
    if (bytes < 0) return false;
    let due = 0;
    for (const known of this.#nodes.values()) if (!this.#isStalled(known, nowMs)) due += known.only.size;
    return due * this.#shape.pieceLength <= bytes;
  }

  /** It was told, and nothing comes of it. */
  #isStalled({ due, gainedMs, leastMs }: Told, nowMs: number): boolean {
    const [oldestMs] = due.values();
    if (oldestMs === undefined) return false;
    const patienceMs = Math.max(this.#limits.stalledMs, leastMs === Number.POSITIVE_INFINITY ? 0 : 4 * leastMs);
    return nowMs - Math.max(oldestMs, gainedMs) >= patienceMs;
  }

  #tellMore(nowMs: number): void {
    if (this.#fresh.length > 0) this.#place(nowMs);
    if (this.#isSoonOut(nowMs)) this.#giveMore(nowMs);
  }

  /** Each fresh piece to one node, to whom the fewest are due. */
  #place(nowMs: number): void {
    const all = [...this.#nodes.values()].filter((known) => known.open.count > 0 && !this.#isStalled(known, nowMs));
    if (all.length === 0) return;
    const ahead = this.#aheadBytes / this.#shape.pieceLength;
    const each = Math.max(2, (2 * ahead) / all.length);
    let due = all.reduce((sum, { only }) => sum + only.size, 0);
    while (this.#fresh.length > 0 && due < ahead) {
      let next: Told | undefined;
      for (const known of all)
        if (
          !next ||
          known.only.size < next.only.size ||
          (known.only.size === next.only.size && known.times < next.times)
        )
          next = known;
      // Who has shown nothing yet is told little: the others will come in a moment.
      if (!next || next.only.size + 1 > (next.leastMs === Number.POSITIVE_INFINITY ? 4 : each)) return;
      const { open } = next;
      const at = this.#fresh.findLastIndex((piece) => open.has(piece));
      if (at >= 0) {
        const [piece] = this.#fresh.splice(at, 1);
        this.#tell(next, piece as PieceIndex, nowMs);
        due++;
      }
      if (at < 0 || open.count === 0) {
        all.splice(all.indexOf(next), 1);
        if (all.length === 0) return;
      }
    }
  }

  /**
   * So much, to all together, as the line carries in a moment: then it is never idle, and nobody who asks here for a piece that his neighbours have, too, waits for it longer than for a
   * neighbour's. Where the nodes give one another far more than that, it is less: one copy more that leaves here then helps nobody.
   */
  #giveMore(nowMs: number): void {
    const { moreMs, leastMore } = this.#limits;
    const ms = Math.max(moreMs, 2 * this.#leastMs);
    const share = this.#line.bytesPerS / Math.max(1, this.#all.bytesPerS);
    const bytes = (Math.min(1, SHARE_COUNTS * share) * this.#line.bytesPerS * ms) / 1_000;
    let room = Math.max(leastMore, bytes / this.#shape.pieceLength);
    const open: Told[] = [];
    for (const known of this.#nodes.values()) {
      if (this.#isStalled(known, nowMs)) continue;
      room -= this.#awaited(known, nowMs);
      if (known.open.count > 0) open.push(known);
    }
    open.sort((a, b) => a.awaited - b.awaited || a.times - b.times);
    for (let i = 0; room >= 1 && open.length > 0; i = (i + 1) % open.length, room--) {
      const known = open[i] as Told;
      this.#tellRare(known, known.due.size + 1, nowMs);
      if (known.open.count === 0) open.splice(i--, 1);
    }
  }

  /** Of what is due, what it has asked for, or was told of just now. The rest it has had, or will have, from elsewhere. */
  #awaited(known: Told, nowMs: number): number {
    let count = 0;
    for (const [piece, toldMs] of known.due) if (nowMs - toldMs < ASKS_MS || known.asked.has(piece)) count++;
    known.awaited = count;
    return count;
  }

  /** One that starves: one window. */
  #feed(known: Told, nowMs: number): void {
    known.gainedMs = nowMs;
    known.starved = true;
    this.#tellRare(known, known.due.size + Math.max(1, Math.floor(this.#aheadBytes / this.#shape.pieceLength)), nowMs);
  }

  /** Until so many are due: what the fewest have, or will have, of what it lacks. */
  #tellRare(known: Told, most: number, nowMs: number): void {
    while (known.due.size < most && known.open.count > 0) {
      let [best, fewest, seen] = [-1, Number.POSITIVE_INFINITY, 0];
      known.open.common(known.open, Math.floor(this.#random() * known.open.words.length), (piece) => {
        const count = (this.#holders[piece] as number) + (this.#due[piece] as number);
        if (count < fewest) [best, fewest] = [piece, count];
        return ++seen >= this.#limits.sampled;
      });
      const at = fewest === 0 ? this.#fresh.lastIndexOf(best) : -1;
      if (at >= 0) this.#fresh.splice(at, 1);
      this.#tell(known, best, nowMs);
    }
  }

  #tell(known: Told, piece: PieceIndex, nowMs: number): void {
    known.open.clear(piece);
    known.due.set(piece, nowMs);
    known.times++;
    this.#due[piece] = (this.#due[piece] as number) + 1;
    if (this.#holders[piece] === 0) {
      known.only.add(piece);
      this.#toldMs.set(piece, nowMs);
    }
    known.node.tell(piece);
  }
}
