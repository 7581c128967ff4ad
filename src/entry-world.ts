import { exit } from 'node:process';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Uplink } from '#downloader/uplink.ts';
import type { EntryWorld } from '#entry/entry.ts';
import type { Announced } from '#entry/seen.ts';
import type { OverloadWatch } from '#health/overload-watch.ts';
import type { Manager } from '#manager/manager.ts';
import { isOpenTracker } from '#wire/open-tracker.ts';

/** What the entry listener asks of the house. */

export type EntryParts = {
  readonly manager: Manager;
  readonly overload: OverloadWatch;
  readonly uplink: Pick<Uplink, 'mayFetchAhead'>;
  readonly log: Log;
  fetchOnAnnounce(): boolean;
  /** The entry listener takes more clients. */
  hasRoom(): boolean;
};

/** A tracker was told that something is lacking. What else is announced does not say. */
const wantsMore = ({ leftBytes = 0, event }: Announced): boolean =>
  leftBytes > 0 && event !== 'stopped' && event !== 'completed';

/**
 * The tracker to expect a client of, when it said that it has begun and lacks something, and the tracker is open to all. Of any other
 * nothing is fetched before a client itself has dialled.
 */
function openTrackerOf(a: Announced): string | undefined {
  if (!wantsMore(a)) return undefined;
  return a.tracker !== undefined && isOpenTracker(a.tracker) ? a.tracker : undefined;
}

export function entryWorld({ manager, overload, uplink, log, fetchOnAnnounce, hasRoom }: EntryParts): EntryWorld {
  return {
    claim: (flow) => {
      const refuses = flow.endpoint ? overload.refusesDiverted : overload.refuses;
      return refuses ? { kind: 'pass', why: 'overload' } : manager.claim(flow);
    },
    bears: () => overload.bears,
    wouldPass: (infoHash, client) => (overload.refusesDiverted ? 'overload' : manager.wouldPass(infoHash, client)),
    heldBy: (req2) => manager.heldBy(req2),
    learned: ({ infoHash, endpoints, from }) => {
      // A Qvod peer is dialled only with the words of a client that dials it.
      if (from !== 'qvod-handshake') manager.heard(infoHash, endpoints);
    },
    learnedBefore: (infoHash, endpoints) => manager.heard(infoHash, endpoints),
    announced: (a) => {
      if (wantsMore(a)) manager.announced(a.infoHash, a.client);
      // Whoever dials a peer beside the box is refused where the box is connected already: many peers take one connection from an address.
      const isWelcome = !overload.refuses && hasRoom();
      const mayFetch = fetchOnAnnounce() && uplink.mayFetchAhead && isWelcome;
      const tracker = mayFetch ? openTrackerOf(a) : undefined;
      if (tracker) manager.expect(a.infoHash, tracker);
    },
    announceable: (infoHash) => !overload.refuses && manager.announceable(infoHash),
    hot: () => manager.hot(),
    failed: (error) => {
      log.error('steering failed; ending, so that the kernel drops its rules', { why: errorText(error) });
      exit(1);
    },
  };
}
