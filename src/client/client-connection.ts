import type { Bitfield } from '#base/bitfield.ts';
import { type Clock, realClock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Rate } from '#base/rate.ts';
import { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from '#wire/frames.ts';
import type { Handshake } from '#wire/handshake.ts';
import { PeerPieces } from '#wire/peer-pieces.ts';
import { decodeQvodMessage, encodeUnhave } from '#wire/qvod/messages.ts';
import { Asking } from './asking.ts';
import { Choke } from './choke.ts';
import type { ClientStream, ClientTask } from './client-world.ts';
import { Extensions } from './extensions.ts';
import { greeting } from './greeting.ts';
import { HashExchange } from './hash-exchange.ts';
import { Hearing } from './hearing.ts';
import { CLIENT_LIMITS, type ClientLimits } from './limits.ts';
import { MetafileAnswers } from './metafile-answers.ts';
import { Outbox } from './outbox.ts';
import { ReadTurns } from './read-turns.ts';
import type { Run } from './request-queue.ts';
import { ServedBlocks } from './served-blocks.ts';
import { Serving } from './serving.ts';
import { Silence } from './silence.ts';
import { Telling } from './telling.ts';
import { Ticker } from './ticker.ts';

/** Why a connection ended that the client itself ended. */
export const CLIENT_CLOSED = 'the client closed';

/** One connection with a client on the LAN, served through its task: it tells of pieces the task has, and serves those and no others. */
export class ClientConnection {
  readonly remote: Endpoint;
  readonly sinceMs: number;
  /** Which pieces it is told of. */
  readonly telling: Telling;
  readonly #stream: ClientStream;
  readonly #task: ClientTask;
  readonly #log: Log;
  readonly #limits: ClientLimits;
  readonly #clock: Clock;
  /** Blocks can be asked of it, too. */
  readonly asking: Asking;
  readonly #scope: Scope;
  readonly #extensions: Extensions | undefined;
  /** Defined when the client speaks Qvod's dialect. */
  readonly #metafile: MetafileAnswers | undefined;
  readonly #hashes: HashExchange;
  readonly #choke: Choke;
  readonly #idText: string;
  readonly #frames: FrameSplitter;
  readonly #serving: Serving;
  readonly #outbox: Outbox;
  readonly #pieces: PeerPieces;
  readonly #rate = new Rate();
  readonly #silence: Silence;
  readonly #hearing: Hearing;
  #spoke = false;
  #given: ServedBlocks | undefined;
  #served = 0;
  #tookAtMs: number;
  #turnDue = false;
  #paused = false;
  #over = false;

  /** `early`: bytes that came after the handshake. They are read once the caller has had its turn. */
  constructor(
    stream: ClientStream,
    handshake: Handshake,
    task: ClientTask,
    early: Buffer,
    log: Log,
    limits: ClientLimits = CLIENT_LIMITS,
    clock: Clock = realClock,
  ) {
    this.remote = stream.remote;
    this.#stream = stream;
    this.#task = task;
    this.#log = log;
    this.#limits = limits;
    this.#clock = clock;
    this.sinceMs = clock.nowMs();
    this.#tookAtMs = this.sinceMs;
    this.asking = new Asking({ taker: () => task.taker(this), send: (frame) => this.#say(frame) });
    this.#scope = new Scope((error) => this.close(errorText(error)));
    this.#idText = handshake.peerId.toString('latin1', 0, 8).replace(/[^\x21-\x7e]/g, '.');
    this.#frames = new FrameSplitter(limits.frameBytes);
    this.#outbox = new Outbox(stream);
    const { allowance } = task;
    if (allowance) this.#scope.defer(() => allowance.close());
    this.#serving = new Serving(
      {
        block: (piece, begin, length, asOne) => this.#task.block(piece, begin, length, asOne),
        reject: (request) => this.#hearing.reject(request),
        serving: (run) => this.#onServing(run),
        allowance,
        reads: task.readTurns ?? new ReadTurns(limits.reads),
        arrived: () => this.#turnSoon(),
        failed: (piece, why) => log.error('client-read', { client: endpointKey(this.remote), piece, why }),
        scope: this.#scope,
      },
      this.#outbox,
      limits,
    );
    this.#pieces = new PeerPieces(limits);
    this.#silence = new Silence(clock, limits);
    this.#extensions = handshake.extended ? this.#extend() : undefined;
    this.#hashes = this.#exchange(handshake);
    this.#choke = new Choke({
      clock,
      scope: this.#scope,
      waitMs: () => this.#hashes.hybridQuietInMs(),
      unchoke: () => this.#say(encodeMessage({ kind: 'unchoke' })),
    });
    this.#metafile = handshake.qvodHello ? this.#qvod() : undefined;
    this.#hearing = this.#ear(handshake.fast);
    stream.onData((bytes) => this.#guard(() => this.#read(bytes)));
    stream.onDrain(() => setImmediate(() => this.#guard(() => this.#drained())));
    stream.onClose(() => this.close(CLIENT_CLOSED));
    const shape = task.metainfo();
    if (shape) this.#pieces.shapeKnown(shape.pieceCount);
    const said = greeting(task, handshake, clock.nowMs());
    this.telling = this.#tellingAfter(said, handshake.fast);
    for (const frame of said.frames) this.#say(frame);
    this.#extensions?.greet();
    this.#hashes.tick();
    this.#turnSoon();
    if (early.length > 0) queueMicrotask(() => this.#guard(() => this.#read(early)));
    this.#scope.defer(Ticker.of(clock, limits.tickMs).join(() => this.#guard(() => this.#look())));
  }

  /** What the client calls itself, else the head of its peer id. */
  get clientName(): string {
    return this.#extensions?.clientName ?? this.#idText;
  }

  /** What the client has; undefined until the metainfo is known. */
  pieces(): Bitfield | undefined {
    return this.#pieces.known;
  }

  /** It has said something after its handshake. */
  get spoke(): boolean {
    return this.#spoke;
  }

  get interested(): boolean {
    return this.#choke.interested;
  }

  /** What the kernel took for it: each block once, however often the client asked for it. */
  get servedBytes(): number {
    return this.#served;
  }

  /** Pieces that it was given whole: not every client says that it has them. */
  get given(): Bitfield | undefined {
    return this.#given?.whole;
  }

  /** When it was last given something; before that, when it came. */
  get tookAtMs(): number {
    return this.#tookAtMs;
  }

  get rateBytesPerS(): number {
    return this.#rate.bytesPerS(this.#clock.nowMs());
  }

  /** The task has the piece from now on. */
  announce(piece: PieceIndex): void {
    this.telling.gained(piece);
  }

  /** The task has lost the piece. BitTorrent without extensions has no word for it. */
  lost(piece: PieceIndex): void {
    if (this.#over || !this.telling.lost(piece)) return;
    if (this.#metafile) this.#say(encodeUnhave(piece));
    else this.#extensions?.dontHave(piece);
  }

  /** It has a word for what is had no more: Qvod's own, or BEP 54. */
  get hearsOfLoss(): boolean {
    return this.#metafile !== undefined || (this.#extensions?.hearsOfLoss ?? false);
  }

  /** The metainfo became known after the connection began. */
  metainfoKnown(): void {
    const metainfo = this.#task.metainfo();
    if (this.#over || !metainfo) return;
    this.#hashes.tick();
    if (this.#pieces.known) return;
    const why = this.#pieces.shapeKnown(metainfo.pieceCount);
    if (why !== undefined) {
      this.#drop(why);
      return;
    }
    this.#extensions?.metainfoKnown();
    this.#metafile?.tick();
    this.telling.shapeKnown(metainfo.pieceCount, this.#task.steers());
  }

  /** It speaks plain BitTorrent: blocks can be asked of it, too. */
  get canGive(): boolean {
    return !this.#metafile;
  }

  close(why: string): void {
    if (this.#over) return;
    this.#over = true;
    void this.#scope.close();
    this.#stream.destroy();
    this.#task.closed(this, why);
  }

  #haves(pieces: readonly PieceIndex[]): void {
    if (this.#over) return;
    for (const piece of pieces) this.#outbox.have(piece);
    if (pieces.length > 0) this.#turnSoon();
  }

  #tellingAfter(said: ReturnType<typeof greeting>, fast: boolean): Telling {
    const world = {
      have: () => this.#task.have(),
      theirs: () => this.#pieces.known,
      say: (pieces: readonly PieceIndex[]) => this.#haves(pieces),
      send: (frame: Buffer) => this.#say(frame),
      roomy: () => this.#roomy,
      nowMs: () => this.#clock.nowMs(),
    };
    return new Telling(world, said, fast);
  }

  #extend(): Extensions {
    return new Extensions(
      {
        metainfo: () => this.#task.metainfo() ?? this.#task.lacksLayers(),
        offerMetadata: (infoBytes) => this.#task.offerMetadata(infoBytes),
        swarm: () => this.#task.swarm(),
        told: (endpoints) => this.#task.told(this, endpoints),
        offerPeers: (endpoints) => this.#task.offerPeers(this, endpoints),
        lost: (piece) => {
          const wrong = this.#hearing.lost(piece);
          if (wrong !== undefined) this.#drop(wrong);
        },
        send: (frame) => this.#say(frame),
        roomy: () => this.#roomy,
        nowMs: () => this.#clock.nowMs(),
      },
      this.#limits,
    );
  }

  #exchange(handshake: Handshake): HashExchange {
    return new HashExchange(
      {
        metainfo: () => this.#task.metainfo(),
        lacksLayers: () => this.#task.lacksLayers(),
        offerLayers: (blob) => this.#task.offerLayers(blob),
        send: (frame) => this.#say(frame),
        roomy: () => this.#roomy,
        nowMs: () => this.#clock.nowMs(),
      },
      handshake,
      this.#limits,
    );
  }

  #qvod(): MetafileAnswers {
    return new MetafileAnswers(
      {
        infoHash: this.#task.infoHash,
        metainfo: () => this.#task.metainfo(),
        send: (frame) => this.#say(frame),
        roomy: () => this.#roomy,
      },
      this.#limits,
    );
  }

  #ear(fast: boolean): Hearing {
    return new Hearing(
      {
        metainfo: () => this.#task.metainfo(),
        have: () => this.#task.have(),
        changed: (what) => this.#task.changed(this, what),
        asked: (piece) => this.#task.asked(piece),
        dhtPort: (port) => this.#task.dhtNode({ ip: this.remote.ip, port }),
        send: (frame) => this.#say(frame),
        pieces: this.#pieces,
        choke: this.#choke,
        serving: this.#serving,
        asking: this.asking,
        hashes: this.#hashes,
        extensions: this.#extensions,
        metafile: this.#metafile,
      },
      { fast, requestBytes: this.#limits.requestBytes },
    );
  }

  get #roomy(): boolean {
    return !this.#outbox.full && this.#outbox.bytes < this.#limits.controlBytes / 2;
  }

  #read(bytes: Buffer): void {
    if (this.#over) return;
    this.#silence.heard();
    const why = this.#frames.push(bytes, (frame) => {
      if (this.#over) return;
      this.#spoke = true;
      const message = this.#metafile ? decodeQvodMessage(frame) : decodeMessage(frame);
      const wrong = message.kind === 'bad' ? message.why : this.#hearing.hear(message.value);
      if (wrong !== undefined) this.#drop(wrong);
    });
    if (why !== undefined) this.#drop(why);
    if (this.#outbox.full && this.#serving.waiting > this.#limits.requests / 2 && !this.#paused) {
      this.#paused = true;
      this.#stream.pause();
    }
    this.#turnSoon();
  }

  #say(frame: Buffer): void {
    if (this.#over) return;
    this.#outbox.add(frame);
    if (this.#outbox.bytes - this.#limits.unsentBytes > this.#limits.controlBytes)
      this.#drop('the client does not read');
    else this.#turnSoon();
  }

  /** Everything that one turn brings leaves in one write. */
  #turnSoon(): void {
    if (this.#turnDue || this.#over) return;
    this.#turnDue = true;
    queueMicrotask(() => {
      this.#turnDue = false;
      this.#guard(() => this.#turn());
    });
  }

  #turn(): void {
    if (this.#over) return;
    this.#serving.fill();
    if (this.#outbox.flush() > 0) this.#silence.said();
  }

  #onServing({ piece, begin, length }: Run): () => void {
    const metainfo = this.#task.metainfo();
    this.#given ??= metainfo && new ServedBlocks(metainfo);
    const fresh = this.#given?.give(piece, begin, length) ?? 0;
    return () => {
      this.#served += fresh;
      this.#tookAtMs = this.#clock.nowMs();
      this.#rate.add(length, this.#clock.nowMs());
      this.#task.served(this, piece, fresh);
    };
  }

  /**
   * Called when the event loop has gone on: a socket whose kernel takes a write at once drains before that. So in one turn of the loop each
   * client is given `unsentBytes` at most, however much it asks for and however fast it reads.
   */
  #drained(): void {
    if (this.#over) return;
    this.#outbox.drained();
    this.#turn();
    if (this.#paused && !this.#outbox.full) {
      this.#paused = false;
      this.#stream.resume();
    }
  }

  #drop(why: string): void {
    if (this.#over) return;
    this.#log.warn('client-dropped', { client: endpointKey(this.remote), name: this.clientName, why });
    this.close(why);
  }

  /** Whoever calls from outside: what throws ends this connection, and its task is told. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.close(errorText(error));
      this.#task.failed(error);
    }
  }

  #look(): void {
    const due = this.#silence.due();
    if (due === 'close') this.close('silent for too long');
    this.#extensions?.tick();
    this.#hashes.tick();
    this.#metafile?.tick();
    this.telling.tick(this.#limits.holdMs);
    if (due === 'keep-alive' && !this.#outbox.full) this.#say(encodeMessage({ kind: 'keep-alive' }));
  }
}
