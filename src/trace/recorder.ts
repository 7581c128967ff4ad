import type { Clock } from '#base/clock.ts';
import { type InfoHash, KIB } from '#base/units.ts';
import { TRACE_LIMITS } from './limits.ts';
import { OpenSession } from './open-session.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { lineOf, type Session } from './session.ts';

/** As much of a torrent as is recorded of it. */
export type Shape = {
  readonly infoHash: InfoHash;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
};

export type RecorderWorld = {
  readonly clock: Clock;
  readonly names: Pseudonyms;
  /** Sessions that are over, a line each. */
  write(lines: readonly string[]): void;
};

type Limits = Readonly<Record<'openSessions' | 'openAsks', number>>;

/** Notes what clients ask for. It costs a look into a table for each request, and a line for each session once it is over. */
export class Recorder {
  readonly #world: RecorderWorld;
  readonly #limits: Limits;
  /** By torrent and address, which are never written; the one that began first comes first. */
  readonly #open = new Map<string, OpenSession>();
  #asks = 0;

  constructor(world: RecorderWorld, limits: Limits = TRACE_LIMITS) {
    this.#world = world;
    this.#limits = limits;
  }

  /** Where the demand for a torrent is told. */
  torrent(shape: Shape): TorrentDemand {
    const { clock, names } = this.#world;
    const torrent = names.torrent(shape.infoHash);
    const segments = segmentsIn(shape.totalBytes);
    const pieceKib = Math.ceil(shape.pieceLength / KIB);
    return new TorrentDemand(shape, segments, {
      known: (ip) => this.#open.get(`${torrent} ${ip}`),
      begin: (ip) => {
        const nowMs = clock.nowMs();
        const session = new OpenSession(
          { torrent, segments, pieceKib, client: names.client(ip, torrent, nowMs) },
          nowMs,
        );
        this.#open.set(`${torrent} ${ip}`, session);
        return session;
      },
      asked: (session, segment) => {
        if (!session.asked(segment, clock.nowMs())) return;
        this.#asks++;
        this.#shed();
      },
    });
  }

  /** To be called every minute: those that are over are written, all at once. */
  tick(): void {
    const nowMs = this.#world.clock.nowMs();
    this.#end([...this.#open].filter(([, session]) => session.quietMin(nowMs) >= TRACE_LIMITS.quietMin));
  }

  /** All are over. */
  close(): void {
    this.#end([...this.#open]);
  }

  /** Those under way, as they are by now. */
  sessions(): Session[] {
    return [...this.#open.values()].map(({ session }) => session);
  }

  /** Bounded whoever asks for what: the oldest are written early, an eighth at a time. */
  #shed(): void {
    if (this.#open.size <= this.#limits.openSessions && this.#asks <= this.#limits.openAsks) return;
    this.#end([...this.#open].slice(0, Math.ceil(this.#open.size / 8)));
  }

  #end(ended: readonly (readonly [string, OpenSession])[]): void {
    if (ended.length === 0) return;
    for (const [key, session] of ended) {
      session.isOver = true;
      this.#asks -= session.size;
      this.#open.delete(key);
    }
    this.#world.write(ended.map(([, session]) => lineOf(session.session)));
  }
}

/** What a torrent's demand asks of the recorder. `ip`: of a client. */
type Desk = {
  known(ip: string): OpenSession | undefined;
  begin(ip: string): OpenSession;
  asked(session: OpenSession, segment: number): void;
};

/** What a task tells of its torrent. */
export class TorrentDemand {
  readonly #shape: Shape;
  readonly #segments: number;
  readonly #desk: Desk;
  /** Who asked last: what comes in from outside is for it. */
  #last: OpenSession | undefined;
  #unclaimedBytes = 0;

  constructor(shape: Shape, segments: number, desk: Desk) {
    this.#shape = shape;
    this.#segments = segments;
    this.#desk = desk;
  }

  /** A client, by its address, asks for something of the piece. */
  asked(ip: string, piece: number, begin: number): void {
    const session = this.#desk.known(ip) ?? this.#desk.begin(ip);
    session.fetched(this.#unclaimedBytes);
    this.#unclaimedBytes = 0;
    this.#last = session;
    const { pieceLength, pieceCount } = this.#shape;
    // Pieces are dealt out evenly: in v2 each file's last one may be short.
    const segment = Math.floor(((piece + begin / pieceLength) / pieceCount) * this.#segments);
    this.#desk.asked(session, Math.min(segment, this.#segments - 1));
  }

  served(ip: string, bytes: number): void {
    this.#desk.known(ip)?.served(bytes);
  }

  /** A piece has come in from outside. */
  fetched(bytes: number): void {
    if (this.#last && !this.#last.isOver) this.#last.fetched(bytes);
    else this.#unclaimedBytes += bytes;
  }
}

/** To the nearest, and at least one: of many torrents the errors cancel out. */
const segmentsIn = (bytes: number): number =>
  Math.min(TRACE_LIMITS.segments, Math.max(1, Math.round(bytes / TRACE_LIMITS.segmentBytes)));
