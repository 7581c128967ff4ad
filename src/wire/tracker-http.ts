import { type Endpoint, endpointKey, spelt } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { infoHashBytes, infoHashOf } from '#base/units.ts';
import type { BValue } from './bencode.ts';
import { asBytes, asDict, asInt, asList, asText, decodePrefix } from './bencode.ts';
import { compactPeers } from './compact-peers.ts';
import { HttpResponse } from './http-response.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** What a client tells a tracker, over either transport. */
export type AnnounceRequest = {
  infoHash: InfoHash;
  port: number;
  leftBytes?: number;
  event?: 'started' | 'stopped' | 'completed';
};

/** What a tracker tells a client, over either transport. */
export type AnnounceAnswer = {
  peers: Endpoint[];
  intervalS?: number;
  /** The tracker's own words; there are no peers then. */
  failure?: string;
  complete?: number;
  incomplete?: number;
};

/** Longest refusal of a tracker that is kept, in characters. */
const FAILURE_CHARS = 200;

/**
 * Reads an announce (BEP 3) off the first bytes of an HTTP request, whatever its path. A request line that is not whole
 * is read as far as it goes, without the parameter that was cut.
 */
export function parseAnnounceRequest(head: Uint8Array): Parsed<AnnounceRequest> {
  const request = queryOf(head);
  if (!request) return bad('not a GET request with a query');
  if (isScrape(request.path)) return bad('a scrape');
  const first = (key: string): string | undefined => request.pairs.find(([name]) => name === key)?.[1];
  const infoHash = hashOf(first('info_hash') ?? '');
  if (!infoHash) return bad('the request names no info-hash of 20 bytes');
  const port = decimal(first('port'));
  if (port === undefined || port > 65_535) return bad('the request names no port');
  const leftBytes = decimal(first('left'));
  const event = first('event');
  return ok({
    infoHash,
    port,
    ...(leftBytes !== undefined && { leftBytes }),
    ...((event === 'started' || event === 'stopped' || event === 'completed') && { event }),
  });
}

/** The torrents that a scrape (BEP 48) asks about. */
export function parseScrapeRequest(head: Uint8Array): Parsed<InfoHash[]> {
  const request = queryOf(head);
  if (!request || !isScrape(request.path)) return bad('not a scrape');
  const hashes = request.pairs.flatMap(([key, value]) => (key === 'info_hash' ? (hashOf(value) ?? []) : []));
  return hashes.length > 0 ? ok(hashes.slice(0, WIRE_LIMITS.scrapeHashes)) : bad('a scrape of no torrent');
}

const isScrape = (path: string): boolean => /\/scrape[^/]*$/.test(path);

/** Path and parameters, still escaped, in their order; undefined when it is no GET or has no query. */
function queryOf(head: Uint8Array): { path: string; pairs: [string, string][] } | undefined {
  const bytes = Math.min(head.length, WIRE_LIMITS.httpHeadBytes);
  const text = Buffer.from(head.buffer, head.byteOffset, bytes).toString('latin1');
  if (!text.startsWith('GET ')) return undefined;
  const end = text.slice(4).search(/[ \r\n]/);
  const target = end < 0 ? text.slice(4) : text.slice(4, 4 + end);
  const mark = target.indexOf('?');
  if (mark < 0) return undefined;
  const parts = target.slice(mark + 1).split('&');
  if (end < 0) parts.pop();
  const pairs = parts.map((part): [string, string] => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
  });
  return { path: target.slice(0, mark), pairs };
}

function hashOf(escapedHash: string): InfoHash | undefined {
  const bytes = Buffer.from(unescaped(escapedHash), 'latin1');
  return bytes.length === 20 ? infoHashOf(bytes) : undefined;
}

/** RFC 3986 percent-encoding, bytes as latin1. A plus sign means itself: it is no form. */
const unescaped = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

function decimal(text: string | undefined): number | undefined {
  const n = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return n !== undefined && Number.isSafeInteger(n) ? n : undefined;
}

/** Reads the body of a tracker's answer: BEP 3's dictionaries, BEP 23's and BEP 7's compact lists, or both. */
export function parseAnnounceAnswer(body: Uint8Array): Parsed<AnnounceAnswer> {
  const read = decodePrefix(body, { keys: 'any-order' });
  if (read.kind === 'bad') return read;
  const dict = asDict(read.value.value);
  if (!dict) return bad('a tracker answers with a dictionary');
  const failure = asText(dict.get('failure reason'))?.slice(0, FAILURE_CHARS);
  if (failure !== undefined) return ok({ peers: [], failure });
  const peers = [...peersOf(dict.get('peers'), 4), ...peersOf(dict.get('peers6'), 6)];
  if (!dict.has('peers') && !dict.has('peers6') && !dict.has('interval')) return bad('not a tracker answer');
  const count = (key: string): number | undefined => {
    const n = asInt(dict.get(key));
    return n !== undefined && n >= 0 ? n : undefined;
  };
  const [intervalS, complete, incomplete] = [count('interval'), count('complete'), count('incomplete')];
  return ok({
    peers: peers.slice(0, WIRE_LIMITS.answerPeers),
    ...(intervalS !== undefined && { intervalS }),
    ...(complete !== undefined && { complete }),
    ...(incomplete !== undefined && { incomplete }),
  });
}

function peersOf(value: BValue | undefined, family: 4 | 6): Endpoint[] {
  const compact = asBytes(value);
  if (compact) return compactPeers(compact, family);
  const peers: Endpoint[] = [];
  for (const entry of asList(value) ?? []) {
    const ip = spelt(asText(asDict(entry)?.get('ip')) ?? '');
    const port = asInt(asDict(entry)?.get('port'));
    if (ip !== undefined && port !== undefined && port > 0 && port <= 65_535) peers.push({ ip, port });
  }
  return peers;
}

/** How often an unfinished answer is searched: an answer of 256 KiB comes in some 180 segments. */
const MAX_SEARCHES = 1024;

/**
 * A tracker's HTTP answer as it goes by, segment after segment. Whoever holds the segments back can ask after each
 * for the peers that are already in it.
 */
export class HttpAnswerReader {
  readonly #response = new HttpResponse({
    headBytes: WIRE_LIMITS.httpHeadBytes,
    bodyBytes: WIRE_LIMITS.httpAnswerBytes,
  });
  readonly #found = new Map<string, Endpoint>();
  #searches = 0;

  push(bytes: Uint8Array): void {
    this.#response.push(bytes);
  }

  /** The sender has closed: an answer of no stated length is whole now. */
  end(): void {
    this.#response.end();
  }

  /** The whole decoded body, once it is there. */
  get body(): Buffer | undefined {
    return this.#response.body;
  }

  /** True when it is no HTTP answer, or larger than any tracker's. Nothing more is to be had from it. */
  get broken(): boolean {
    return this.#response.broken || this.#searches > MAX_SEARCHES;
  }

  /** The peers in what has come so far, in the order in which they were found: a later call says these and perhaps more. */
  peersSoFar(): Endpoint[] {
    for (const peer of this.#peersNow()) {
      const key = endpointKey(peer);
      if (this.#found.size < WIRE_LIMITS.answerPeers && !this.#found.has(key)) this.#found.set(key, peer);
    }
    return [...this.#found.values()];
  }

  #peersNow(): Endpoint[] {
    const { body } = this;
    if (body) {
      const answer = parseAnnounceAnswer(body);
      return answer.kind === 'ok' ? answer.value.peers : [];
    }
    if (this.broken || ++this.#searches > MAX_SEARCHES) return [];
    return peersInPart(this.#response.bodySoFar());
  }
}

/** Whole entries of the peer lists in the beginning of an answer, whose bencode has no end yet. */
function peersInPart(part: Buffer): Endpoint[] {
  const text = part.toString('latin1');
  const peers: Endpoint[] = [];
  for (const [pattern, family] of [
    [/5:peers(\d{1,6}):/, 4],
    [/6:peers6(\d{1,6}):/, 6],
  ] as const) {
    const found = pattern.exec(text);
    if (!found) continue;
    const from = found.index + found[0].length;
    peers.push(...compactPeers(part.subarray(from, from + Number(found[1])), family));
  }
  const dictionaries = text.indexOf('5:peersl');
  if (dictionaries >= 0) {
    const entries = text
      .slice(dictionaries)
      .matchAll(/2:ip\d\d?:([0-9a-f.:]{2,45}?)(?:7:peer id20:[\s\S]{20})?4:porti(\d{1,5})e/gi);
    for (const [, ip, port] of entries) {
      const address = spelt(ip as string);
      if (address !== undefined && Number(port) > 0 && Number(port) <= 65_535)
        peers.push({ ip: address, port: Number(port) });
    }
  }
  return peers.slice(0, WIRE_LIMITS.answerPeers);
}

/** The URL of an announce (BEP 3, BEP 23). A tracker URL may carry a query of its own, such as a passkey. */
export function announceUrl(
  tracker: string,
  a: {
    infoHash: InfoHash;
    peerId: Uint8Array;
    port: number;
    uploaded: number;
    downloaded: number;
    left: number;
    event?: 'started' | 'stopped' | 'completed';
    numwant?: number;
    compact?: 1;
  },
): string {
  const query = [
    `info_hash=${escaped(infoHashBytes(a.infoHash))}`,
    `peer_id=${escaped(a.peerId)}`,
    ...(['port', 'uploaded', 'downloaded', 'left'] as const).map((key) => `${key}=${a[key]}`),
    'compact=1',
    ...(a.event === undefined ? [] : [`event=${a.event}`]),
    ...(a.numwant === undefined ? [] : [`numwant=${a.numwant}`]),
  ].join('&');
  const bare = tracker.split('#')[0] as string;
  return `${bare}${bare.includes('?') ? '&' : '?'}${query}`;
}

const escaped = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
