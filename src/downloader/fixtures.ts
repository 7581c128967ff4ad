import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Duplex, duplexPair, type Readable } from 'node:stream';
import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { type Log, type LogLine, logTo } from '#base/log.ts';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import {
  encodeExtendedHandshake,
  encodeMetadata,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { decodeMessage, encodeMessage, FrameSplitter, type Message } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import { type Metainfo, parseInfo } from '#wire/metainfo.ts';
import { MseResponder } from '#wire/mse.ts';
import type { DownloadWorld } from './downloader.ts';
import type { OriginSource } from './origin-pool.ts';

/** A clock that a test turns by hand. */
export class TestClock implements Clock {
  #nowMs = 1_000_000;
  readonly #sleepers = new Set<{ atMs: number; wake: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.atMs > this.#nowMs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

/** Lets everything that is due in memory happen. */
export async function settle(turns = 30): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(setImmediate);
}

export type Torrent = { meta: Metainfo; content: Buffer };

/** A torrent of one file whose bytes depend on their place. */
export function makeTorrent(totalBytes: number, pieceLength: number): Torrent {
  const content = Buffer.alloc(totalBytes);
  for (let at = 0; at < totalBytes; at += 4)
    content.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, Math.min(at, totalBytes - 4));
  const hashes: Buffer[] = [];
  for (let at = 0; at < totalBytes; at += pieceLength) {
    hashes.push(
      createHash('sha1')
        .update(content.subarray(at, at + pieceLength))
        .digest(),
    );
  }
  const info = encode({ length: totalBytes, name: 'file', 'piece length': pieceLength, pieces: Buffer.concat(hashes) });
  const parsed = parseInfo(info, infoHashOf(createHash('sha1').update(info).digest()));
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  return { meta: parsed.value, content };
}

export type SeedHabits = {
  has?: (piece: number) => boolean;
  fast?: boolean;
  mse?: boolean;
  /** What to do with a request. Default: answer. */
  onRequest?: (
    seed: FakeSeed,
    piece: number,
    begin: number,
  ) => 'answer' | 'lie' | 'reject' | 'ignore' | 'choke' | 'close' | undefined;
  metadata?: boolean | 'wrong';
};

/** An origin peer on one end of an in-memory stream. */
export class FakeSeed {
  readonly requests: string[] = [];
  readonly metadataRequests: number[] = [];
  interested = false;
  cancelled = 0;
  readonly #torrent: Torrent;
  readonly #habits: SeedHabits;
  readonly #stream: Duplex;
  readonly #frames = new FrameSplitter(1 << 20);
  #head: Buffer | undefined = Buffer.alloc(0);
  #utMetadata = 0;
  #encrypt = (b: Buffer): Buffer => b;

  constructor(stream: Duplex, torrent: Torrent, habits: SeedHabits) {
    this.#stream = stream;
    this.#torrent = torrent;
    this.#habits = habits;
    stream.on('error', () => {});
    stream.on('end', () => stream.destroy());
    if (habits.mse) this.#answerMse();
    else stream.on('data', (b: Buffer) => this.#receive(b));
  }

  get closed(): boolean {
    return this.#stream.destroyed;
  }

  close(): void {
    this.#stream.destroy();
  }

  say(m: Message): void {
    if (!this.closed) this.#stream.write(this.#encrypt(encodeMessage(m)));
  }

  answer(piece: number, begin: number, lie = false): void {
    const { meta, content } = this.#torrent;
    const at = piece * meta.pieceLength + begin;
    const end = Math.min(at + BLOCK_BYTES, (piece + 1) * meta.pieceLength, content.length);
    const data = Buffer.from(content.subarray(at, end));
    if (lie) data[0] = (data[0] as number) ^ 0xff;
    this.say({ kind: 'piece', piece, begin, data });
  }

  #answerMse(): void {
    const { meta } = this.#torrent;
    const responder = new MseResponder({ find: () => meta.infoHash });
    const first = (b: Buffer): void => {
      if (looksLikeHandshake(b) === 'yes') return void this.#stream.destroy();
      const step = responder.push(b);
      if (step.kind === 'bad') return void this.#stream.destroy();
      for (const part of step.send) this.#stream.write(part);
      if (step.kind === 'more') return;
      this.#stream.off('data', first);
      this.#encrypt = (p) => step.ciphers.encrypt(p);
      this.#stream.on('data', (c: Buffer) => this.#receive(step.ciphers.decrypt(c)));
      if (step.rest.length > 0) this.#receive(step.rest);
    };
    this.#stream.on('data', first);
  }

  #receive(bytes: Buffer): void {
    if (this.closed) return;
    let rest = bytes;
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, bytes]);
      if (this.#head.length < HANDSHAKE_BYTES) return;
      const hands = parseHandshake(this.#head);
      if (hands.kind === 'bad') {
        this.close();
        return;
      }
      rest = this.#head.subarray(HANDSHAKE_BYTES);
      this.#head = undefined;
      this.#greet();
    }
    this.#frames.push(rest, (frame) => {
      const m = decodeMessage(frame);
      if (m.kind === 'ok') this.#hear(m.value);
    });
  }

  #greet(): void {
    const { meta } = this.#torrent;
    const peerId = Buffer.from('-FS0000-000000000000');
    const fast = this.#habits.fast ?? true;
    this.#stream.write(this.#encrypt(encodeHandshake({ infoHash: meta.infoHash, peerId, extended: true, fast })));
    const pieces = new Bitfield(meta.pieceCount);
    for (let i = 0; i < meta.pieceCount; i++) if (this.#habits.has?.(i) ?? true) pieces.set(i);
    if (pieces.full && fast) this.say({ kind: 'have-all' });
    else this.say({ kind: 'bitfield', bits: Buffer.from(pieces.bytes) });
    const size = this.#habits.metadata === undefined ? {} : { metadataSize: meta.infoBytes.length, utMetadataId: 3 };
    this.say({ kind: 'extended', id: 0, payload: encodeExtendedHandshake(size) });
  }

  #hear(m: Message): void {
    if (m.kind === 'interested') {
      this.interested = true;
      this.say({ kind: 'unchoke' });
    } else if (m.kind === 'request') this.#onRequest(m.piece, m.begin, m.length);
    else if (m.kind === 'cancel') this.cancelled++;
    else if (m.kind === 'extended') this.#onExtended(m.id, m.payload);
  }

  #onRequest(piece: number, begin: number, length: number): void {
    this.requests.push(`${piece}:${begin}`);
    const what = this.#habits.onRequest?.(this, piece, begin) ?? 'answer';
    if (what === 'answer' || what === 'lie') this.answer(piece, begin, what === 'lie');
    else if (what === 'reject') this.say({ kind: 'reject', piece, begin, length });
    else if (what === 'close') this.close();
    else if (what === 'choke') {
      this.say({ kind: 'choke' });
      if (this.#habits.fast ?? true) this.say({ kind: 'reject', piece, begin, length });
      setImmediate(() => setImmediate(() => this.say({ kind: 'unchoke' })));
    }
  }

  #onExtended(id: number, payload: Buffer): void {
    if (id === 0) {
      const h = parseExtendedHandshake(payload);
      this.#utMetadata = (h.kind === 'ok' && h.value.utMetadataId) || 0;
      return;
    }
    const m = parseMetadata(payload);
    if (m.kind === 'bad' || m.value.kind !== 'request') return;
    this.metadataRequests.push(m.value.piece);
    const info = Buffer.from(this.#torrent.meta.infoBytes);
    if (this.#habits.metadata === 'wrong') info[5] = (info[5] as number) ^ 1;
    const data = metadataPiece(info, m.value.piece);
    if (data) this.say({ kind: 'extended', id: this.#utMetadata, payload: encodeMetadata(data) });
  }
}

/** A task's side of a download in memory, with seeds by port number. */
export class TestWorld implements DownloadWorld {
  readonly clock: TestClock;
  readonly torrent: Torrent;
  readonly peerId = Buffer.from('-SB0100-000000000001');
  readonly lines: LogLine[] = [];
  readonly log: Log = logTo((line) => this.lines.push(line));
  readonly seeds = new Map<number, SeedHabits>();
  readonly sessions: { port: number; seed: FakeSeed }[] = [];
  readonly kept = new Map<number, Buffer>();
  readonly acceptedFrom: Endpoint[][] = [];
  dials = 0;
  receivedBytes = 0;
  info: Buffer | undefined;
  lackOf: (piece: number) => number = () => 1;
  refuse: 'full' | 'failed' | undefined;

  constructor(torrent: Torrent, clock = new TestClock()) {
    this.torrent = torrent;
    this.clock = clock;
  }

  get infoHash(): Metainfo['infoHash'] {
    return this.torrent.meta.infoHash;
  }

  source(port: number): OriginSource {
    return { endpoint: { ip: '192.0.2.1', port } };
  }

  async dial(to: OriginSource): Promise<Duplex> {
    this.dials++;
    const habits = this.seeds.get(to.endpoint.port);
    if (!habits) throw new Error(`nobody listens at ${endpointKey(to.endpoint)}`);
    const [ours, theirs] = duplexPair();
    // A socket tells its other end that it is gone; the pair's halves only end.
    ours.on('close', () => theirs.destroy());
    theirs.on('close', () => ours.destroy());
    this.sessions.push({ port: to.endpoint.port, seed: new FakeSeed(theirs, this.torrent, habits) });
    return ours;
  }

  async accept(piece: FramedPiece, from: Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    this.acceptedFrom.push(from);
    await new Promise(setImmediate);
    if (this.refuse) return this.refuse;
    const bytes = Buffer.concat(piece.payloadParts());
    const hash = createHash('sha1').update(bytes).digest();
    const { meta } = this.torrent;
    if (!hash.equals(Buffer.from(meta.pieceHashes.subarray(piece.index * 20, piece.index * 20 + 20)))) return 'bad';
    this.kept.set(piece.index, bytes);
    return 'ok';
  }

  gotInfo(infoBytes: Buffer): void {
    this.info = infoBytes;
  }

  lack(piece: number): number {
    return this.lackOf(piece);
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  get complete(): boolean {
    return this.kept.size === this.torrent.meta.pieceCount;
  }

  content(): Buffer {
    return Buffer.concat([...this.kept].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }
}

/** A real peer; its standard output is read by the test. */
export const runProgram = (program: string, args: readonly string[]): ChildProcessByStdio<null, Readable, null> =>
  spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
