import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';

export type Request = {
  readonly piece: PieceIndex;
  readonly begin: number;
  readonly length: number;
  /** How many of these bytes lie beyond the end of a v2 file, see `padded`. */
  readonly paddingBytes?: number;
};
/** Requests whose answers are one slice of a framed piece. */
export type Run = {
  readonly piece: PieceIndex;
  readonly begin: number;
  readonly length: number;
  readonly requests: readonly Request[];
};

/** Entries taken before the array is cut. */
const CUT_AT = 512;

/**
 * The requests of one client that wait, oldest first. Consecutive block requests leave as one run, so that a client that asks for a piece in
 * order costs one read and one slice. Cancelling is a search among those that wait, which are few and young.
 */
export class RequestQueue {
  readonly #limit: number;
  readonly #runBytes: number;
  readonly #waiting: Request[] = [];
  /** Taken so far; the array is cut only now and then, because shifting thousands of entries one by one is quadratic. */
  #head = 0;

  constructor(limits: { requests: number; runBytes: number }) {
    this.#limit = limits.requests;
    this.#runBytes = limits.runBytes;
  }

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** False when too many wait. */
  push(request: Request): boolean {
    if (this.length >= this.#limit) return false;
    this.#waiting.push(request);
    return true;
  }

  /** True when the request was still waiting, and now is not. */
  cancel({ piece, begin, length }: Request): boolean {
    const at = this.#waiting.findIndex(
      (r, i) => i >= this.#head && r.piece === piece && r.begin === begin && r.length === length,
    );
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    return true;
  }

  /** The next run: at least one request, and never more than `maxBytes` beyond it. */
  take(maxBytes: number): Run | undefined {
    const first = this.#waiting[this.#head];
    if (!first) return undefined;
    const limit = Math.min(maxBytes, this.#runBytes);
    const requests = [first];
    let length = dataBytes(first);
    for (let last = first; dataBytes(last) === BLOCK_BYTES && first.begin % BLOCK_BYTES === 0; ) {
      const next = this.#waiting[this.#head + requests.length];
      if (!next || next.piece !== first.piece || next.begin !== first.begin + length) break;
      if (next.length > BLOCK_BYTES || next.paddingBytes || length + next.length > limit) break;
      requests.push(next);
      length += next.length;
      last = next;
    }
    this.#head += requests.length;
    if (this.#head === this.#waiting.length || this.#head >= CUT_AT) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    return { piece: first.piece, begin: first.begin, length, requests };
  }
}

/**
 * In a v2 torrent the last piece of each file may be short (BEP 52). libtorrent sees zeros between a file and the next piece all the same, asks
 * for whole blocks, and waits for as many bytes as it asked for.
 */
export function padded(r: Request, metainfo: Metainfo): Request {
  const paddingBytes = r.begin + r.length - pieceSize(metainfo, r.piece);
  return paddingBytes > 0 ? { ...r, paddingBytes } : r;
}

const dataBytes = (r: Request): number => r.length - (r.paddingBytes ?? 0);

/** Why a client that asks this must be dropped. Without metainfo nothing can be said about places. */
export function requestFault(r: Request, metainfo: Metainfo | undefined, maxBytes: number): string | undefined {
  if (metainfo) {
    if (r.piece >= metainfo.pieceCount || r.length === 0) return 'a request outside the torrent';
    const size = pieceSize(metainfo, r.piece);
    const most = metainfo.version === 'v2' ? metainfo.pieceLength : size;
    if (r.begin >= size || r.begin + r.length > most) return 'a request outside the piece';
  }
  return r.length > maxBytes ? `a request of ${r.length} bytes` : undefined;
}
