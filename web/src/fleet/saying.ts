import type { FleetDistribution, FleetTarget } from '#admin/contract-fleet.ts';
import { say } from '../frame/language.ts';
import { safeText } from '../frame/safe-text.ts';
import { fleetReasons, fleetWords } from './words.ts';

/** Why not, in words. */
export const reasonText = (why: string): string => safeText(say(fleetReasons.get(), why), 200);

/** How far a node is with a distribution; of one that waits and is away, what it waits for. */
export function targetText({ state, online, install }: Pick<FleetTarget, 'state' | 'online' | 'install'>): string {
  const words = fleetWords.get();
  if (state === 'done' && install) return words.install[install.state];
  return state === 'waiting' && !online ? words.waitsOffline : words.target[state];
}

export const isBad = ({ state, install }: Pick<FleetTarget, 'state' | 'install'>): boolean =>
  state === 'failed' || state === 'refused' || install?.state === 'failed' || install?.state === 'rolled-back';

/** What a badge of a distribution looks like. */
export const toneOf = ({ state, nodes }: Pick<FleetDistribution, 'state' | 'nodes'>): string =>
  state === 'complete'
    ? ''
    : state === 'partial'
      ? 'warn'
      : state === 'cancelled'
        ? 'plain'
        : nodes.failed
          ? 'warn'
          : 'info';
