import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { afterEach } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { plainIp } from '#base/endpoint.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '#wire/frames.ts';
import { HANDSHAKE_BYTES, type Handshake, newPeerId, parseHandshake } from '#wire/handshake.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';
import type { PexPeer } from '#wire/pex.ts';
import type { Allowance } from './allowance.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientStream, ClientTask, Taker } from './client-world.ts';
import { CLIENT_LIMITS, type ClientLimits } from './limits.ts';

/** A task in memory. `reads`: how blocks come. */
export class TestTask implements ClientTask {
  readonly torrent: Torrent;
  readonly field: Bitfield;
  knowsMetainfo = true;
  reads: 'now' | 'later' | 'never' | 'fail' = 'now';
  readonly blocks: { piece: number; begin: number; length: number; asOne: boolean }[] = [];
  readonly changes: string[] = [];
  allowance: Allowance | undefined;
  servedBytes = 0;
  /** Answers that nobody reads any more. */
  done = 0;
  offered: Buffer | undefined;
  wantsLayers = false;
  offeredLayers: Buffer | undefined;
  closedWhy: string | undefined;
  trouble: unknown;
  takes: Taker | undefined;

  constructor(torrent: Torrent) {
    this.torrent = torrent;
    this.field = new Bitfield(torrent.meta.pieceCount);
  }

  get infoHash(): Metainfo['infoHash'] {
    return this.torrent.meta.infoHash;
  }

  get peerId(): Buffer {
    return newPeerId();
  }

  metainfo(): Metainfo | undefined {
    return this.knowsMetainfo ? this.torrent.meta : undefined;
  }

  have(): Bitfield | undefined {
    return this.knowsMetainfo ? this.field : undefined;
  }

  steersNow = false;

  steers(): boolean {
    return this.steersNow;
  }

  framed(piece: number): FramedPiece {
    const { meta, content } = this.torrent;
    const framed = FramedPiece.allocate(piece, pieceSize(meta, piece));
    for (let begin = 0; begin < framed.lengthBytes; begin += 16_384) {
      const at = piece * meta.pieceLength + begin;
      framed.putBlock(begin, content.subarray(at, at + Math.min(16_384, framed.lengthBytes - begin)));
    }
    return framed;
  }

  block(piece: number, begin: number, length: number, asOne: boolean): ReturnType<ClientTask['block']> {
    this.blocks.push({ piece, begin, length, asOne });
    const framed = this.framed(piece);
    const parts = asOne ? framed.message(begin, length) : [framed.run(begin, length) as Buffer];
    const lent = { parts, done: () => void this.done++ };
    if (this.reads === 'now') return lent;
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (this.reads === 'later') resolve(lent);
        else if (this.reads === 'never') resolve(undefined);
        else reject(new Error('the disk is gone'));
      });
    });
  }

  asked(): void {}

  changed(_client: ClientConnection, what: 'interest' | 'pieces'): void {
    this.changes.push(what);
  }

  served(_client: ClientConnection, _piece: number, bytes: number): void {
    this.changes.push('served');
    this.servedBytes += bytes;
  }

  lacksLayers(): Metainfo | undefined {
    return this.wantsLayers ? this.torrent.meta : undefined;
  }

  offerLayers(blob: Buffer): void {
    this.offeredLayers = blob;
  }

  peers: PexPeer[] | undefined = [];
  readonly heardOf: Endpoint[] = [];
  readonly toldOf: Endpoint[] = [];

  swarm(): PexPeer[] | undefined {
    return this.peers;
  }

  told(_client: ClientConnection, endpoints: readonly Endpoint[]): void {
    this.toldOf.push(...endpoints);
  }

  offerPeers(_client: ClientConnection, endpoints: readonly Endpoint[]): void {
    this.heardOf.push(...endpoints);
  }

  readonly dhtNodes: Endpoint[] = [];

  dhtNode(endpoint: Endpoint): void {
    this.dhtNodes.push(endpoint);
  }

  offerMetadata(infoBytes: Buffer): void {
    this.offered = infoBytes;
  }

  taker(): Taker | undefined {
    return this.takes;
  }

  failed(error: unknown): void {
    this.trouble = error;
  }

  closed(_client: ClientConnection, why: string): void {
    this.closedWhy = why;
  }
}

/** A stream that only remembers. */
export class TestStream implements ClientStream {
  readonly remote: Endpoint;
  /** One entry per write. */
  readonly writes: Buffer[] = [];
  accepts = true;
  /** Of writes that it did not accept. */
  readonly unsent: (() => void)[] = [];
  readonly untaken: (() => void)[] = [];
  paused = false;
  destroyed = false;
  data: (bytes: Buffer) => void = () => {};
  gone: () => void = () => {};
  drain: () => void = () => {};

  constructor(ip = '10.0.0.9') {
    this.remote = { ip, port: 51413 };
  }

  onData(cb: (bytes: Buffer) => void): void {
    this.data = cb;
  }

  onClose(cb: () => void): void {
    this.gone = cb;
  }

  onDrain(cb: () => void): void {
    this.drain = cb;
  }

  write(parts: readonly Uint8Array[], sent?: () => void, taken?: () => void): boolean {
    this.writes.push(Buffer.concat(parts));
    if (this.accepts) {
      sent?.();
      taken?.();
    } else {
      if (sent) this.unsent.push(sent);
      if (taken) this.untaken.push(taken);
    }
    return this.accepts;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.destroyed = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** Everything written so far, read as a client would; forgets it. */
  take(withHandshake = false): Message[] {
    let bytes = Buffer.concat(this.writes.splice(0));
    if (withHandshake) {
      const hands = parseHandshake(bytes);
      if (hands.kind === 'bad') throw new Error(hands.why);
      bytes = bytes.subarray(HANDSHAKE_BYTES);
    }
    const messages: Message[] = [];
    const why = new FrameSplitter(1 << 24).push(bytes, (frame) => {
      const m = decodeMessage(frame);
      if (m.kind === 'bad') throw new Error(m.why);
      messages.push(m.value);
    });
    if (why !== undefined) throw new Error(why);
    return messages;
  }
}

export const handshakeOf = (task: TestTask, options: Partial<Handshake> = {}): Handshake => ({
  infoHash: task.infoHash,
  peerId: Buffer.from('-TR3000-abcdefghijkl'),
  extended: true,
  fast: true,
  dht: false,
  v2: false,
  ...options,
});

/** A socket as the entry listener would hand it over. */
export function socketStream(socket: Socket): ClientStream {
  socket.on('error', () => {});
  return {
    remote: { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 },
    onData: (cb) => void socket.on('data', cb),
    onClose: (cb) => void socket.on('close', cb),
    onDrain: (cb) => void socket.on('drain', cb),
    write: (parts, sent, taken) => {
      socket.cork();
      let more = true;
      for (const part of parts) more = socket.write(part);
      socket.write('', (error) => {
        sent?.();
        if (!error) taken?.();
      });
      socket.uncork();
      return more;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** A real client; what it says on standard error is shown. */
export const runProgram = (program: string, args: readonly string[]): ChildProcess =>
  spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type Setup = {
  have?: number[] | 'all';
  hands?: Partial<Handshake>;
  metainfo?: boolean;
  limits?: Partial<ClientLimits>;
  early?: Buffer;
  /** Whom the client may be told of; private: of nobody. */
  peers?: PexPeer[] | 'private';
  clock?: Clock;
  stream?: TestStream;
  allowance?: Allowance | undefined;
};

/** A client of a task in memory. The test closes it. */
export async function connectClient(torrent: Torrent, s: Setup = {}) {
  const task = new TestTask(torrent);
  if (s.have === 'all') task.field.setAll();
  else for (const piece of s.have ?? []) task.field.set(piece);
  task.knowsMetainfo = s.metainfo ?? true;
  task.peers = s.peers === 'private' ? undefined : (s.peers ?? []);
  task.allowance = s.allowance;
  const stream = s.stream ?? new TestStream();
  const limits = { ...CLIENT_LIMITS, ...s.limits };
  const early = s.early ?? Buffer.alloc(0);
  const c = new ClientConnection(stream, handshakeOf(task, s.hands), task, early, silentLog, limits, s.clock);
  await turn();
  const say = async (...messages: Message[]): Promise<void> => {
    stream.data(Buffer.concat(messages.map(encodeMessage)));
    await turn();
  };
  return { task, stream, c, say };
}

/** Connects clients of one torrent, and closes each when its test is over. */
export function connecting(torrent: Torrent) {
  const opened: ClientConnection[] = [];
  afterEach(() => {
    for (const client of opened.splice(0)) client.close('the test is over');
  });
  return async (s?: Setup) => {
    const made = await connectClient(torrent, s);
    opened.push(made.c);
    return made;
  };
}

export const blockRequest = (piece: number, block: number, length = BLOCK_BYTES): Message => ({
  kind: 'request',
  piece,
  begin: block * BLOCK_BYTES,
  length,
});

/** Time turned by hand: it jumps from one sleeper's end to the next. */
export class HandClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ readonly atMs: number; wake(): void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const wake = (): void => {
        // Left on, every sleep of one signal would make the next one dearer.
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { atMs: this.#nowMs + ms, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', onAbort);
    });
  }

  /** Wakes whoever is due until then, in order, and lets each do what it does. */
  async pass(untilMs: number): Promise<void> {
    for (await turn(); ; await turn()) {
      const first = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs)[0];
      if (!first || first.atMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, first.atMs);
      this.#sleepers.delete(first);
      first.wake();
    }
    this.#nowMs = untilMs;
  }
}
