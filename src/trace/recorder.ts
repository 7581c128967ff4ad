import type { Clock } from '#base/clock.ts';
import { bug } from '#base/errors.ts';
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
  /** Sessions under way, the one that began first coming first; and how each is known, which is never written. */
  readonly #open = new Map<OpenSession, { readonly demand: TorrentDemand; readonly ip: string }>();
  /** By their number, torrents that have sessions. */
  readonly #torrents = new Map<number, TorrentDemand>();
  #asks = 0;

  constructor(world: RecorderWorld, limits: Limits = TRACE_LIMITS) {
    this.#world = world;
    this.#limits = limits;
  }

  /** Where the demand for a torrent is told. A task that begins anew goes on with the sessions that are under way. */
  torrent(shape: Shape): TorrentDemand {
    const { clock, names } = this.#world;
    const torrent = names.torrent(shape.infoHash);
    const known = this.#torrents.get(torrent);
    if (known) return known;
    const segments = segmentsIn(shape.totalBytes);
    const pieceKib = Math.ceil(shape.pieceLength / KIB);
    const demand: TorrentDemand = new TorrentDemand(shape, torrent, segments, {
      begin: (ip) => {
        const nowMs = clock.nowMs();
        const client = names.client(ip, torrent, nowMs);
        const session = new OpenSession({ torrent, segments, pieceKib, client }, nowMs);
        this.#open.set(session, { demand, ip });
        this.#torrents.set(torrent, demand);
        return session;
      },
      asked: (session, segment) => {
        if (!session.asked(segment, clock.nowMs())) return;
        this.#asks++;
        this.#shed();
      },
    });
    return demand;
  }

  /** To be called every minute: those that are over are written, all at once. */
  tick(): void {
    const nowMs = this.#world.clock.nowMs();
    this.#end([...this.#open.keys()].filter((session) => session.quietMin(nowMs) >= TRACE_LIMITS.quietMin));
  }

  /** All are over. */
  close(): void {
    this.#end([...this.#open.keys()]);
  }

  /** Those under way, as they are by now. */
  sessions(): Session[] {
    return [...this.#open.keys()].map(({ session }) => session);
  }

  /** Bounded whoever asks for what: the oldest are written early, an eighth at a time. */
  #shed(): void {
    if (this.#open.size <= this.#limits.openSessions && this.#asks <= this.#limits.openAsks) return;
    this.#end([...this.#open.keys()].slice(0, Math.ceil(this.#open.size / 8)));
  }

  #end(ended: readonly OpenSession[]): void {
    if (ended.length === 0) return;
    for (const session of ended) {
      const { demand, ip } = this.#open.get(session) ?? bug('a session that is not open');
      this.#open.delete(session);
      this.#asks -= session.size;
      demand.over(ip);
      if (demand.isIdle && this.#torrents.get(demand.torrent) === demand) this.#torrents.delete(demand.torrent);
    }
    this.#world.write(ended.map(({ session }) => lineOf(session)));
  }
}

/** What a torrent's demand asks of the recorder. `ip`: of a client. */
type Desk = {
  begin(ip: string): OpenSession;
  asked(session: OpenSession, segment: number): void;
};

/** What a task tells of its torrent. */
export class TorrentDemand {
  readonly torrent: number;
  readonly #shape: Shape;
  readonly #segments: number;
  readonly #desk: Desk;
  readonly #sessions = new Map<string, OpenSession>();
  /** Who asked last: what comes in from outside is for it. */
  #last: OpenSession | undefined;
  #unclaimedBytes = 0;

  constructor(shape: Shape, torrent: number, segments: number, desk: Desk) {
    this.#shape = shape;
    this.torrent = torrent;
    this.#segments = segments;
    this.#desk = desk;
  }

  /** A client, by its address, asks for something of the piece. */
  asked(ip: string, piece: number, begin: number): void {
    const session = this.#sessions.get(ip) ?? this.#begun(ip);
    session.fetched(this.#unclaimedBytes);
    this.#unclaimedBytes = 0;
    this.#last = session;
    const { pieceLength, pieceCount } = this.#shape;
    // Pieces are dealt out evenly: in v2 each file's last one may be short.
    const segment = Math.floor(((piece + begin / pieceLength) / pieceCount) * this.#segments);
    this.#desk.asked(session, Math.min(segment, this.#segments - 1));
  }

  served(ip: string, bytes: number): void {
    this.#sessions.get(ip)?.served(bytes);
  }

  /** A piece has come in from outside. */
  fetched(bytes: number): void {
    if (this.#last) this.#last.fetched(bytes);
    else this.#unclaimedBytes += bytes;
  }

  /** The client's session is written. */
  over(ip: string): void {
    if (this.#last === this.#sessions.get(ip)) this.#last = undefined;
    this.#sessions.delete(ip);
  }

  get isIdle(): boolean {
    return this.#sessions.size === 0;
  }

  #begun(ip: string): OpenSession {
    const session = this.#desk.begin(ip);
    this.#sessions.set(ip, session);
    return session;
  }
}

/** To the nearest, and at least one: of many torrents the errors cancel out. */
const segmentsIn = (bytes: number): number =>
  Math.min(TRACE_LIMITS.segments, Math.max(1, Math.round(bytes / TRACE_LIMITS.segmentBytes)));
