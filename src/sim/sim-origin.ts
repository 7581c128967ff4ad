import type { Duplex } from 'node:stream';
import type { Random } from '#base/seeded-random.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FakeSeed, type SeedHabits } from '#downloader/fake-seed.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import type { OriginPlan } from './scenario.ts';
import type { SimNet } from './sim-net.ts';
import type { SimSocket } from './sim-socket.ts';
import type { VirtualTime } from './virtual-time.ts';

export const WAN = 'wan';

type OriginWorld = { readonly net: SimNet; readonly time: VirtualTime; readonly random: Random };

/** One peer of the swarm outside, seed or not, at its endpoint. */
export class SimOrigin {
  readonly #plan: OriginPlan;
  readonly #torrent: Torrent;
  readonly #world: OriginWorld;
  readonly #open = new Set<SimSocket>();

  constructor(plan: OriginPlan, torrent: Torrent, world: OriginWorld) {
    this.#plan = plan;
    this.#torrent = torrent;
    this.#world = world;
    world.net.listen(plan, {
      owner: WAN,
      answers: () => this.#answers(),
      accept: (socket) => this.#accept(socket),
    });
    for (const { fromMs } of plan.away) world.time.after(fromMs, () => this.#vanish(), WAN);
  }

  #answers(): 'yes' | 'refuses' | 'never' {
    const nowMs = this.#world.time.elapsedMs;
    if (this.#plan.away.some(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)) return 'refuses';
    if (this.#plan.habit === 'refusing') return 'refuses';
    return this.#plan.habit === 'hanging' ? 'never' : 'yes';
  }

  #vanish(): void {
    for (const socket of this.#open) socket.reset();
  }

  #accept(socket: SimSocket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    socket.on('error', () => {});
    if (this.#plan.habit === 'silent') socket.resume().once('end', () => socket.destroy());
    else new FakeSeed(socket as Duplex, this.#torrent, this.#habits());
  }

  #habits(): SeedHabits {
    const { has, fast, mse, metadata } = this.#plan;
    const { time, random } = this.#world;
    let chokedUntilMs = 0;
    return {
      has: (piece) => has.includes(piece),
      fast,
      mse,
      v2: this.#torrent.meta.version === 'hybrid',
      hashes: 'answer',
      ...(metadata !== 'none' && { metadata: metadata === 'wrong' ? 'wrong' : true }),
      onRequest: (seed, piece, begin) => {
        // A client that asks for what there is not, and is spliced.
        if (
          piece >= this.#torrent.meta.pieceCount ||
          begin % BLOCK_BYTES > 0 ||
          begin >= pieceSize(this.#torrent.meta, piece)
        )
          return 'close';
        const length = Math.min(BLOCK_BYTES, pieceSize(this.#torrent.meta, piece) - begin);
        const refuse = (): 'ignore' => {
          if (fast) seed.say({ kind: 'reject', piece, begin, length });
          return 'ignore';
        };
        if (!has.includes(piece) || time.elapsedMs < chokedUntilMs) return refuse();
        switch (this.#plan.habit) {
          case 'choking': {
            if (!random.chance(0.02)) return 'answer';
            const ms = random.between(200, 25_000);
            chokedUntilMs = time.elapsedMs + ms;
            seed.say({ kind: 'choke' });
            time.after(ms, () => seed.say({ kind: 'unchoke' }));
            return refuse();
          }
          case 'rejecting':
            return random.chance(0.3) ? refuse() : 'answer';
          case 'forgetful':
            return random.chance(0.02) ? 'ignore' : 'answer';
          case 'hanging up':
            return random.chance(0.02) ? 'close' : 'answer';
          case 'lying':
            return random.chance(0.2) ? 'lie' : 'answer';
          default:
            return 'answer';
        }
      },
    };
  }
}
