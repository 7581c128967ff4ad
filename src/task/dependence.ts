import { type Holder, settled } from './holder.ts';
import { LIMITS } from './limits.ts';

/**
 * How much each client of one torrent depends on the box, where its rate is limited: what others on the LAN have it may get from them as well, so those whom
 * nobody else can help come first. What the box gives to them is not asked of the outside (Pacifici, Lehrieder, Dán, "Cache bandwidth
 * allocation for P2P file-sharing systems to minimize inter-ISP traffic", 2016: among swarms, those with few local peers).
 */
export class Dependence {
  #weights: ReadonlyMap<string, number> = new Map();

  /** Its weight among those who share a rate: 1 when nobody else has what it lacks, and never less than a bound. */
  weightOf(ip: string): number {
    return this.#weights.get(ip) ?? 1;
  }

  /** Who is here, or what they have, has changed. */
  look(holders: readonly Holder[], pieceCount: number): void {
    const had = new Uint16Array(pieceCount);
    for (const { pieces } of holders)
      for (let i = 0; pieces && i < pieceCount; i++) if (pieces.has(i)) had[i] = (had[i] as number) + 1;
    this.#weights = new Map(holders.map((holder) => [holder.ip, weightBeside(had, holder)]));
  }
}

/** `had`: for each piece how many have it. What counts is the number of those who have a piece that it lacks, on the average. */
function weightBeside(had: Uint16Array, holder: Holder): number {
  const done = settled(holder, had.length);
  let others = 0;
  for (let i = 0; i < had.length; i++) if (!done.has(i)) others += had[i] as number;
  const lacks = done.size - done.count;
  return Math.max(LIMITS.leastWeight, lacks === 0 ? 0 : 1 / (1 + others / lacks));
}
