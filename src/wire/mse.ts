import type { InfoHash } from '#base/units.ts';
import { infoHashBytes } from '#base/units.ts';
import { looksLikeHandshake } from './handshake.ts';
import { Backlog, CRYPTO, DH_BYTES, DhKey, MAX_PAD_BYTES, randomPad, sha1, streamOf, VC, xor } from './mse-keys.ts';
import type { Rc4 } from './rc4.ts';

/**
 * Message Stream Encryption (Vuze's "Message Stream Encryption Format Specification" 1.0), both sides, as state machines
 * without sockets or time: the caller gives up on a peer who does not get on. Notation of the specification:
 *   1 A->B  Ya, PadA            2 B->A  Yb, PadB
 *   3 A->B  HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S),
 *           ENCRYPT(VC, crypto_provide, len(PadC), PadC, len(IA)), ENCRYPT(IA)
 *   4 B->A  ENCRYPT(VC, crypto_select, len(PadD), PadD)
 */

export type Ciphers = {
  method: 'plain' | 'rc4';
  /** Returns a copy, or `b` itself when the method is plain; never changes `b`. Call once for each byte, in order. */
  encrypt(b: Buffer): Buffer;
  /** As `encrypt`, but over `b` itself. */
  encryptInPlace(b: Buffer): void;
  /** As `encrypt`. */
  decrypt(b: Buffer): Buffer;
};

export type MseStep =
  | { kind: 'more'; send: Buffer[] }
  /** `rest`: the decrypted bytes after the handshake, the initial payload first. */
  | { kind: 'done'; send: Buffer[]; infoHash: InfoHash; ciphers: Ciphers; rest: Buffer }
  | { kind: 'bad'; why: 'unknown-skey' | string };

/** The torrents whose encrypted connections can be answered. */
export class SkeyTable {
  readonly #byHash = new Map<string, InfoHash>();

  add(hash: InfoHash): void {
    this.#byHash.set(req2(hash), hash);
  }

  delete(hash: InfoHash): void {
    this.#byHash.delete(req2(hash));
  }

  /** `req2Hash`: SHA-1('req2', info-hash). */
  find(req2Hash: Buffer): InfoHash | undefined {
    return this.#byHash.get(req2Hash.toString('hex'));
  }

  get size(): number {
    return this.#byHash.size;
  }
}

const req2 = (hash: InfoHash): string => sha1('req2', infoHashBytes(hash)).toString('hex');

/** One step of a machine: undefined means that it waits for more bytes. */
type Progress = MseStep | 'next' | undefined;
type BadStep = Extract<MseStep, { kind: 'bad' }>;

const BAD_KEY: BadStep = { kind: 'bad', why: 'an impossible key' };
const BAD_PAD: BadStep = { kind: 'bad', why: 'padding longer than 512 bytes' };
const NO_SYNC: BadStep = { kind: 'bad', why: 'no synchronisation within the padding' };
const FINISHED: BadStep = { kind: 'bad', why: 'the handshake has ended' };

const ciphersOf = (method: Ciphers['method'], out: Rc4, incoming: Rc4): Ciphers =>
  method === 'plain'
    ? { method, encrypt: (b) => b, encryptInPlace: () => {}, decrypt: (b) => b }
    : {
        method,
        encrypt: (b) => out.apply(b),
        encryptInPlace: (b) => out.applyInPlace(b),
        decrypt: (b) => incoming.apply(b),
      };

/** Runs a machine's steps until it waits or ends; what it wants sent meanwhile is gathered. */
function advance(step: () => Progress, send: Buffer[]): MseStep {
  for (;;) {
    const progress = step();
    if (progress === undefined) return { kind: 'more', send: send.splice(0) };
    if (progress !== 'next') return progress;
  }
}

/** Drops bytes up to and including `pattern`, which must begin within `pad` bytes. */
function sync(backlog: Backlog, pattern: Buffer, pad: number): Progress {
  const at = backlog.peek(0, pad + pattern.length).indexOf(pattern);
  if (at >= 0) {
    backlog.take(at + pattern.length);
    return 'next';
  }
  return backlog.length >= pad + pattern.length ? NO_SYNC : undefined;
}

/** Side B: the one that was connected to. It proves nothing but that it knows the info-hash. */
export class MseResponder {
  readonly #table: Pick<SkeyTable, 'find'>;
  readonly #backlog = new Backlog();
  readonly #send: Buffer[] = [];
  #step: () => Progress = () => this.#key();

  constructor(table: Pick<SkeyTable, 'find'>) {
    this.#table = table;
  }

  /** Bytes from the initiator, in any portions. After `done` or `bad` there is nothing more to push. */
  push(chunk: Buffer): MseStep {
    this.#backlog.push(chunk);
    const step = advance(() => this.#step(), this.#send);
    if (step.kind !== 'more') this.#step = () => FINISHED;
    return step;
  }

  #key(): Progress {
    if (this.#backlog.length < DH_BYTES) return undefined;
    const key = new DhKey();
    const secret = key.secret(this.#backlog.take(DH_BYTES));
    if (!secret) return BAD_KEY;
    this.#send.push(key.publicKey, randomPad());
    const req1 = sha1('req1', secret);
    this.#step = () => {
      const found = sync(this.#backlog, req1, MAX_PAD_BYTES);
      if (found === 'next') this.#step = () => this.#skey(secret);
      return found;
    };
    return 'next';
  }

  #skey(secret: Buffer): Progress {
    if (this.#backlog.length < 20) return undefined;
    const infoHash = this.#table.find(xor(this.#backlog.take(20), sha1('req3', secret)));
    if (infoHash === undefined) return { kind: 'bad', why: 'unknown-skey' };
    const incoming = streamOf('keyA', secret, infoHash);
    this.#step = () => this.#offer(infoHash, incoming, streamOf('keyB', secret, infoHash));
    return 'next';
  }

  /** VC, crypto_provide, len(PadC). */
  #offer(infoHash: InfoHash, incoming: Rc4, out: Rc4): Progress {
    if (this.#backlog.length < 14) return undefined;
    const head = incoming.apply(this.#backlog.take(14));
    if (!head.subarray(0, 8).equals(VC)) return { kind: 'bad', why: 'the verification constant is wrong' };
    const provided = head.readUInt32BE(8);
    const method = (provided & CRYPTO.plain) !== 0 ? 'plain' : (provided & CRYPTO.rc4) !== 0 ? 'rc4' : undefined;
    if (!method) return { kind: 'bad', why: 'no encryption method in common' };
    const padBytes = head.readUInt16BE(12);
    if (padBytes > MAX_PAD_BYTES) return BAD_PAD;
    this.#step = () => this.#payload(padBytes, { infoHash, method, incoming, out });
    return 'next';
  }

  #payload(padBytes: number, o: { infoHash: InfoHash; method: Ciphers['method']; incoming: Rc4; out: Rc4 }): Progress {
    if (this.#backlog.length < padBytes + 2) return undefined;
    const payloadBytes = o.incoming.apply(this.#backlog.take(padBytes + 2)).readUInt16BE(padBytes);
    this.#step = () => {
      if (this.#backlog.length < payloadBytes) return undefined;
      const early = o.incoming.apply(this.#backlog.take(payloadBytes));
      const head = Buffer.alloc(14);
      head.writeUInt32BE(CRYPTO[o.method], 8);
      const pad = randomPad();
      head.writeUInt16BE(pad.length, 12);
      const send = [...this.#send.splice(0), o.out.apply(Buffer.concat([head, pad]))];
      const ciphers = ciphersOf(o.method, o.out, o.incoming);
      const rest = Buffer.concat([early, ciphers.decrypt(this.#backlog.take(this.#backlog.length))]);
      return { kind: 'done', send, infoHash: o.infoHash, ciphers, rest };
    };
    return 'next';
  }
}

/** Side A: the one that connects. Offers both methods. */
export class MseInitiator {
  readonly #infoHash: InfoHash;
  readonly #initialPayload: Buffer;
  readonly #key = new DhKey();
  readonly #backlog = new Backlog();
  readonly #send: Buffer[] = [];
  #step: () => Progress = () => this.#answer();

  /** `initialPayload`: what the responder shall read first, at most 65,535 bytes; usually the handshake. */
  constructor(infoHash: InfoHash, initialPayload: Buffer) {
    if (initialPayload.length > 0xffff) throw new RangeError('bug: the initial payload has at most 65535 bytes');
    this.#infoHash = infoHash;
    this.#initialPayload = initialPayload;
  }

  /** The first bytes to send. */
  start(): Buffer {
    return Buffer.concat([this.#key.publicKey, randomPad()]);
  }

  /** Bytes from the responder, in any portions. After `done` or `bad` there is nothing more to push. */
  push(chunk: Buffer): MseStep {
    this.#backlog.push(chunk);
    const step = advance(() => this.#step(), this.#send);
    if (step.kind !== 'more') this.#step = () => FINISHED;
    return step;
  }

  #answer(): Progress {
    if (looksLikeHandshake(this.#backlog.peek(0, 20)) === 'yes') return { kind: 'bad', why: 'answered in plain' };
    if (this.#backlog.length < DH_BYTES) return undefined;
    const secret = this.#key.secret(this.#backlog.take(DH_BYTES));
    if (!secret) return BAD_KEY;
    const out = streamOf('keyA', secret, this.#infoHash);
    const incoming = streamOf('keyB', secret, this.#infoHash);
    const pad = randomPad();
    const head = Buffer.alloc(14 + pad.length + 2);
    head.writeUInt32BE(CRYPTO.plain | CRYPTO.rc4, 8);
    head.writeUInt16BE(pad.length, 12);
    pad.copy(head, 14);
    head.writeUInt16BE(this.#initialPayload.length, 14 + pad.length);
    const skeyHash = xor(sha1('req2', infoHashBytes(this.#infoHash)), sha1('req3', secret));
    this.#send.push(sha1('req1', secret), skeyHash, out.apply(head), out.apply(this.#initialPayload));
    // VC is all zeros, so its encryption is the keystream itself.
    const encryptedVc = incoming.apply(VC);
    this.#step = () => {
      const found = sync(this.#backlog, encryptedVc, MAX_PAD_BYTES);
      if (found === 'next') this.#step = () => this.#select(out, incoming);
      return found;
    };
    return 'next';
  }

  /** crypto_select, len(PadD), PadD. */
  #select(out: Rc4, incoming: Rc4): Progress {
    if (this.#backlog.length < 6) return undefined;
    const head = incoming.apply(this.#backlog.take(6));
    const selected = head.readUInt32BE(0);
    if (selected !== CRYPTO.plain && selected !== CRYPTO.rc4) {
      return { kind: 'bad', why: 'a method was selected that was not offered' };
    }
    const padBytes = head.readUInt16BE(4);
    if (padBytes > MAX_PAD_BYTES) return BAD_PAD;
    this.#step = () => {
      if (this.#backlog.length < padBytes) return undefined;
      incoming.apply(this.#backlog.take(padBytes));
      const ciphers = ciphersOf(selected === CRYPTO.plain ? 'plain' : 'rc4', out, incoming);
      const rest = Buffer.from(ciphers.decrypt(this.#backlog.take(this.#backlog.length)));
      return { kind: 'done', send: this.#send.splice(0), infoHash: this.#infoHash, ciphers, rest };
    };
    return 'next';
  }
}
