/** What placement asks of a disk. */
export type Candidate = {
  /** Bytes that may still be written, less what the torrents that lie there already will take. */
  readonly freeBytes: number;
  /** Reads and writes under way or waiting. */
  readonly load: number;
  /** Milliseconds of the disk's time to read a MiB. */
  readonly costMs: number;
};

/**
 * The disk for a new torrent of `bytes`, as its place in the list; undefined when none has any room. Two that have room for all of it are
 * drawn by lot, and the better one is taken (Mitzenmacher, "The power of two choices"): all new torrents would otherwise go to the disk that
 * looked best a moment ago. Where none has that much, the one with most room gets it. `random`: in [0, 1), asked twice.
 *
 * A whole torrent goes to one disk, because clients ask for pieces in random order: nearly all of its segments are begun before the first one is
 * whole, so that spreading them would only spread the loss when a disk dies.
 */
export function place(candidates: readonly Candidate[], bytes: number, random: () => number): number | undefined {
  const roomy = candidates.flatMap(({ freeBytes }, i) => (freeBytes >= bytes ? [i] : []));
  if (roomy.length === 0) {
    const most = Math.max(...candidates.map((c) => c.freeBytes));
    return most > 0 ? candidates.findIndex((c) => c.freeBytes === most) : undefined;
  }
  const draw = () => roomy[Math.floor(random() * roomy.length)] as number;
  const [a, b] = [draw(), draw()];
  return worth(candidates[b] as Candidate) > worth(candidates[a] as Candidate) + ALIKE ? b : a;
}

/** In doublings: disks that differ by less share evenly, whichever was looked at a moment later. */
const ALIKE = 0.1;

/** Room counts in doublings, so that a disk twice as large outweighs one that is twice as busy, or half as fast. */
const worth = ({ freeBytes, load, costMs }: Candidate): number =>
  Math.log2(freeBytes) - Math.log2(1 + load) - Math.log2(Math.max(costMs, 0.1)) / 2;
