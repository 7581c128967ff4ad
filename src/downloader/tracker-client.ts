import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { type AnnounceAnswer, announceUrl, parseAnnounceAnswer } from '#wire/tracker-http.ts';
import { encodeAnnounce, encodeConnect, parseConnectAnswer, parseUdpAnnounceAnswer } from '#wire/tracker-udp.ts';

export type AnnounceEvent = 'started' | 'stopped' | 'completed';
export type TrackerWorld = {
  readonly infoHash: InfoHash;
  readonly peerId: Buffer;
  readonly clock: Clock;
  readonly log: Log;
  progress(): { uploaded: number; downloaded: number; left: number };
  found(peers: readonly Endpoint[]): void;
};

export const TRACKER_LIMITS = {
  /** Trackers asked per task; the first that answers is kept (BEP 12: within a tier, then the next). */
  trackers: 8,
  /** Bytes of an HTTP answer: 200 peers are 1.2 kB compact, some 20 kB as dictionaries. */
  answerBytes: 256 * 1024,
  httpMs: 15_000,
  /** BEP 15 waits 15 s, doubled each time; a box has other trackers to ask. */
  udpMs: 5_000,
  udpTries: 3,
  /** Between announces, whatever the tracker says: at least, at most, and when it says nothing. */
  minIntervalMs: 60_000,
  maxIntervalMs: 3_600_000,
  intervalMs: 1_800_000,
  /** After every tracker failed; doubles up to `maxIntervalMs`. */
  retryMs: 30_000,
  /** Time for saying goodbye. */
  stopMs: 2_000,
  numwant: 50,
  /** We take no connections at an address of our own; BEP 3 wants a port all the same, and 1 reaches nobody (0 is refused by some). */
  port: 1,
} as const;

/** Asks a torrent's trackers for peers from the box's own address. Only for boxes that have one. */
export class TrackerClient {
  readonly #world: TrackerWorld;
  readonly #trackers: string[];
  readonly #scope: Scope;
  readonly #key = Math.floor(Math.random() * 0xffff_ffff);
  #answered: string | undefined;
  #wake = new AbortController();
  #event: AnnounceEvent | undefined = 'started';

  constructor(world: TrackerWorld, trackers: readonly string[]) {
    this.#world = world;
    this.#trackers = trackers.slice(0, TRACKER_LIMITS.trackers);
    this.#scope = new Scope((error) => world.log.error('tracker-broken', { why: errorText(error) }));
    this.#scope.run((signal) => this.#goOn(signal));
  }

  /** The torrent is whole: said at once, once. */
  completed(): void {
    this.#event = 'completed';
    this.#wake.abort();
  }

  /** Says goodbye to the tracker that knows us, if it listens soon enough. */
  async close(): Promise<void> {
    const tracker = this.#answered;
    await this.#scope.close();
    if (tracker === undefined) return;
    await this.#ask(tracker, 'stopped', AbortSignal.timeout(TRACKER_LIMITS.stopMs)).catch(() => {});
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; ) {
      this.#wake = new AbortController();
      const answer = await this.#round(signal);
      signal.throwIfAborted();
      failures = answer ? 0 : failures + 1;
      const { retryMs, intervalMs, minIntervalMs, maxIntervalMs } = TRACKER_LIMITS;
      const wanted = answer
        ? (answer.intervalS ?? intervalMs / 1000) * 1000
        : retryMs * 2 ** Math.min(failures - 1, 16);
      const waitMs = Math.min(Math.max(wanted, answer ? minIntervalMs : 0), maxIntervalMs);
      await this.#world.clock.sleep(waitMs, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
      signal.throwIfAborted();
    }
  }

  /** One answer, from the tracker that answered last or from the first that does. */
  async #round(signal: AbortSignal): Promise<AnnounceAnswer | undefined> {
    const event = this.#event;
    const order = this.#answered
      ? [this.#answered, ...this.#trackers.filter((t) => t !== this.#answered)]
      : this.#trackers;
    for (const tracker of order) {
      try {
        const answer = await this.#ask(tracker, event, signal);
        if (answer.failure !== undefined) throw new Error(answer.failure);
        this.#answered = tracker;
        if (this.#event === event) this.#event = undefined;
        this.#world.found(answer.peers);
        return answer;
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#world.log.warn('tracker-failed', { tracker: origin(tracker), why: errorText(error) });
      }
    }
    return undefined;
  }

  #ask(tracker: string, event: AnnounceEvent | undefined, signal: AbortSignal): Promise<AnnounceAnswer> {
    const { infoHash, peerId } = this.#world;
    const { numwant, port } = TRACKER_LIMITS;
    const told = { infoHash, peerId, port, numwant, ...this.#world.progress(), ...(event && { event }) };
    if (!URL.canParse(tracker)) return Promise.reject(new Error('not a URL'));
    const url = new URL(tracker);
    if (url.protocol === 'udp:') return askUdp(url, { ...told, key: this.#key }, signal);
    return askHttp(announceUrl(tracker, told), signal);
  }
}

/** A tracker's address without its path, which may hold somebody's passkey. */
const origin = (tracker: string): string => (URL.canParse(tracker) ? new URL(tracker).host : tracker.slice(0, 40));

function askHttp(url: string, outer: AbortSignal): Promise<AnnounceAnswer> {
  const { protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return Promise.reject(new Error(`no tracker speaks ${protocol}`));
  const signal = AbortSignal.any([outer, AbortSignal.timeout(TRACKER_LIMITS.httpMs)]);
  return new Promise((resolve, reject) => {
    const ask = protocol === 'http:' ? http.get : https.get;
    const request = ask(url, { signal, agent: false, headers: { 'accept-encoding': 'identity' } }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        parts.push(part);
        if (bytes > TRACKER_LIMITS.answerBytes) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const answer = parseAnnounceAnswer(Buffer.concat(parts));
        if (answer.kind === 'ok') resolve(answer.value);
        else reject(new Error(response.statusCode === 200 ? answer.why : `HTTP status ${response.statusCode}`));
      });
    });
    request.on('error', reject);
  });
}

type UdpAnnounce = Omit<Parameters<typeof encodeAnnounce>[0], 'connectionId' | 'transactionId'>;

/** BEP 15: a connection id first, then the announce. */
async function askUdp(url: URL, told: UdpAnnounce, signal: AbortSignal): Promise<AnnounceAnswer> {
  const { address, family } = await lookup(url.hostname.replace(/^\[|\]$/g, ''));
  signal.throwIfAborted();
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    socket.connect(Number(url.port) || 80, address);
    await once(socket, 'connect', signal, TRACKER_LIMITS.udpMs);
    const hello = await exchange(socket, signal, encodeConnect, parseConnectAnswer);
    const urlData = `${url.pathname}${url.search}`;
    return await exchange(
      socket,
      signal,
      (transactionId) => encodeAnnounce({ ...told, urlData, connectionId: hello.connectionId, transactionId }),
      (datagram) => parseUdpAnnounceAnswer(datagram, family === 6 ? 6 : 4),
    );
  } finally {
    socket.close();
  }
}

type Udp = ReturnType<typeof createSocket>;
type Read<T> = { kind: 'ok'; value: T } | { kind: 'bad'; why: string };

/** Sends until the answer with our transaction id comes; datagrams get lost. */
async function exchange<T extends { transactionId: number }>(
  socket: Udp,
  signal: AbortSignal,
  ask: (transactionId: number) => Buffer,
  read: (datagram: Buffer) => Read<T>,
): Promise<T> {
  const transactionId = Math.floor(Math.random() * 0xffff_ffff);
  for (let attempt = 1; ; attempt++) {
    socket.send(ask(transactionId));
    try {
      const answer = read(await once(socket, 'message', signal, TRACKER_LIMITS.udpMs));
      if (answer.kind === 'bad') throw new Error(answer.why);
      if (answer.value.transactionId === transactionId) return answer.value;
      throw new Error('an answer to another question');
    } catch (error) {
      if (signal.aborted || attempt >= TRACKER_LIMITS.udpTries) throw error;
    }
  }
}

/** The next event's first argument; rejects on a socket error, an abort, or after `ms`. */
function once(socket: Udp, event: 'connect' | 'message', outer: AbortSignal, ms: number): Promise<Buffer> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(ms)]);
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      socket.off(event, good);
      socket.off('error', broken);
      signal.removeEventListener('abort', late);
      settle();
    };
    const good = (value?: Buffer): void => end(() => resolve(value as Buffer));
    const broken = (error: Error): void => end(() => reject(error));
    const late = (): void => end(() => reject(new Error('no answer in time')));
    socket.on(event, good);
    socket.on('error', broken);
    signal.addEventListener('abort', late);
    if (signal.aborted) late();
  });
}
