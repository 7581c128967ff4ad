import { Random } from '#base/seeded-random.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { AskWindow } from './ask-window.ts';
import { BitWords } from './bit-words.ts';
import { Filling, type Giver } from './filling.ts';
import { SWARM_LIMITS } from './limits.ts';
import { dialledBy } from './mesh.ts';
import { type PlacedNode, Placement } from './placement.ts';
import { Uplink } from './uplink.ts';

/** Lines in bytes a second, upward; every message waits its turn on its sender's. */
export type SimShape = {
  readonly nodes: number;
  readonly pieces: number;
  readonly pieceLength: number;
  readonly giverBytesPerS: number;
  readonly nodeBytesPerS: number;
  readonly delayMs: number;
  /** From a piece's last byte until it is verified, kept and said. */
  readonly keepMs: number;
  readonly seed: number;
  /** Nodes that take nothing, and what others carry, by number. */
  readonly dead?: readonly number[];
  readonly slow?: ReadonlyMap<number, number>;
};

/** What came of it: when each node had all, ms; pieces that left the giver; and the share of the time, until the last had all, in which its line carried something. */
export type SimResult = {
  readonly doneMs: number[];
  readonly copies: number;
  readonly busy: number;
  readonly twice: number;
};

class Line {
  freeMs = 0;
  carriedMs = 0;
  readonly #bytesPerMs: number;

  constructor(bytesPerS: number) {
    this.#bytesPerMs = bytesPerS / 1_000;
  }

  /** When so many bytes have left. */
  send(bytes: number, nowMs: number): number {
    const ms = bytes / this.#bytesPerMs;
    this.freeMs = Math.max(this.freeMs, nowMs) + ms;
    this.carriedMs += ms;
    return this.freeMs;
  }
}

class SimLink implements Giver {
  readonly has: BitWords;
  readonly window = new AskWindow();
  readonly #sim: SwarmSim;
  queue: { piece: number; begin: number; length: number }[] = [];
  readonly from: SimNode;
  readonly to: SimNode | undefined;

  constructor(sim: SwarmSim, from: SimNode, to: SimNode | undefined) {
    this.#sim = sim;
    this.from = from;
    this.to = to;
    this.has = new BitWords(sim.shape.pieces);
  }

  get room(): number {
    return this.window.room(this.#sim.nowMs);
  }

  ask(piece: number, begin: number, length: number, cancel = false): void {
    this.window.asked(cancel ? -length : length);
    this.#sim.send(this.from.line, 17, () => {
      if (!cancel) this.#sim.asked(this, piece, begin, length);
      else this.queue = this.queue.filter((r) => r.piece !== piece || r.begin < begin || r.begin >= begin + length);
    });
  }

  late(): void {}
}

class SimNode implements PlacedNode {
  readonly line: Line;
  readonly has: BitWords;
  readonly filling: Filling;
  readonly uplink = new Uplink<SimLink>();
  readonly takers: SimLink[] = [];
  readonly links = new Map<SimNode | undefined, SimLink>();
  readonly #sim: SwarmSim;
  readonly number: number;

  constructor(sim: SwarmSim, number: number, bytesPerS: number) {
    this.#sim = sim;
    this.number = number;
    this.line = new Line(bytesPerS);
    const { pieces, pieceLength } = sim.shape;
    this.has = new BitWords(pieces);
    this.filling = new Filling({ pieceCount: pieces, sizeOf: () => pieceLength }, () => false, sim.random);
  }

  get hasCount(): number {
    return this.#sim.saidCount(this);
  }

  hasPiece(piece: number): boolean {
    return this.#sim.hasSaid(this, piece);
  }

  tell(piece: number): void {
    this.#sim.tell(this, piece);
  }
}

/**
 * A giver and its nodes on lines of which all is known, by the same Placement, Filling and AskWindow that swarms of sockets are made of: what they come to is the
 * same each time.
 */
export class SwarmSim {
  readonly shape: SimShape;
  readonly random: () => number;
  nowMs = 0;
  readonly #giver: Line;
  readonly #uplink = new Uplink<SimLink>();
  readonly #takers: SimLink[] = [];
  readonly #nodes: SimNode[];
  readonly placement: Placement;
  readonly #said = new Map<SimNode, BitWords>();
  readonly #due: { ms: number; order: number; work: () => void }[] = [];
  #order = 0;
  #gave = 0;
  #twice = 0;

  constructor(shape: SimShape) {
    this.shape = shape;
    const random = new Random(shape.seed);
    this.random = () => random.unit();
    this.#giver = new Line(shape.giverBytesPerS);
    const { nodes, pieces: pieceCount, pieceLength } = shape;
    this.#nodes = Array.from(
      { length: nodes },
      (_, i) => new SimNode(this, i, shape.slow?.get(i) ?? shape.nodeBytesPerS),
    );
    this.placement = new Placement({ pieceCount, pieceLength }, SWARM_LIMITS, this.random);
  }

  run(mostMs = 600_000): SimResult {
    const { nodes, pieces, dead = [] } = this.shape;
    for (const node of this.#nodes) {
      if (!dead.includes(node.number)) {
        const link = new SimLink(this, node, undefined);
        node.links.set(undefined, link);
        this.#takers.push(link);
      }
      this.#said.set(node, new BitWords(pieces));
    }
    for (const node of this.#nodes)
      for (const other of dialledBy(node.number, nodes).map((slot) => this.#nodes[slot] as SimNode)) {
        if (dead.includes(node.number) || dead.includes(other.number)) continue;
        for (const [a, b] of [
          [node, other],
          [other, node],
        ] as [SimNode, SimNode][]) {
          const link = new SimLink(this, a, b);
          a.links.set(b, link);
          b.takers.push(link);
        }
      }
    for (const node of this.#nodes) this.placement.joined(node, 0);
    const doneMs = new Map<SimNode, number>();
    const tick = (): void => {
      this.placement.tick(this.nowMs);
      for (const host of [undefined, ...this.#nodes])
        if ((host?.uplink ?? this.#uplink).tick(this.nowMs)) this.#pump(host);
      for (const node of this.#nodes) {
        node.filling.tick(this.nowMs);
        for (const link of node.links.values()) node.filling.fill(link, this.nowMs);
      }
      this.#at(this.nowMs + SWARM_LIMITS.tickMs, tick);
    };
    this.#at(SWARM_LIMITS.tickMs, tick);
    while (doneMs.size < nodes - dead.length && this.nowMs < mostMs) {
      const next = this.#pop();
      if (!next) break;
      this.nowMs = next.ms;
      next.work();
      for (const node of this.#nodes) if (node.has.count === pieces && !doneMs.has(node)) doneMs.set(node, this.nowMs);
    }
    const ms = [...doneMs.values()];
    const bytes = pieces * this.shape.pieceLength;
    const busy = this.#giver.carriedMs / this.nowMs;
    return { doneMs: ms, copies: this.#gave / bytes, busy, twice: this.#twice / bytes / ms.length };
  }

  saidCount(node: SimNode): number {
    return this.#said.get(node)?.count ?? 0;
  }

  hasSaid(node: SimNode, piece: number): boolean {
    return this.#said.get(node)?.has(piece) ?? false;
  }

  tell(node: SimNode, piece: number): void {
    this.send(this.#giver, 9, () => this.#heard(node.links.get(undefined), piece));
  }

  send(line: Line, bytes: number, arrived: () => void): void {
    this.#at(line.send(bytes, this.nowMs) + this.shape.delayMs, arrived);
  }

  /** The request has come to whom it was for. */
  asked(link: SimLink, piece: number, begin: number, length: number): void {
    link.queue.push({ piece, begin, length });
    this.#pump(link.to);
  }

  #pump(host: SimNode | undefined): void {
    const [uplink, takers, line] = host
      ? [host.uplink, host.takers, host.line]
      : [this.#uplink, this.#takers, this.#giver];
    while (uplink.room > 0) {
      const at = takers.findIndex(({ queue }) => queue.length > 0);
      if (at < 0) return;
      const [link] = takers.splice(at, 1) as [SimLink];
      takers.push(link);
      const { piece, begin, length } = link.queue.shift() as { piece: number; begin: number; length: number };
      uplink.gave(link, piece, length, this.nowMs);
      if (!host) {
        this.#gave += length;
        this.placement.gave(link.from, piece);
      }
      this.send(line, length, () => this.#came(link, piece, begin, length));
    }
  }

  #acked(link: SimLink, piece: number): void {
    const uplink = link.to?.uplink ?? this.#uplink;
    if (uplink.arrived(link, piece, this.nowMs)) this.#pump(link.to);
  }

  #heard(link: SimLink | undefined, piece: number): void {
    if (!link?.has.set(piece)) return;
    link.from.filling.seen(piece);
    link.from.filling.fill(link, this.nowMs);
  }

  #came(link: SimLink, index: number, begin: number, length: number): void {
    const node = link.from;
    link.window.came(length, this.nowMs);
    for (let at = begin; at < begin + length; at += BLOCK_BYTES) {
      if (!node.filling.target(index, at, BLOCK_BYTES, link)) this.#twice += BLOCK_BYTES;
      else if (node.filling.came(index, at, link))
        this.#at(this.nowMs + this.shape.keepMs, () => this.#keep(node, index, link));
    }
    node.filling.fill(link, this.nowMs);
  }

  #keep(node: SimNode, piece: number, from: SimLink): void {
    node.has.set(piece);
    for (const [other, link] of node.links) {
      if (!other) {
        this.send(node.line, 9, () => {
          this.#said.get(node)?.set(piece);
          this.#acked(link, piece);
          this.placement.gained(node, piece, this.nowMs);
        });
      } else if (!link.has.has(piece) || from === link)
        this.send(node.line, 9, () => {
          this.#acked(link, piece);
          this.#heard(other.links.get(node), piece);
        });
    }
  }

  #at(ms: number, work: () => void): void {
    const event = { ms, order: this.#order++, work };
    const heap = this.#due;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(event, heap[up] as typeof event)) break;
      heap[at] = heap[up] as typeof event;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): { ms: number; work: () => void } | undefined {
    const heap = this.#due;
    const [first] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1] as typeof last, heap[down] as typeof last)) down++;
      if (!isBefore(heap[down] as typeof last, last)) break;
      heap[at] = heap[down] as typeof last;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: { ms: number; order: number }, b: { ms: number; order: number }): boolean =>
  a.ms < b.ms || (a.ms === b.ms && a.order < b.order);
