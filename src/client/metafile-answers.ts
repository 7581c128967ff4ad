import type { InfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { encodeMetafile } from '#wire/qvod/messages.ts';
import { encodeSeed } from '#wire/qvod/seed.ts';
import type { ClientLimits } from './limits.ts';

export type MetafileWorld = {
  readonly infoHash: InfoHash;
  metainfo(): Metainfo | undefined;
  send(frame: Buffer): void;
  /** False while the client does not read. */
  roomy(): boolean;
};

/** How a Qvod client that has only a link comes to the metainfo: it asks for the seed file, and waits until we have it. */
export class MetafileAnswers {
  readonly #world: MetafileWorld;
  #left: number;
  #waiting = false;

  constructor(world: MetafileWorld, limits: Pick<ClientLimits, 'metafileAnswers'>) {
    this.#world = world;
    this.#left = limits.metafileAnswers;
  }

  /** A file that is not this task's is not ours to give. */
  asked(hash: InfoHash): void {
    if (hash !== this.#world.infoHash) return;
    this.#waiting = true;
    this.tick();
  }

  /** The metainfo became known, or time has passed. */
  tick(): void {
    const metainfo = this.#world.metainfo();
    if (!this.#waiting || !metainfo || this.#left === 0 || !this.#world.roomy()) return;
    this.#waiting = false;
    this.#left--;
    this.#world.send(encodeMetafile(encodeSeed(metainfo, this.#world.infoHash)));
  }
}
