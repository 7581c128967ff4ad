import type { Socket } from 'node:net';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { Seed } from '../seed.ts';
import { Door } from '../swarm/hello.ts';
import { PieceFiles } from '../swarm/piece-files.ts';
import { Swarm } from '../swarm/swarm.ts';

/** An open distribution: its originals, and who takes them. */
export type Opened = { readonly files: PieceFiles; readonly swarm: Swarm };

type Given = Opened & { readonly scope: Scope };

/** So many distributions are open at once; the one that was used longest ago is closed, and opened again when it is wanted. */
const OPEN_MAX = 32;

/** The central's originals, as pieces, and given to whoever dials: each piece to another node first. */
export class Giver implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #scope: Scope;
  readonly #open = new Map<InfoHash, Promise<Given>>();
  readonly #given = new Map<InfoHash, Given>();
  #door: Door | undefined;

  constructor(world: { readonly clock: Clock; readonly log: Log; readonly scope: Scope }) {
    this.#clock = world.clock;
    this.#log = world.log;
    this.#scope = world.scope;
  }

  /** Rejects when the port is taken. Returns the port. */
  async listen(endpoint: Endpoint): Promise<number> {
    this.#door = new Door({ arrived: (infoHash, socket, early) => this.#arrived(infoHash, socket, early) });
    return this.#door.listen(endpoint);
  }

  /** Rejects when the originals cannot be read. What of them has changed since is not had. `isFresh`: the seed was made of them just now. */
  async open(seed: Seed, folder: string, isFresh = false): Promise<Opened> {
    const { infoHash } = seed.meta;
    const opening = this.#open.get(infoHash) ?? this.#openAnew(seed, folder, isFresh);
    this.#open.delete(infoHash);
    this.#open.set(infoHash, opening);
    opening.catch(() => this.#open.delete(infoHash));
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest) await this.shut(oldest);
    return opening;
  }

  /** What is given of an open one, to all who take it together; undefined: as much as goes. */
  limit(infoHash: InfoHash, bytesPerS: number | undefined): void {
    this.#given.get(infoHash)?.swarm.limit(bytesPerS);
  }

  /** Nothing more of it is given, until it is opened again. */
  async shut(infoHash: InfoHash): Promise<void> {
    const opening = this.#open.get(infoHash);
    this.#open.delete(infoHash);
    this.#given.delete(infoHash);
    const given = await opening?.catch(() => undefined);
    await given?.scope.close();
    await given?.files[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]();
    await Promise.all([...this.#open.keys()].map((infoHash) => this.shut(infoHash)));
  }

  async #openAnew(seed: Seed, folder: string, isFresh: boolean): Promise<Given> {
    const log = this.#log.with({ infoHash: seed.meta.infoHash });
    const files = isFresh ? PieceFiles.openFresh(seed, folder, log) : await PieceFiles.open(seed, folder, log);
    const scope = new Scope((error) => log.error('swarm trouble', { why: errorText(error) }), this.#scope);
    const world = {
      clock: this.#clock,
      log,
      scope,
      gained: () => {},
      cannotKeep: () => {},
    };
    const given = { files, scope, swarm: new Swarm(seed, files, world, { places: true }) };
    this.#given.set(seed.meta.infoHash, given);
    return given;
  }

  #arrived(infoHash: InfoHash, socket: Socket, early: Buffer): boolean {
    const given = this.#given.get(infoHash);
    given?.swarm.join(socket, early);
    return given !== undefined;
  }
}
