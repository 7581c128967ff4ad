import { MseGuess } from './mse-guess.ts';
import { datagramSign, MAX_REQUEST_BYTES, type Side, type StreamSign, streamSign } from './signatures.ts';
import { parseUdpAnnounceAnswer, parseUdpAnnounceRequest } from './tracker-udp.ts';
import { parseUtpSyn } from './utp.ts';
import { UtpFlow } from './utp-flow.ts';

/** `mse?` is a guess: it names a flow that may be encrypted BitTorrent, and nothing may be steered by it. */
export type Verdict = 'bittorrent' | 'mse?' | 'utp' | 'dht' | 'tracker' | 'lsd' | 'qvod' | 'ms-do' | 'other';

export type Finding = { readonly verdict: Verdict; readonly why: string };

/** Says what a flow is, from the payloads that go by. Holds at most MAX_REQUEST_BYTES a side. */
export type FlowClassifier = {
  /** A datagram, or the next bytes of the stream from that side. */
  push(from: Side, payload: Buffer): void;
  /** Bytes of a stream are missing here. */
  gap(from: Side): void;
  readonly finding: Finding;
  /** What it would be if `b` is known to be a peer; undefined when that would change nothing. */
  readonly findingIfPeer: Finding | undefined;
  /** Nothing that follows can change the finding. */
  readonly settled: boolean;
};

const NOTHING = { verdict: 'other', why: 'no-payload' } as const;
const NO_SIGN = { verdict: 'other', why: 'no-signature' } as const;

const STREAM_FINDINGS: Readonly<Record<StreamSign, Finding>> = {
  bittorrent: { verdict: 'bittorrent', why: 'handshake' },
  qvod: { verdict: 'qvod', why: 'qvod-handshake' },
  'ms-do': { verdict: 'ms-do', why: 'ms-do-handshake' },
  'http-announce': { verdict: 'tracker', why: 'http-announce' },
  'http-scrape': { verdict: 'tracker', why: 'http-scrape' },
  'http-info-hash': { verdict: 'tracker', why: 'http-info-hash' },
};

/**
 * TCP. A signature counts at the stream's first byte, however the stream is cut, and at the first byte of any later
 * segment, as the kernel's rules see it: that is where a proxy's client, or a second request, has it.
 */
export class StreamClassifier implements FlowClassifier {
  readonly #heads: { [side in Side]: Buffer | undefined } = { a: Buffer.alloc(0), b: Buffer.alloc(0) };
  /** Only of a stream that was seen from its first byte: the middle of anything encrypted looks like a key. */
  readonly #mse: MseGuess | undefined;
  #finding: Finding = NOTHING;
  settled = false;
  readonly findingIfPeer = undefined;

  /** `fromStart`: the bytes that come first are the first of the connection. */
  constructor(fromStart: boolean) {
    this.#mse = fromStart ? new MseGuess() : undefined;
  }

  get finding(): Finding {
    return this.#mse?.state === 'yes' && !this.settled ? { verdict: 'mse?', why: 'random-keys' } : this.#finding;
  }

  push(from: Side, payload: Buffer): void {
    if (this.settled || payload.length === 0) return;
    if (this.#finding === NOTHING) this.#finding = NO_SIGN;
    this.#mse?.push(from, payload);
    const begun = this.#heads[from];
    const signs = begun?.length ? [Buffer.concat([begun, payload]), payload] : [payload];
    this.#heads[from] = undefined;
    for (const head of signs) {
      const sign = streamSign(head);
      if (sign === 'maybe') this.#heads[from] ??= Buffer.from(head.subarray(0, MAX_REQUEST_BYTES));
      else if (sign !== undefined) {
        this.#finding = STREAM_FINDINGS[sign];
        this.settled = true;
        return;
      }
    }
  }

  gap(from: Side): void {
    this.#heads[from] = undefined;
  }
}

type DatagramVerdict = 'other' | 'dht' | 'tracker' | 'lsd' | 'qvod' | 'utp';
type DatagramFinding = Finding & { readonly verdict: DatagramVerdict };

/** How much a sign tells about the flow: peers speak uTP and DHT over one pair of ports, and uTP is what carries data. */
const RANK: Readonly<Record<DatagramVerdict, number>> = { other: 0, dht: 1, tracker: 2, lsd: 3, qvod: 3, utp: 3 };
const HIGHEST = 3;

/** UDP. */
export class DatagramClassifier implements FlowClassifier {
  readonly #utp = new UtpFlow();
  /** The transaction of an announce that was seen, and who sent it. */
  #announce: { from: Side; transactionId: number } | undefined;
  finding: DatagramFinding = NOTHING;
  #opensUtp = false;

  /** A uTP SYN that nobody answered: by itself no more than twenty bytes that may mean anything. */
  get findingIfPeer(): Finding | undefined {
    const isOpen = this.#opensUtp && this.finding.verdict === 'other';
    return isOpen ? { verdict: 'utp', why: 'utp-syn-to-peer' } : undefined;
  }

  get settled(): boolean {
    return RANK[this.finding.verdict] === HIGHEST;
  }

  push(from: Side, payload: Buffer): void {
    if (this.settled || payload.length === 0) return;
    if (this.finding === NOTHING) this.finding = NO_SIGN;
    if (from === 'a' && parseUtpSyn(payload)) this.#opensUtp = true;
    const utp = this.#utp.push(from, payload);
    if (utp) this.#found({ verdict: 'utp', why: utp });
    const sign = datagramSign(payload);
    if (sign === 'udp-connect') this.#found({ verdict: 'tracker', why: sign });
    else if (sign === 'dht') this.#found({ verdict: 'dht', why: 'krpc' });
    else if (sign !== undefined) this.#found({ verdict: sign, why: sign === 'lsd' ? 'lsd-search' : 'qvod-datagram' });
    else this.#tracker(from, payload);
  }

  gap(): void {}

  /** An announce has no constant of its own: it counts after a connect request, or once it is answered in kind. */
  #tracker(from: Side, payload: Buffer): void {
    const ask = parseUdpAnnounceRequest(payload);
    if (ask.kind === 'ok') {
      this.#announce = { from, transactionId: ask.value.transactionId };
      if (this.finding.why === 'udp-connect') this.#found({ verdict: 'tracker', why: 'udp-announce' });
    } else if (this.#announce && this.#announce.from !== from) {
      const answer = parseUdpAnnounceAnswer(payload, 4);
      if (answer.kind === 'bad' || answer.value.failure !== undefined) return;
      if (answer.value.transactionId === this.#announce.transactionId) {
        this.#found({ verdict: 'tracker', why: 'udp-announce' });
      }
    }
  }

  #found(finding: DatagramFinding): void {
    const isMore = RANK[finding.verdict] > RANK[this.finding.verdict];
    if (isMore || finding.why === 'udp-announce') this.finding = finding;
  }
}
