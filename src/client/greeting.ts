import type { InfoHash } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, type Handshake } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { Announcer } from './announcer.ts';
import type { ClientTask } from './client-world.ts';

/**
 * The first bytes to a client: our handshake, then what the task has. BEP 3: the bitfield is the first message or none. BEP 6: with the fast
 * extension there is always one of bitfield, have-all, have-none. A Qvod client is answered in its dialect. DHT (BEP 5) only where the torrent is known not to be private (BEP 27). Without metainfo the honest answer is "nothing yet", and there is no announcer either.
 * A client whose task chooses what it is told of (`steers`) begins with nothing.
 */
export function greeting(
  task: ClientTask,
  theirs: Handshake,
  nowMs: number,
): { frames: Buffer[]; announcer: Announcer | undefined; steered: boolean } {
  const { peerId } = task;
  const { fast } = theirs;
  const shape = task.metainfo();
  const hands = theirs.qvodHello
    ? encodeQvodHandshake({ infoHash: task.infoHash, peerId: newQvodPeerId(theirs.peerId) })
    : encodeHandshake({
        infoHash: answeredName(theirs, shape),
        peerId,
        extended: true,
        fast: true,
        dht: task.swarm() !== undefined,
      });
  const steered = shape !== undefined && task.steers();
  const have = shape && !steered ? task.have() : undefined;
  const { announcer, bits } = shape ? Announcer.open(shape.pieceCount, have, nowMs) : NOTHING_YET;
  const says = (message: Parameters<typeof encodeMessage>[0]) => ({
    frames: [hands, encodeMessage(message)],
    announcer,
    steered,
  });
  if (have?.full && fast) return says({ kind: 'have-all' });
  if (bits.some((byte) => byte !== 0)) return says({ kind: 'bitfield', bits });
  return fast ? says({ kind: 'have-none' }) : { frames: [hands], announcer, steered };
}

const NOTHING_YET = { announcer: undefined, bits: Buffer.alloc(0) };

/**
 * A hybrid torrent has two names (BEP 52). The client hears the one it said, or the v2 one when it said v1's and offered to upgrade: libtorrent
 * (2.0.8 to 2.0.11) takes no other answer once a tracker has named the same peer under v2, which it may have done since the client's handshake
 * left, and would not come back for a minute. A client that was upgraded may ask for hashes, so the piece layers must be known.
 */
function answeredName(theirs: Handshake, meta: Metainfo | undefined): InfoHash {
  const [, v2Name] = meta?.version === 'hybrid' && meta.pieceRoots ? meta.ids : [];
  return theirs.v2 && v2Name ? v2Name : theirs.infoHash;
}
