import type { PieceIndex } from '#base/units.ts';
import { Flow } from './flow.ts';
import { SWARM_LIMITS, type SwarmLimits } from './limits.ts';

type Limits = Pick<SwarmLimits, 'leastAfloat' | 'afloatMs' | 'flowMs' | 'ackMs'>;
/** `counted`: bytes that are still waited for. */
type Given = { bytes: number; counted: number; readonly sinceMs: number };
/** `isLate`: what it was given last did not come in time, so that it is not our line that it waits for. */
type Known = { readonly given: Map<PieceIndex, Given>; isLate: boolean };

/**
 * How much a node has on its way to its neighbours at once. What is written to sockets stands in one row there with requests and words that are small and urgent, for half a
 * second on a narrow line with twenty neighbours. So no more is written than the line carries in a moment, as the neighbours say what they have got; the rest
 * waits here, in turn. A neighbour that says nothing in time (it is slow, it is dead, it never says) keeps nothing back from the others.
 */
export class Uplink<Neighbour extends object> {
  readonly #limits: Limits;
  readonly #flow: Flow;
  readonly #known = new Map<Neighbour, Known>();
  #afloat = 0;
  #leastMs = Number.POSITIVE_INFINITY;

  constructor(limits: Limits = SWARM_LIMITS) {
    this.#limits = limits;
    this.#flow = new Flow(limits.flowMs);
  }

  /** Bytes that may leave now; none or less: when something has arrived. */
  get room(): number {
    const { leastAfloat, afloatMs } = this.#limits;
    const ms = afloatMs + (this.#leastMs === Number.POSITIVE_INFINITY ? 0 : this.#leastMs);
    return Math.max(leastAfloat, (this.#flow.mostBytesPerS * ms) / 1_000) - this.#afloat;
  }

  gave(to: Neighbour, piece: PieceIndex, bytes: number, nowMs: number): void {
    this.#flow.pass(nowMs, this.#afloat > 0);
    const known = this.#known.get(to) ?? { given: new Map<PieceIndex, Given>(), isLate: false };
    this.#known.set(to, known);
    const given = known.given.get(piece) ?? { bytes: 0, counted: 0, sinceMs: nowMs };
    known.given.set(piece, given);
    given.bytes += bytes;
    if (known.isLate) return;
    given.counted += bytes;
    this.#afloat += bytes;
  }

  /** The neighbour says that it has the piece. True: it was on its way from here. */
  arrived(at: Neighbour, piece: PieceIndex, nowMs: number): boolean {
    const known = this.#known.get(at);
    const given = known?.given.get(piece);
    if (!known || !given) return false;
    this.#flow.pass(nowMs, this.#afloat > 0);
    this.#flow.add(given.bytes);
    this.#leastMs = Math.min(this.#leastMs, nowMs - given.sinceMs);
    known.isLate = nowMs - given.sinceMs >= this.#patienceMs(given.bytes);
    this.#afloat -= given.counted;
    known.given.delete(piece);
    return true;
  }

  left(neighbour: Neighbour): void {
    for (const { counted } of this.#known.get(neighbour)?.given.values() ?? []) this.#afloat -= counted;
    this.#known.delete(neighbour);
  }

  /** What does not come in time is not waited for. True: there may be room. */
  tick(nowMs: number): boolean {
    let isFreed = false;
    for (const known of this.#known.values())
      for (const [piece, given] of known.given) {
        const ms = nowMs - given.sinceMs;
        if (ms < this.#patienceMs(given.bytes)) continue;
        known.isLate = true;
        isFreed ||= given.counted > 0;
        this.#afloat -= given.counted;
        given.counted = 0;
        if (ms >= FORGOTTEN_MS) known.given.delete(piece);
      }
    return isFreed;
  }

  #patienceMs(bytes: number): number {
    const rate = this.#flow.mostBytesPerS;
    return this.#limits.ackMs + (rate > 0 ? Math.min(FORGOTTEN_MS, (4_000 * bytes) / rate) : 0);
  }
}

const FORGOTTEN_MS = 60_000;
