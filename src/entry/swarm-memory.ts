import { isIP } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** Peers of one torrent. No client is named: this is kept across restarts. */
export type Swarm = {
  readonly infoHash: InfoHash;
  readonly endpoints: readonly Endpoint[];
  /** They speak Qvod's dialect: to be steered, but dialled only with the words of a client that dials them. */
  readonly isQvod: boolean;
};

const QVOD = 'qvod';

/** What a restarted box steers at once: its clients dial the peers they know, without asking a tracker again. */
export const encodeSwarms = (swarms: readonly Swarm[], nowMs: number): string =>
  JSON.stringify({
    atMs: nowMs,
    swarms: swarms.map((s) => [s.infoHash, s.endpoints.map((e) => [e.ip, e.port]), ...(s.isQvod ? [QVOD] : [])]),
  });

/** Nothing when the text is none of ours, or too old to be true. */
export function decodeSwarms(text: string | undefined, nowMs: number): Swarm[] {
  let kept: { atMs?: unknown; swarms?: unknown };
  try {
    kept = JSON.parse(text ?? '{}') ?? {};
  } catch {
    return [];
  }
  const ageMs = nowMs - Number(kept.atMs);
  if (!(ageMs >= 0 && ageMs < LIMITS.steerForMs) || !Array.isArray(kept.swarms)) return [];
  return kept.swarms.slice(0, LIMITS.rememberedEndpoints).flatMap((entry: unknown) => {
    const [hash, peers, dialect] = Array.isArray(entry) ? entry : [];
    const infoHash = parseInfoHash(String(hash));
    if (!infoHash || !Array.isArray(peers)) return [];
    const endpoints = peers.slice(0, LIMITS.peersPerAnswer).flatMap((peer: unknown): Endpoint[] => {
      const [ip, port] = Array.isArray(peer) ? peer : [];
      const sound = typeof ip === 'string' && isIP(ip) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536;
      return sound ? [{ ip, port }] : [];
    });
    return [{ infoHash, endpoints, isQvod: dialect === QVOD }];
  });
}
