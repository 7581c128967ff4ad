import { createHash } from 'node:crypto';
import type { InfoHash } from '#base/units.ts';
import { MetadataAssembly } from '#wire/extended.ts';
import type { OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';

type Attempt = {
  readonly assembly: MetadataAssembly;
  /** Pieces not asked for yet, in order. */
  readonly toAsk: number[];
  asked: number;
  progressAtMs: number;
};
export type MetadataStep = { kind: 'more' } | { kind: 'liar' } | { kind: 'done'; infoBytes: Buffer };

/**
 * Fetches the info dictionary (BEP 9) when only the info-hash is known. Each attempt takes all pieces from one origin, so that a wrong one
 * has an author; a second origin is asked only when the first stalls. Metainfo is small: asking two at once would only cost the line.
 */
export class MetadataFetch {
  readonly #infoHash: InfoHash;
  readonly #limits: Pick<DownloadLimits, 'metadataOrigins' | 'metadataWindow' | 'metadataStallMs' | 'metadataBytes'>;
  readonly #request: (origin: OriginId, piece: number) => void;
  /** Origins that said a size and are not being asked: bounded by the live connections. */
  readonly #waiting = new Map<OriginId, number>();
  readonly #active = new Map<OriginId, Attempt>();
  #over = false;

  constructor(
    infoHash: InfoHash,
    request: (origin: OriginId, piece: number) => void,
    limits: Pick<DownloadLimits, 'metadataOrigins' | 'metadataWindow' | 'metadataStallMs' | 'metadataBytes'>,
  ) {
    this.#infoHash = infoHash;
    this.#request = request;
    this.#limits = limits;
  }

  /** The origin has an info dictionary of `bytes`. */
  offer(origin: OriginId, bytes: number, nowMs: number): void {
    if (this.#over || bytes < 1 || bytes > this.#limits.metadataBytes || this.#active.has(origin)) return;
    this.#waiting.set(origin, bytes);
    this.tick(nowMs);
  }

  data(origin: OriginId, piece: number, data: Buffer, nowMs: number): MetadataStep {
    const attempt = this.#active.get(origin);
    if (!attempt) return { kind: 'more' };
    const put = attempt.assembly.put(piece, data);
    if (put === 'bad') {
      this.leave(origin, nowMs);
      return { kind: 'liar' };
    }
    attempt.progressAtMs = nowMs;
    if (put === 'ok') {
      attempt.asked--;
      this.#ask(origin, attempt);
      return { kind: 'more' };
    }
    const infoBytes = attempt.assembly.bytes();
    if (!matches(infoBytes, this.#infoHash)) {
      this.leave(origin, nowMs);
      return { kind: 'liar' };
    }
    this.stop();
    return { kind: 'done', infoBytes };
  }

  /** The origin is gone, refuses or lies. */
  leave(origin: OriginId, nowMs: number): void {
    this.#waiting.delete(origin);
    if (this.#active.delete(origin)) this.tick(nowMs);
  }

  /** Starts another attempt when there is none, or none that moves. */
  tick(nowMs: number): void {
    if (this.#over) return;
    const moving = [...this.#active.values()].some((a) => nowMs - a.progressAtMs < this.#limits.metadataStallMs);
    if (moving) return;
    const next = this.#waiting.entries().next().value;
    if (!next) return;
    if (this.#active.size >= this.#limits.metadataOrigins) {
      const oldest = this.#active.keys().next().value as OriginId;
      const size = this.#active.get(oldest)?.assembly.totalSize as number;
      this.#active.delete(oldest);
      this.#waiting.set(oldest, size);
    }
    const [origin, bytes] = next;
    this.#waiting.delete(origin);
    const assembly = new MetadataAssembly(bytes);
    const attempt = { assembly, toAsk: assembly.missing(), asked: 0, progressAtMs: nowMs };
    this.#active.set(origin, attempt);
    this.#ask(origin, attempt);
  }

  /** The metainfo is known, from here or elsewhere. */
  stop(): void {
    this.#over = true;
    this.#waiting.clear();
    this.#active.clear();
  }

  #ask(origin: OriginId, attempt: Attempt): void {
    while (attempt.asked < this.#limits.metadataWindow) {
      const piece = attempt.toAsk.shift();
      if (piece === undefined) return;
      attempt.asked++;
      this.#request(origin, piece);
    }
  }
}

/** BEP 3: SHA-1; BEP 52: the first 20 bytes of SHA-256. */
function matches(infoBytes: Buffer, infoHash: InfoHash): boolean {
  const hex = (algorithm: string): string => createHash(algorithm).update(infoBytes).digest('hex').slice(0, 40);
  return hex('sha1') === infoHash || hex('sha256') === infoHash;
}
