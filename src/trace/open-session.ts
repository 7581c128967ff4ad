import { MIB } from '#base/units.ts';
import type { Session } from './session.ts';

type Who = Pick<Session, 'torrent' | 'segments' | 'pieceKib' | 'client'>;

const MINUTE_MS = 60_000;

/** A session under way. A clock that is set back stands still meanwhile. */
export class OpenSession {
  readonly #who: Who;
  readonly #beginMs: number;
  #lastMs: number;
  /** Segment -> minutes after the first request, in the order of asking. */
  readonly #asked = new Map<number, number>();
  #servedBytes = 0;
  #fetchedBytes = 0;

  constructor(who: Who, nowMs: number) {
    this.#who = who;
    this.#beginMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** True: it had not asked for the segment before. */
  asked(segment: number, nowMs: number): boolean {
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    if (this.#asked.has(segment)) return false;
    this.#asked.set(segment, this.#stayMin);
    return true;
  }

  served(bytes: number): void {
    this.#servedBytes += bytes;
  }

  fetched(bytes: number): void {
    this.#fetchedBytes += bytes;
  }

  /** Segments asked for. */
  get size(): number {
    return this.#asked.size;
  }

  /** How long nothing has been asked for; a clock that was set back far ends the session, too. */
  quietMin(nowMs: number): number {
    return Math.abs(nowMs - this.#lastMs) / MINUTE_MS;
  }

  /** As it is by now. */
  get session(): Session {
    return {
      atMin: Math.floor(this.#beginMs / MINUTE_MS),
      ...this.#who,
      asked: rangesOf(this.#asked),
      stayMin: this.#stayMin,
      servedMib: Math.round(this.#servedBytes / MIB),
      fetchedMib: Math.round(this.#fetchedBytes / MIB),
    };
  }

  get #stayMin(): number {
    return Math.floor((this.#lastMs - this.#beginMs) / MINUTE_MS);
  }
}

/** Those of the same minute in the order of the torrent: neighbours become one run. */
function rangesOf(asked: ReadonlyMap<number, number>): number[] {
  const ranges: number[] = [];
  for (const [segment, min] of [...asked].sort(([a, aMin], [b, bMin]) => aMin - bMin || a - b)) {
    const at = ranges.length - 3;
    const isNext = ranges[at] === min && (ranges[at + 1] as number) + (ranges[at + 2] as number) === segment;
    if (isNext) ranges[at + 2] = (ranges[at + 2] as number) + 1;
    else ranges.push(min, segment, 1);
  }
  return ranges;
}
