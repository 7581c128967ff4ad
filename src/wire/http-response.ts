import { constants, gunzipSync, inflateSync } from 'node:zlib';

type Limits = { headBytes: number; bodyBytes: number };
type Framing = { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' };
type Coding = 'identity' | 'gzip' | 'deflate';

/** A chunk header: a size, perhaps an extension. */
const CHUNK_LINE_BYTES = 256;
const MAX_PARTS = 256;

/** One HTTP/1.x response (RFC 9112) read as it comes: stated length, chunked or until close; plain, gzip or deflate. */
export class HttpResponse {
  readonly #limits: Limits;
  #head = Buffer.alloc(0);
  #framing: Framing | undefined;
  #coding: Coding = 'identity';
  /** The body's bytes without chunk headers, still coded. */
  #coded: Buffer[] = [];
  #codedBytes = 0;
  /** Bytes of the current chunk still to come; in between, the unfinished line of its header. */
  #chunkLeft = 0;
  #line = '';
  #state: 'reading' | 'whole' | 'broken' = 'reading';
  #body: Buffer | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get broken(): boolean {
    return this.#state === 'broken';
  }

  /** The decoded body once it is whole. */
  get body(): Buffer | undefined {
    return this.#body;
  }

  push(bytes: Uint8Array): void {
    if (this.#state !== 'reading') return;
    let chunk: Buffer = Buffer.from(bytes);
    // An interim answer (1xx) is followed by another head.
    while (!this.#framing && this.#state === 'reading') {
      const rest = this.#readHead(chunk);
      if (!rest) return;
      chunk = rest;
    }
    if (this.#state === 'reading') this.#readBody(chunk);
  }

  /** The sender has closed its side. */
  end(): void {
    if (this.#state !== 'reading') return;
    if (this.#framing?.kind === 'close') this.#finish();
    else this.#state = 'broken';
  }

  /** As much of the decoded body as the bytes so far yield. */
  bodySoFar(): Buffer {
    if (this.#body) return this.#body;
    if (this.#state === 'broken') return Buffer.alloc(0);
    return this.#decoded(constants.Z_SYNC_FLUSH) ?? Buffer.alloc(0);
  }

  /** Returns what follows the head once there is a whole one. */
  #readHead(chunk: Buffer): Buffer | undefined {
    const from = Math.max(0, this.#head.length - 3);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n', from);
    const isHttp = 'HTTP/1.'.startsWith(this.#head.toString('latin1', 0, 7));
    if (!isHttp || (end < 0 ? this.#head.length : end) > this.#limits.headBytes) {
      this.#state = 'broken';
      return undefined;
    }
    if (end < 0) return undefined;
    const rest = this.#head.subarray(end + 4);
    const [status = '', ...lines] = this.#head.toString('latin1', 0, end).split('\r\n');
    this.#head = Buffer.alloc(0);
    if (!/^HTTP\/1\.\d 1\d\d/.test(status)) this.#understand(lines);
    return rest;
  }

  #understand(lines: readonly string[]): void {
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon > 0)
        headers.set(
          line.slice(0, colon).trim().toLowerCase(),
          line
            .slice(colon + 1)
            .trim()
            .toLowerCase(),
        );
    }
    const coding = headers.get('content-encoding') ?? 'identity';
    const length = headers.get('content-length');
    if (coding === 'gzip' || coding === 'x-gzip') this.#coding = 'gzip';
    else if (coding === 'deflate') this.#coding = 'deflate';
    else if (coding !== 'identity' && coding !== '') this.#state = 'broken';
    if (headers.get('transfer-encoding')?.includes('chunked')) this.#framing = { kind: 'chunked' };
    else if (length === undefined) this.#framing = { kind: 'close' };
    else {
      const bytes = /^\d{1,15}$/.test(length) ? Number(length) : Number.NaN;
      this.#framing = { kind: 'length', bytes };
      if (!(bytes <= this.#limits.bodyBytes)) this.#state = 'broken';
    }
  }

  #readBody(chunk: Buffer): void {
    if (this.#framing?.kind === 'chunked') this.#readChunks(chunk);
    else if (this.#framing?.kind === 'length') {
      this.#keep(chunk.subarray(0, this.#framing.bytes - this.#codedBytes));
      if (this.#codedBytes === this.#framing.bytes) this.#finish();
    } else this.#keep(chunk);
  }

  #readChunks(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#state === 'reading'; ) {
      if (this.#chunkLeft > 0) {
        const data = chunk.subarray(at, at + this.#chunkLeft);
        this.#keep(data);
        this.#chunkLeft -= data.length;
        at += data.length;
        continue;
      }
      const newline = chunk.indexOf(0x0a, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      this.#line += chunk.toString('latin1', at, Math.min(end, at + CHUNK_LINE_BYTES + 1));
      at = end;
      if (this.#line.length > CHUNK_LINE_BYTES) this.#state = 'broken';
      else if (newline >= 0) this.#chunkHeader();
    }
  }

  #chunkHeader(): void {
    const line = this.#line.trim();
    this.#line = '';
    // The line break after a chunk's data.
    if (line === '') return;
    const size = /^([0-9a-f]{1,8})(?:;|\s|$)/i.exec(line)?.[1];
    if (size === undefined) this.#state = 'broken';
    else if (Number.parseInt(size, 16) === 0) this.#finish();
    else this.#chunkLeft = Number.parseInt(size, 16);
  }

  #keep(data: Buffer): void {
    this.#codedBytes += data.length;
    if (this.#codedBytes > this.#limits.bodyBytes) {
      this.#state = 'broken';
      this.#coded = [];
    } else if (data.length > 0) this.#coded.push(data);
    // A sender of single bytes must not make us keep an object for each.
    if (this.#coded.length > MAX_PARTS) this.#coded = [Buffer.concat(this.#coded)];
  }

  #finish(): void {
    const body = this.#decoded(constants.Z_FINISH);
    this.#state = body ? 'whole' : 'broken';
    this.#body = body;
    this.#coded = [];
  }

  #decoded(finishFlush: number): Buffer | undefined {
    const coded = Buffer.concat(this.#coded);
    this.#coded = [coded];
    if (this.#coding === 'identity' || coded.length === 0) return coded;
    try {
      const options = { finishFlush, maxOutputLength: this.#limits.bodyBytes };
      return this.#coding === 'gzip' ? gunzipSync(coded, options) : inflateSync(coded, options);
    } catch {
      // Damaged, or an expansion bomb.
      this.#state = 'broken';
      return undefined;
    }
  }
}
