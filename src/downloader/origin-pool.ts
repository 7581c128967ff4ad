import { type Endpoint, endpointKey, type LanEndpoint } from '#base/endpoint.ts';
import type { OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';
import { newOrigin, nextOrigin, type OriginEvent, type OriginState } from './origin-state.ts';

/**
 * An origin peer, and the client in whose name it may be dialled. `qvodHello`: the client's own handshake in Qvod's dialect,
 * which is then the peer's too. `places`: it tells of its pieces by what it hears has come, so it is told.
 */
export type OriginSource = {
  readonly endpoint: Endpoint;
  readonly as?: LanEndpoint;
  readonly qvodHello?: Buffer;
  readonly places?: true;
};

export type Origin = {
  readonly id: OriginId;
  source: OriginSource;
  state: OriginState;
  /** How the next dial speaks first. */
  speech: Speech;
};

export type Speech = 'plain' | 'mse' | 'qvod';

/** The origins a task knows and where each stands. Ids are never used twice, so blame cannot fall on a newcomer. */
export class OriginPool {
  readonly #limits: DownloadLimits;
  readonly #random: () => number;
  readonly #byKey = new Map<string, Origin>();
  readonly #byId = new Map<OriginId, Origin>();
  #ids = 0;
  #live = 0;

  constructor(limits: DownloadLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Being dialled, or connected. */
  get live(): number {
    return this.#live;
  }

  all(): Iterable<Origin> {
    return this.#byKey.values();
  }

  byId(id: OriginId): Origin | undefined {
    return this.#byId.get(id);
  }

  /** For a source that is no origin. */
  newId(): OriginId {
    return this.#ids++;
  }

  add(source: OriginSource, nowMs: number): void {
    const key = endpointKey(source.endpoint);
    const known = this.#byKey.get(key);
    if (known) {
      this.on(known, { kind: 'named' }, nowMs);
      // A client's name opens another way to it: what the box's own address could not reach is tried again at once.
      if (source.as && !known.source.as && known.state.kind === 'waiting') known.state = newOrigin;
      known.source = latest(known.source, source);
      if (source.qvodHello) known.speech = 'qvod';
      return;
    }
    if (this.#byKey.size >= this.#limits.knownOrigins && !this.#forgetOne()) return;
    const origin: Origin = { id: this.#ids++, source, state: newOrigin, speech: source.qvodHello ? 'qvod' : 'plain' };
    this.#byKey.set(key, origin);
    this.#byId.set(origin.id, origin);
  }

  on(origin: Origin, event: OriginEvent, nowMs: number): void {
    const live = (s: OriginState): number => (s.kind === 'dialling' || s.kind === 'up' ? 1 : 0);
    const next = nextOrigin(origin.state, event, nowMs, this.#random(), this.#limits);
    this.#live += live(next) - live(origin.state);
    origin.state = next;
  }

  /** The origin to dial now, if there is one and room for it: the one that failed least. */
  due(nowMs: number): Origin | undefined {
    return this.#live < this.#limits.liveOrigins ? this.#best(nowMs) : undefined;
  }

  /** Somebody waits for room. */
  crowded(nowMs: number): boolean {
    return this.#live >= this.#limits.liveOrigins && this.#best(nowMs) !== undefined;
  }

  #best(nowMs: number): Origin | undefined {
    let best: Origin | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const origin of this.#byKey.values()) {
      const { state } = origin;
      if (state.kind !== 'waiting' || state.untilMs > nowMs || state.failures >= least) continue;
      best = origin;
      least = state.failures;
    }
    return best;
  }

  /** Makes room: an origin that failed goes before one that was not tried; bans are kept. */
  #forgetOne(): boolean {
    let worst: [string, OriginId] | undefined;
    let most = 0;
    for (const [key, { id, state }] of this.#byKey) {
      if (state.kind !== 'waiting' || state.failures <= most) continue;
      worst = [key, id];
      most = state.failures;
    }
    if (!worst) return false;
    this.#byId.delete(worst[1]);
    return this.#byKey.delete(worst[0]);
  }
}

/**
 * The latest client is the likeliest to be still there when the box dials in its name. Who merely tells of an origin (a tracker, PEX) takes no
 * client's name away: a box without an address of its own would not reach it any more.
 */
function latest(known: OriginSource, news: OriginSource): OriginSource {
  if (known.qvodHello && !news.qvodHello) return known;
  const kept = { ...(known.places && { places: known.places }), ...(known.as && { as: known.as }) };
  return { ...kept, ...news };
}
