import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import { Mailbox } from '#base/mailbox.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { ClientConnection } from '#client/client-connection.ts';
import type { ClientStream, ClientTask } from '#client/client-world.ts';
import { Downloader } from '#downloader/downloader.ts';
import type { OriginSource } from '#downloader/origin-pool.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { type Handshake, newPeerId } from '#wire/handshake.ts';
import { isNamedBy } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { parseNamedInfo } from '#wire/qvod/seed.ts';
import { type AgentEvent, type AgentFacts, type AgentState, type Effect, next } from './agent.ts';
import { LackCounts } from './lack-counts.ts';
import { LIMITS } from './limits.ts';
import { PieceShelf } from './piece-shelf.ts';
import { type TaskView, viewOf } from './task-view.ts';
import type { Remembered, StoreLike, TaskWorld } from './task-world.ts';
import { TrackerAsking } from './tracker-asking.ts';

export type { ClientStream, OriginSource, StoreLike, TaskView };
/** One torrent: its agent, its clients, its pieces and its downloader. */
export class Task {
  readonly infoHash: InfoHash;
  readonly #world: TaskWorld;
  readonly #scope: Scope;
  readonly #mail = new Mailbox<AgentEvent>(LIMITS.mailbox);
  readonly #clients = new Set<ClientConnection>();
  readonly #downloader: Downloader;
  readonly #trackers: TrackerAsking;
  #state: AgentState;
  #shelf: PieceShelf | undefined;
  #lack = new LackCounts(0);
  #expectUntilMs = 0;
  #lastClientMs: number;
  #lookDue = false;
  #rechecking = false;
  #waitingSinceMs = 0;
  /** When a byte last came in or went out, or nobody lacked anything. */
  #progressMs: number;
  #recheckDone: Promise<void> = Promise.resolve();
  #haveDirty = false;
  #recountSoon: NodeJS.Timeout | undefined;
  #persistedAtMs = 0;
  #servedBytes = 0;
  #filledBytes = 0;
  #unkept = { served: 0, filled: 0 };
  readonly #granted = (): void => this.#tell({ kind: 'slot-granted' });
  readonly #do: Readonly<Record<Effect, () => void>> = {
    'ask-slot': () => this.#world.askSlot(this.#granted),
    withdraw: () => this.#world.withdraw(this.#granted),
    'release-slot': () => this.#world.releaseSlot(),
    'start-download': () => this.#downloader.start(),
    'stop-download': () => {
      this.#downloader.pause();
      this.#trackers.rest();
    },
    persist: () => this.#persist(),
    exit: () => this.#leave(undefined),
  };

  constructor(infoHash: InfoHash, remembered: Remembered, world: TaskWorld, parent: Scope) {
    this.infoHash = infoHash;
    this.#world = world;
    this.#scope = new Scope((error) => world.log.error('task trouble', { why: errorText(error) }), parent);
    const nowMs = world.clock.nowMs();
    this.#lastClientMs = nowMs;
    this.#progressMs = nowMs;
    this.#state = { kind: 'sleep', sinceMs: nowMs };
    this.#downloader = new Downloader({
      infoHash,
      peerId: world.peerId,
      clock: world.clock,
      log: world.log,
      dial: (to) => world.dial(to),
      accept: (piece, from) => this.#accept(piece, from),
      gotInfo: (bytes) => this.#gotInfo(bytes, 'an origin'),
      lack: (piece) => this.#wanted(piece),
      received: (bytes) => this.#count(0, bytes),
      begun: world.begun,
    });
    this.#trackers = new TrackerAsking(
      {
        infoHash,
        peerId: world.peerId,
        clock: world.clock,
        log: world.log,
        found: (peers) => {
          this.addSources(peers.map((endpoint) => ({ endpoint })));
          world.found(peers);
        },
        leftBytes: () => (this.#shelf ? this.#shelf.meta.totalBytes - this.#shelf.haveBytes : 1),
        downloadedBytes: () => this.#filledBytes,
        keep: (trackers) => world.keepTrackers(trackers),
      },
      remembered.trackers,
      this.#scope,
    );
    if (remembered.info) this.#gotInfo(remembered.info, 'the index', remembered.have);
    if (remembered.doubtful && this.#shelf) this.#recheck(this.#shelf);
    this.#scope.run((signal) => this.#live(signal));
    this.#scope.defer(() => world.begun?.close(this.whole));
    this.#scope.defer(() => clearTimeout(this.#recountSoon));
    this.#scope.every(LIMITS.tickMs, () => this.#tick());
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Takes a client over. False when the task is full or going. */
  join(stream: ClientStream, handshake: Handshake, early: Buffer): boolean {
    if (this.#clients.size >= LIMITS.clients || this.#state.kind === 'gone') return false;
    const client = new ClientConnection(stream, handshake, this.#clientFace(), early, this.#world.log);
    if (this.#clients.size === 0) this.#waitingSinceMs = this.#world.clock.nowMs();
    this.#clients.add(client);
    this.#recount();
    return true;
  }

  /** It has every piece. */
  get whole(): boolean {
    return this.#shelf?.have.full ?? false;
  }

  get downloading(): boolean {
    return this.#state.kind === 'down';
  }

  /** Known not to be private (BEP 27): it may be spoken of beyond its own trackers. */
  get public(): boolean {
    return this.#shelf !== undefined && !this.#shelf.meta.isPrivate;
  }

  get holdsSome(): boolean {
    return (this.#shelf?.have.count ?? 0) > 0;
  }

  addSources(sources: readonly OriginSource[]): void {
    const others = sources.slice(0, LIMITS.sources).filter(({ endpoint }) => !this.#world.isBox(endpoint));
    this.#downloader.addSources(others);
  }

  /** Resolves when the pieces that an unclean stop left in doubt are known. */
  rechecked(): Promise<void> {
    return this.#recheckDone;
  }

  /** A LAN client told this tracker that it wants the torrent: it will dial within seconds. */
  expect(tracker: string): void {
    this.#trackers.learn(tracker);
    this.#expectUntilMs = this.#world.clock.nowMs() + LIMITS.expectForMs;
    this.#downloader.lackChanged();
    this.#tell({ kind: 'look' });
  }

  async close(): Promise<void> {
    this.#run({ kind: 'close' });
    await this.#scope.close();
  }

  view(): TaskView {
    return viewOf({
      infoHash: this.infoHash,
      state: this.#state,
      facts: this.#facts(),
      rechecking: this.#rechecking,
      meta: this.#shelf?.meta,
      have: this.#shelf?.have,
      haveBytes: this.#shelf?.haveBytes ?? 0,
      clients: [...this.#clients],
      download: this.#downloader.status(),
      servedBytes: this.#servedBytes,
      filledBytes: this.#filledBytes,
    });
  }

  // ---- the agent ----

  #tell(event: AgentEvent): void {
    if (event.kind === 'look') {
      // One look sees everything that has changed until it is taken.
      if (this.#lookDue) return;
      this.#lookDue = true;
    }
    if (!this.#mail.post(event) && event.kind === 'slot-granted') this.#world.releaseSlot();
  }

  async #live(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#mail.close(), { once: true });
    for await (const event of this.#mail) this.#run(event);
  }

  #run(event: AgentEvent): void {
    if (event.kind === 'look') this.#lookDue = false;
    const { state, effects } = next(this.#state, event, this.#facts());
    if (state.kind !== this.#state.kind) this.#world.log.info('task', { state: state.kind, from: this.#state.kind });
    this.#state = state;
    for (const effect of effects) this.#do[effect]();
  }

  #facts(): AgentFacts {
    const shelf = this.#shelf;
    const lacks = (c: ClientConnection): boolean => {
      const pieces = c.pieces();
      return !pieces?.full;
    };
    const complete = shelf?.have.full ?? false;
    return {
      nowMs: this.#world.clock.nowMs(),
      clients: this.#clients.size,
      lacking: complete || this.#rechecking ? 0 : [...this.#clients].filter(lacks).length,
      expectUntilMs: this.#rechecking ? 0 : this.#expectUntilMs,
      lastClientMs: this.#lastClientMs,
      complete,
    };
  }

  #tick(): void {
    const nowMs = this.#world.clock.nowMs();
    if (this.#clients.size > 0) this.#lastClientMs = nowMs;
    const why = this.#useless(nowMs);
    if (why) {
      this.#leave(why);
      return;
    }
    if (this.#state.kind === 'down') {
      const up = this.#downloader.status().origins.filter((o) => o.state === 'up').length;
      this.#trackers.downloading(up, nowMs - this.#state.sinceMs);
    }
    this.#persist();
    this.#tell({ kind: 'look' });
  }

  /**
   * Why the clients are better off without the box. The swarm may give to them, who give in return, what it does not give
   * to the box.
   */
  #useless(nowMs: number): string | undefined {
    if (!this.#shelf) {
      const waited = this.#clients.size > 0 && nowMs - this.#waitingSinceMs >= LIMITS.metainfoWithinMs;
      return waited ? 'no-metainfo' : undefined;
    }
    if (this.#facts().lacking === 0) this.#progressMs = nowMs;
    return nowMs - this.#progressMs >= LIMITS.stalledMs ? 'stalled' : undefined;
  }

  // ---- pieces ----

  #gotInfo(infoBytes: Buffer, from: string, known?: Uint8Array): void {
    if (this.#shelf) return;
    const parsed = parseNamedInfo(infoBytes, this.infoHash);
    if (parsed.kind === 'bad') {
      this.#world.log.warn('metainfo refused', { from, why: parsed.why });
      // The torrent's own, and not to be served: its clients must not wait here for what never comes.
      if (isNamedBy(infoBytes, this.infoHash)) this.#leave('unsupported');
      return;
    }
    const meta = parsed.value;
    const serves = meta.pieceHashes && meta.infoHash === this.infoHash;
    const refusal = serves ? this.#world.refusal(meta) : 'unsupported';
    if (refusal) {
      this.#leave(refusal);
      return;
    }
    const shelf = new PieceShelf(meta, known, this.#world.store(shapeOf(meta)), {
      gained: (piece) => this.#gained(piece),
      lost: (piece) => this.#lost(piece),
      cannotKeep: (why) => this.#cannotKeep(why),
      log: this.#world.log,
    });
    this.#shelf = shelf;
    this.#lack = new LackCounts(meta.pieceCount);
    this.#world.log.info('metainfo', { from, name: meta.name, pieces: meta.pieceCount, have: shelf.have.count });
    if (from !== 'the index') {
      this.#world.keepInfo(meta.infoBytes, meta.pieceCount);
      this.#scope.run(() => shelf.keepMetainfo());
    }
    this.#downloader.setShape(meta, shelf.have);
    for (const client of this.#clients) client.metainfoKnown();
    this.#recount();
  }

  async #accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    const { index } = piece;
    if (!this.#shelf) throw new Error('bug: a piece before the metainfo');
    const result = await this.#shelf.accept(piece);
    if (result === 'bad')
      this.#world.log.warn('piece refused', { piece: index, from: from.map(endpointKey).join(' ') });
    if (result === 'full') this.#tell({ kind: 'cannot-write', why: 'disk-full' });
    if (result === 'failed') this.#tell({ kind: 'cannot-write', why: 'disk-failed' });
    return result;
  }

  /** What the clients lack will not come from here: they are let go, and pass when they dial again. */
  #cannotKeep(why: 'disk-full' | 'disk-failed'): void {
    this.#world.cannotKeep(why);
    for (const client of [...this.#clients]) if (!client.pieces()?.full) client.close(why);
  }

  #gained(piece: number): void {
    this.#haveDirty = true;
    if (this.#rechecking) this.#downloader.gained(piece);
    for (const client of this.#clients) client.announce(piece);
    if (this.#shelf?.have.full) this.#tell({ kind: 'look' });
  }

  #lost(piece: number): void {
    this.#haveDirty = true;
    for (const client of this.#clients) client.lost(piece);
    this.#downloader.drop(piece);
    this.#tell({ kind: 'look' });
  }

  #recheck(shelf: PieceShelf): void {
    this.#rechecking = true;
    const done = Promise.withResolvers<void>();
    this.#recheckDone = done.promise;
    this.#scope.run(async (signal) => {
      try {
        const found = await shelf.recheck(signal);
        this.#world.log.info('re-checked', { found, have: shelf.have.count, pieces: shelf.meta.pieceCount });
      } finally {
        this.#rechecking = false;
        done.resolve();
        this.#tell({ kind: 'look' });
      }
    });
  }

  /** How many clients want the piece; an expected client wants the beginning. */
  #wanted(piece: number): number {
    const lack = this.#lack.of(piece);
    if (lack > 0 || this.#expectUntilMs <= this.#world.clock.nowMs()) return lack;
    return piece * (this.#shelf?.meta.pieceLength ?? 0) < LIMITS.expectBytes ? 1 : 0;
  }

  // ---- clients ----

  #clientFace(): ClientTask {
    return {
      infoHash: this.infoHash,
      peerId: newPeerId(), // read once a connection: clients drop a second one from a peer id they know
      metainfo: () => this.#shelf?.meta,
      have: () => this.#shelf?.have,
      block: (piece, begin, length, asOne) => this.#shelf?.block(piece, begin, length, asOne),
      offerMetadata: (infoBytes) => this.#gotInfo(infoBytes, 'a client'),
      changed: (_, what, bytes) => {
        if (what === 'served') this.#count(bytes ?? 0, 0);
        else if (what === 'pieces') this.#piecesChanged();
      },
      closed: (client, why) => {
        const { clientName, servedBytes } = client;
        this.#world.log.info('client left', { client: endpointKey(client.remote), name: clientName, servedBytes, why });
        this.#clients.delete(client);
        this.#lastClientMs = this.#world.clock.nowMs();
        this.#recount();
      },
    };
  }

  /** A client says `have` often; counting costs clients x pieces, so it is done at most a few times a second. */
  #piecesChanged(): void {
    this.#recountSoon ??= setTimeout(() => {
      this.#recountSoon = undefined;
      this.#recount();
    }, LIMITS.recountEveryMs);
  }

  #recount(): void {
    this.#lack.recount(this.#clients);
    this.#downloader.lackChanged();
    this.#tell({ kind: 'look' });
  }

  #count(served: number, filled: number): void {
    this.#progressMs = this.#world.clock.nowMs();
    this.#servedBytes += served;
    this.#filledBytes += filled;
    this.#unkept.served += served;
    this.#unkept.filled += filled;
    if (filled > 0 && this.#world.clock.nowMs() - this.#persistedAtMs >= LIMITS.persistEveryMs) this.#persist();
  }

  #persist(): void {
    this.#persistedAtMs = this.#world.clock.nowMs();
    const { served, filled } = this.#unkept;
    if (served > 0 || filled > 0) {
      this.#unkept = { served: 0, filled: 0 };
      this.#world.keepTraffic(served, filled);
    }
    if (!this.#haveDirty || !this.#shelf) return;
    this.#haveDirty = false;
    this.#world.keepHave(this.#shelf.have.bytes);
  }

  #leave(refusal: string | undefined): void {
    this.#state = { kind: 'gone' };
    for (const client of [...this.#clients]) client.close(refusal ?? 'the task rests');
    this.#scope.run(() => this.#downloader.close());
    this.#world.gone(refusal);
  }
}
