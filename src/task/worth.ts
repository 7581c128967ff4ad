/** What an agent knows of the demand for its torrent. */
export type Demand = {
  /**
   * Connected clients that want more: they lack a piece that the box lacks too, and take what they are offered. Who leaves offered pieces alone has
   * what it came for (a part of the files, or a user who has lost interest), whatever its bitfield says.
   */
  readonly wanting: number;
  /** The odds that another client comes for the torrent, 0 to 1. */
  readonly another: number;
  /** The share of clients whose transfers come through the box in any case, 0 to 1. */
  readonly through: number;
  /** Bytes/s at which the box fetches it, or would. */
  readonly bytesPerS: number;
};

/** Below this odds nobody is expected: a torrent with a single client, of a kind that hardly ever gets a second one. */
const MARGIN = 0.05;

/**
 * Bytes of the line that a second of fetching saves, compared with not fetching now; 0: there is no reason to.
 *
 * A piece that is fetched while somebody wants it costs nothing: that client takes it from the box instead of fetching it itself, and every other one
 * that wants it is a copy saved. So is the next client that comes. But only the next one: had the box waited, it would fetch the piece with that
 * client, and have it for all who come later. So what counts of the future is whether anybody comes at all, not how many, and a piece that nobody
 * wants now is never worth fetching. Of the next client's own bytes, those that come through the box would be kept without this, too.
 */
export function worthOf({ wanting, another, through, bytesPerS }: Demand): number {
  if (wanting <= 0) return 0;
  return Math.max(0, wanting - 1 + another * (1 - through) - MARGIN) * bytesPerS;
}
