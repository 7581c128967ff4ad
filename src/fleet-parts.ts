import { join } from 'node:path';
import type { FleetView, Warning } from '#admin/contract.ts';
import { realClock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { bridgeAddresses, isLinkLocal } from '#entry/bridge-addresses.ts';
import { amqpBroker } from '#fleet/amqp-broker.ts';
import type { BrokerState } from '#fleet/broker.ts';
import { retryAfterMs } from '#fleet/broker-limits.ts';
import { controlTopology, dataTopology } from '#fleet/names.ts';
import { FleetNode } from '#fleet/node/fleet-node.ts';
import type { Installer } from '#fleet/node/installer.ts';
import { NodeBook } from '#fleet/node/node-book.ts';
import { openSeed, type Seed } from '#fleet/seed.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Config } from './config.ts';
import { FLEET_BOOK, JOIN_LIMITS as LIMITS } from './fleet-limits.ts';
import { type Joining, joiningOf, NotJoined } from './fleet-settings.ts';
import { FleetTasks } from './fleet-tasks.ts';
import type { FleetTasksWorld } from './kept-task.ts';

export type FleetHouse = Omit<FleetTasksWorld, 'clock' | 'seedOf'> & {
  readonly version: string;
  /** Undefined: the box has no slots that a bundle could go into. */
  readonly installer: Installer | undefined;
  /** What may be served has changed: torrents that may not let their clients go. */
  judgeAll(): void;
};

/** What is read before anything can be joined: the settings' files, and the book. */
type Known = { readonly joining: Joining; readonly book: FleetBook; readonly known: NodeBook };

/**
 * The box as a relay of a fleet. Invariant: joining neither delays nor ends the rest of the box; whatever is wrong with it is a warning, and it is tried again. What came
 * by the fleet is served, and stays, whether the box is joined or not.
 */
export class FleetPart {
  readonly #config: Pick<Config, 'fleet' | 'dataDir' | 'bridge'>;
  readonly #log: Log;
  readonly #scope: Scope;
  #read: Known | undefined;
  #tasks: FleetTasks | undefined;
  #trouble: NotJoined | undefined;
  #broker: BrokerState = { kind: 'down', why: 'not dialled yet' };
  #downSinceMs = Date.now();
  #node: FleetNode | undefined;
  #wanted = '';

  private constructor(config: Pick<Config, 'fleet' | 'dataDir' | 'bridge'>, log: Log, scope: Scope) {
    this.#config = config;
    this.#log = log;
    this.#scope = scope;
  }

  /** What is wrong with the section is told by `warnings`. */
  static open(config: Pick<Config, 'fleet' | 'dataDir' | 'bridge'>, log: Log, scope: Scope): FleetPart {
    const part = new FleetPart(config, log, scope);
    scope.defer(() => part.#read?.book[Symbol.dispose]());
    part.#attempt(() => part.#known());
    return part;
  }

  /** The torrent is one of the fleet's, and wanted here: it stays, and no rule on private torrents is about it. */
  isOwn(infoHash: InfoHash): boolean {
    return (this.#tasks?.isOpen(infoHash) || this.#read?.known.isWanted(infoHash)) ?? false;
  }

  /** See TaskWorld. */
  pieceSha256(infoHash: InfoHash): Uint8Array | undefined {
    return (this.#tasks ? this.#tasks.pieceSha256(infoHash) : this.#seedOf(infoHash)?.pieceSha256) ?? undefined;
  }

  /** Of all that is wanted, bytes that are had, as far as the index says. */
  keptBytes(haveCount: (infoHash: InfoHash) => number): number {
    const wanted = new Map(this.#all().map(({ manifest }) => [manifest.infoHash, manifest]));
    return [...wanted.values()].reduce(
      (sum, { infoHash, pieceLength, sizeBytes }) => sum + Math.min(sizeBytes, haveCount(infoHash) * pieceLength),
      0,
    );
  }

  /** Joins, now or as soon as it can be. */
  start(world: FleetHouse): void {
    const { drop, ...rest } = world;
    const tasks = new FleetTasks(
      {
        ...rest,
        clock: realClock,
        seedOf: (infoHash) => this.#seedOf(infoHash),
        // The same bytes may be wanted by another distribution.
        drop: async (infoHash) => {
          const others = (this.#read?.known.allByInfoHash(infoHash).length ?? 0) > 1 || tasks.isOpen(infoHash);
          if (!others) await drop(infoHash);
        },
      },
      this.#scope,
    );
    this.#tasks = tasks;
    this.#scope.every(LIMITS.lookMs, () => this.#look(world));
    this.#scope.run(async (signal) => {
      for (let failures = 0; !signal.aborted; failures++) {
        try {
          await this.#beJoined(tasks, world, signal);
          failures = 0;
        } catch (error) {
          signal.throwIfAborted();
          this.#note(error);
        }
        await realClock.sleep(retryAfterMs(failures, Math.random(), LIMITS.retryMs), signal);
      }
    });
  }

  get state(): FleetView['state'] {
    return this.#node && this.#broker.kind !== 'down' ? 'joined' : 'not-joined';
  }

  view(): FleetView {
    const { name = '', site = '' } = this.#config.fleet;
    const states = this.#all().map(({ state }) => state);
    const [warning] = this.warnings();
    return {
      state: this.state,
      ...(warning && { why: warning.code }),
      name,
      site,
      whole: states.filter((state) => state === 'whole').length,
      taking: states.filter((state) => state === 'taking').length,
    };
  }

  warnings(): Warning[] {
    const trouble = this.#trouble;
    if (trouble) return [{ code: trouble.code, severity: 'warn', detail: trouble.detail, text: trouble.message }];
    const isLate = Date.now() - this.#downSinceMs >= LIMITS.brokerMs;
    if (this.state === 'joined' || !isLate) return [];
    const { brokerHost: host = '' } = this.#config.fleet;
    const text = 'why' in this.#broker ? this.#broker.why : 'it is not connected';
    return [{ code: 'fleet-broker', severity: 'warn', sinceMs: this.#downSinceMs, detail: { host }, text }];
  }

  /** What was wanted may be so no more. */
  #look(world: FleetHouse): void {
    const wanted = this.#all()
      .map(({ id }) => id)
      .sort()
      .join();
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    world.judgeAll();
  }

  #all() {
    const { known } = this.#read ?? {};
    const all = known ? [...known.withState('taking'), ...known.withState('whole')] : [];
    return all.filter(({ isCancelled }) => !isCancelled);
  }

  #seedOf(infoHash: InfoHash): Seed | undefined {
    const known = this.#read?.known;
    const one = known?.byInfoHash(infoHash);
    const bytes = one && known?.seedOf(one.id);
    const seed = bytes && openSeed(bytes, one.manifest);
    return seed?.kind === 'ok' ? seed.value : undefined;
  }

  /** Throws NotJoined. */
  #known(): Known {
    if (this.#read) return this.#read;
    const joining = joiningOf(this.#config.fleet);
    const path = join(this.#config.dataDir, FLEET_BOOK);
    try {
      const book = FleetBook.open(path, { log: this.#log, tooNew: 'aside' });
      const known = new NodeBook(book, joining.name, joining.trusted, () => realClock.nowMs());
      this.#read = { joining, book, known };
      return this.#read;
    } catch (error) {
      throw new NotJoined('fleet-book', { path }, error);
    }
  }

  /** Resolves when it should be tried anew. */
  async #beJoined(tasks: FleetTasks, world: FleetHouse, signal: AbortSignal): Promise<void> {
    await using scope = new Scope((error) => this.#log.error('fleet in trouble', { why: errorText(error) }));
    scope.defer(() => {
      this.#node = undefined;
    });
    const joining = await this.#join(tasks, world, scope);
    await this.#untilChanged(joining, signal);
  }

  async #join(tasks: FleetTasks, { version, installer }: FleetHouse, scope: Scope): Promise<Joining> {
    const { book, known } = this.#known();
    // A password or a certificate may be another by now.
    const joining = joiningOf(this.#config.fleet);
    const { name, site, trusted } = joining;
    const swarm = this.#place();
    const log = this.#log;
    const connect = (what: string, topology: typeof controlTopology) =>
      amqpBroker(joining.server(what), {
        topology: () => topology(name, site),
        onError: (error) => log.error('broker trouble', { why: errorText(error) }),
        parent: scope,
      });
    const control = connect('control', controlTopology);
    const data = connect('data', dataTopology);
    scope.defer(control.onState((state) => this.#heard(state)));
    try {
      const options = { name, role: 'relay', site, version, trusted, keep: tasks, book, known, control, data } as const;
      const own = { swarm, clock: realClock, log, scope, ...(installer && { installer }) };
      this.#node = await FleetNode.start({ ...options, ...own });
    } catch (error) {
      throw new NotJoined('fleet-place', { name: `${swarm.ip} ${swarm.port}` }, error);
    }
    this.#trouble = undefined;
    log.info('fleet node started', { name, site, ip: swarm.ip, port: swarm.port });
    return joining;
  }

  #heard(state: BrokerState): void {
    if (state.kind === 'closed') return;
    if (state.kind === 'down' && this.#broker.kind !== 'down') this.#downSinceMs = Date.now();
    this.#broker = state;
    this.#log.info('broker', { state: state.kind, ...('why' in state && { why: state.why }) });
  }

  /** Resolves when there is no connection, and there may be one with what the files hold now. */
  async #untilChanged(joining: Joining, signal: AbortSignal): Promise<void> {
    const before = JSON.stringify(joining.server(''));
    for (;;) {
      await realClock.sleep(LIMITS.filesMs, signal);
      if (this.#broker.kind !== 'down') continue;
      try {
        if (JSON.stringify(joiningOf(this.#config.fleet).server('')) !== before) return;
      } catch {
        // They are being changed.
      }
    }
  }

  #place(): Endpoint {
    const { bridge, fleet } = this.#config;
    const own = bridgeAddresses(bridge).find((address) => !isLinkLocal(address))?.ip;
    const ip = fleet.ip ?? own;
    if (!ip) throw new NotJoined('fleet-place', { name: bridge });
    return { ip, port: fleet.port };
  }

  #attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.#note(error);
    }
  }

  #note(error: unknown): void {
    const trouble = error instanceof NotJoined ? error : new NotJoined('fleet-broker', {}, error);
    if (trouble.message !== this.#trouble?.message) this.#log.warn('fleet not joined', { why: trouble.message });
    this.#trouble = trouble;
  }
}
