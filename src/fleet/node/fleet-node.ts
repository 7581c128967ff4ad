import { randomUUID } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import type { Broker } from '../broker.ts';
import { retryAfterMs } from '../broker-limits.ts';
import type { TrustedKey } from '../manifest.ts';
import type { Role } from '../message-types.ts';
import { encodeUp, type UpMessage } from '../messages.ts';
import { controlInbox, dataInbox, keyFrom, UP } from '../names.ts';
import { Outbox } from '../outbox.ts';
import { Door } from '../swarm/hello.ts';
import { ControlInbox } from './control-inbox.ts';
import { DataInbox } from './data-inbox.ts';
import { EarlyPieces } from './early-pieces.ts';
import { Holdings } from './holdings.ts';
import type { Installer } from './installer.ts';
import { Installing } from './installing.ts';
import type { Keep } from './keep.ts';
import { NODE_LIMITS } from './limits.ts';
import { NodeBook } from './node-book.ts';
import { Offers } from './offers.ts';
import { type OwnFilesOptions, ownFiles } from './own-files.ts';
import { Parcels } from './parcels.ts';

/** Where distributions lie: files of a folder, unless it is said otherwise. */
type Where = Pick<OwnFilesOptions, 'folder' | 'openFiles' | 'freeBytes'> | { readonly keep: Keep };

export type NodeOptions = Where & {
  readonly name: string;
  readonly role: Role;
  readonly site: string;
  /** Of the software, as a person reads it. */
  readonly version: string;
  readonly trusted: readonly TrustedKey[];
  /** Its owner closes it after the node. */
  readonly book: FleetBook;
  /** What the book knows, where its owner asks for that, too. */
  readonly known?: NodeBook;
  /** Connections whose topologies are `controlTopology` and `dataTopology` of the name and the site. Their owner closes them. */
  readonly control: Broker;
  readonly data: Broker;
  /** Where neighbours dial it, and where from it dials them. Port 0: any. */
  readonly swarm: Endpoint;
  readonly clock: Clock;
  readonly log: Log;
  /** It ends with this one. */
  readonly scope: Scope;
  /** Without it, firmware is refused. */
  readonly installer?: Installer;
  /** In [0, 1), as Math.random. */
  random?(): number;
};

/** What a relay and a terminal do alike: take what the central offers, verify it, keep it, pass it on, and tell the central of each step. */
export class FleetNode implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #scope: Scope;
  readonly #book: NodeBook;
  readonly #outbox: Outbox;
  readonly #door: Door;
  readonly #keep: Keep;
  readonly #holdings: Holdings;
  readonly #parcels: Parcels;
  readonly #installing: Installing;
  readonly #beganMs: number;
  #port = 0;
  #epoch = 0;
  #isHelloDue = false;
  #closing: Promise<void> | undefined;

  private constructor(options: NodeOptions) {
    const { name, trusted, book, control, clock, log } = options;
    this.#options = options;
    this.#beganMs = clock.nowMs();
    this.#scope = new Scope((error) => log.error('node in trouble', { why: errorText(error) }));
    this.#book = options.known ?? new NodeBook(book, name, trusted, () => clock.nowMs());
    this.#outbox = new Outbox({
      book,
      broker: control,
      clock,
      log,
      scope: this.#scope,
      route: () => ({ exchange: UP, mandatory: true }),
      unroutable: ({ type }) => log.error('no central hears this node', { type }),
      ...(options.random && { random: options.random }),
    });
    const early = new EarlyPieces();
    const own = {
      scope: this.#scope,
      book: this.#book,
      say: (message: UpMessage) => this.#sayNow(message),
      kept: () => this.#outbox.poke(),
    };
    this.#installing = new Installing({
      ...own,
      clock,
      log,
      installer: options.installer,
      bundle: (id) => this.#holdings.bundle(id),
    });
    this.#keep = 'keep' in options ? options.keep : ownFiles({ ...options, localAddress: options.swarm.ip });
    const parts = { ...options, keep: this.#keep, ...own, early };
    const offers = new Offers({ ...parts, unfit: (firmware) => this.#installing.unfit(firmware) });
    this.#holdings = new Holdings({ ...parts, offers });
    this.#parcels = new Parcels({ ...parts, offers, holdings: this.#holdings });
    this.#door = new Door({
      arrived: (_, socket, early, handshake) => this.#holdings.arrived({ socket, early, handshake }),
    });
    this.#scope.every(NODE_LIMITS.tickMs, () => {
      early.tick(clock.nowMs());
      this.#holdings.tick();
    });
  }

  /** Rejects when its port is taken. */
  static async start(options: NodeOptions): Promise<FleetNode> {
    const node = new FleetNode(options);
    try {
      node.#port = await node.#door.listen(options.swarm);
    } catch (error) {
      await node.#scope.close();
      throw error;
    }
    node.#holdings.resume();
    node.#installing.resume();
    node.#consume();
    options.scope.defer(() => node.close());
    return node;
  }

  /** Where neighbours dial it. */
  get swarm(): Endpoint {
    return { ip: this.#options.swarm.ip, port: this.#port };
  }

  /** What it has goes on lying there; what is unanswered comes again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#scope.close();
    await this.#holdings.close();
    await this.#door[Symbol.asyncDispose]();
  }

  #consume(): void {
    const { name, control, data, clock, log } = this.#options;
    const world = {
      scope: this.#scope,
      book: this.#book,
      holdings: this.#holdings,
      installing: this.#installing,
      clock,
      log,
      kept: () => this.#outbox.poke(),
    };
    const inbox = new ControlInbox({
      ...world,
      discover: (epoch) => {
        this.#epoch = epoch;
        this.#hello();
      },
    });
    const pieces = new DataInbox({ ...world, parcels: this.#parcels, keep: this.#keep });
    const consumers = [
      control.consume({
        queue: controlInbox(name),
        prefetch: NODE_LIMITS.controlPrefetch,
        onDelivery: (delivery) => inbox.onDelivery(delivery),
      }),
      data.consume({
        queue: dataInbox(name),
        prefetch: NODE_LIMITS.dataPrefetch,
        onDelivery: (delivery) => pieces.onDelivery(delivery),
      }),
    ];
    for (const consumer of consumers)
      this.#scope.defer(async () => {
        await consumer[Symbol.asyncDispose]();
      });
    this.#scope.defer(control.onState(({ kind }) => kind === 'up' && this.#hello()));
    if (control.state.kind === 'up') this.#hello();
  }

  /** Until the broker has one that is no older than this call, or there is no connection: the next one says it again. */
  #hello(): void {
    if (this.#isHelloDue) return;
    this.#isHelloDue = true;
    this.#scope.run(async (signal) => {
      for (let failures = 0; !signal.aborted; failures++) {
        const published = await this.#publish(await this.#helloMessage());
        if (published.kind !== 'refused' || this.#isHelloDue) return;
        this.#isHelloDue = true;
        await this.#options.clock.sleep(retryAfterMs(failures, Math.random(), NODE_LIMITS.retryMs), signal);
      }
    });
  }

  async #helloMessage(): Promise<UpMessage> {
    const { role, site, version, log, installer } = this.#options;
    const running = await installer?.running().catch((error: unknown) => {
      log.warn('what runs here is not known', { why: errorText(error) });
      return undefined;
    });
    let free = 0;
    try {
      free = Math.max(0, Math.floor(await this.#keep.freeBytes()));
    } catch (error) {
      log.warn('free space not known', { why: errorText(error) });
    }
    this.#isHelloDue = false;
    const have = this.#scope.closed ? [] : this.#book.withState('whole').map(({ id }) => id);
    const [epoch, beganMs, { swarm }] = [this.#epoch, this.#beganMs, this];
    const about = { role, site, version, swarm, freeBytes: free, ...(running && { device: running.compatible }) };
    return { kind: 'hello', ...about, epoch, beganMs, have };
  }

  #sayNow(message: UpMessage): void {
    void this.#publish(message).then((published) => {
      if (published.kind === 'impossible')
        this.#options.log.error('message can never be sent', { type: message.kind, why: published.why });
    });
  }

  #publish(message: UpMessage): ReturnType<Broker['publish']> {
    const carried = encodeUp(message);
    const correlation = 'id' in message ? { correlationId: message.id } : {};
    const key = keyFrom(this.#options.name, carried.type);
    const sent = { exchange: UP, key, messageId: randomUUID(), persistent: false, ...correlation, ...carried };
    return this.#options.control.publish(sent, false);
  }
}
