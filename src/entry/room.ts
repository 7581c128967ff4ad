import { LIMITS } from './limits.ts';

/** Diverted flows that are no clients yet: nobody has accepted them, or their first words are awaited. */
export type OnTheirWay = { readonly queued: number; readonly recognising: number };

/**
 * How many flows more may be steered now, so that with all that are on their way there are no more clients than the box bears, and no more wait
 * to be accepted than it gets round to in half a second. The kernel keeps to it: whoever comes beyond crosses the bridge.
 */
export function roomFor(bears: number, { queued, recognising }: OnTheirWay): number {
  return Math.max(0, Math.min(LIMITS.steeredAtOnce, bears - recognising) - queued);
}
