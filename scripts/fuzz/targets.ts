import type { Target } from './target.ts';
import { bencodeTargets } from './targets/bencode.ts';
import { discoveryTargets } from './targets/discovery.ts';
import { droppedTargets } from './targets/dropped.ts';
import { flowTargets } from './targets/flows.ts';
import { hashTreeTargets } from './targets/hash-trees.ts';
import { mseTargets } from './targets/mse.ts';
import { originTargets } from './targets/origin.ts';
import { packetTargets } from './targets/packets.ts';
import { peerMessageTargets } from './targets/peer-messages.ts';
import { tapTargets } from './targets/tap.ts';
import { torrentTargets } from './targets/torrents.ts';
import { trackerTargets } from './targets/trackers.ts';

/** Every parser of strangers' bytes. */
export const targets: Readonly<Record<string, Target>> = {
  ...bencodeTargets,
  ...torrentTargets,
  ...hashTreeTargets,
  ...flowTargets,
  ...mseTargets,
  ...peerMessageTargets,
  ...originTargets,
  ...trackerTargets,
  ...discoveryTargets,
  ...droppedTargets,
  ...tapTargets,
  ...packetTargets,
};
