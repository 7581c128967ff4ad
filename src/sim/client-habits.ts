import type { Random } from '#base/seeded-random.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import type { ClientHabit } from './scenario.ts';
import type { SimPeer } from './sim-peer.ts';

export type Misbehaving = {
  readonly random: Random;
  /** Its connections. */
  readonly peers: readonly SimPeer[];
  readonly meta: Metainfo;
  after(ms: number, run: () => void): void;
  /** It hangs up everywhere, and comes back. */
  goAway(ms: number): void;
};

/** What a client of that habit does once a second, while it lacks something. */
export function misbehave(habit: ClientHabit, client: Misbehaving): void {
  const { random, peers, after } = client;
  const peer = random.pick(peers);
  if (!peer) return;
  switch (habit) {
    case 'flapping':
      if (random.chance(0.08)) client.goAway(random.between(500, 10_000));
      break;
    case 'dozing':
      if (!random.chance(0.1)) break;
      peer.socket.pause();
      after(random.between(1_000, 30_000), () => peer.socket.resume());
      break;
    case 'vanishing':
      if (random.chance(0.04)) for (const each of peers) pullCable(each);
      break;
    case 'greedy':
      if (peer.greeted) askTooMuch(peer, client);
      break;
    case 'garbage':
      if (random.chance(0.2)) peer.socket.write(random.bytes(random.between(1, 3_000)));
  }
}

function pullCable(peer: SimPeer): void {
  peer.socket.fallSilent();
  peer.close('its cable is out');
}

/** Pieces that it was not told of, or that there are not; any offset and length; and it takes some of it back. */
function askTooMuch(peer: SimPeer, { random, meta: { pieceCount, pieceLength } }: Misbehaving): void {
  const piece = random.below(pieceCount + (random.chance(0.1) ? 3 : 0));
  const begin = random.chance(0.7)
    ? random.below(pieceLength / BLOCK_BYTES) * BLOCK_BYTES
    : random.below(2 * pieceLength);
  const length = random.pick([BLOCK_BYTES, BLOCK_BYTES, 1, 100, 2 * BLOCK_BYTES, random.below(140_000)]);
  if (random.chance(0.3)) peer.say({ kind: 'interested' });
  peer.say({ kind: 'request', piece, begin, length });
  if (random.chance(0.3)) peer.say({ kind: 'cancel', piece, begin, length });
}
