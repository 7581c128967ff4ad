import type { Endpoint } from '#base/endpoint.ts';
import { PEX_FLAG, type PexPeer } from '#wire/pex.ts';
import type { OriginId } from './begun-piece.ts';
import type { OriginConnection } from './origin-connection.ts';
import type { Origin } from './origin-pool.ts';

export type OriginStatus = {
  readonly endpoint: Endpoint;
  readonly state: 'dialling' | 'up' | 'failed' | 'banned';
  readonly rateBytesPerS: number;
  /** Pieces it has; 0 when unknown. */
  readonly pieces: number;
};

type Live = ReadonlyMap<OriginId, OriginConnection>;

/** Origins that answered, or were not tried yet: whom one may tell others of (BEP 11). */
export function tellable(all: Iterable<Origin>, live: Live): PexPeer[] {
  const peers: PexPeer[] = [];
  for (const { id, source, state, speech } of all) {
    if (state.kind === 'banned' || (state.kind === 'waiting' && state.failures > 1)) continue;
    const up = state.kind === 'up' ? PEX_FLAG.reachable : 0;
    const seed = live.get(id)?.pieces?.full ? PEX_FLAG.seed : 0;
    const encrypts = speech === 'mse' ? PEX_FLAG.encrypts : 0;
    peers.push({ endpoint: source.endpoint, flags: up | seed | encrypts });
  }
  return peers;
}

/** Those that were tried, as the operator sees them. */
export function statusOf(all: Iterable<Origin>, live: Live, nowMs: number): OriginStatus[] {
  const origins: OriginStatus[] = [];
  for (const { id, source, state } of all) {
    if (state.kind === 'waiting' && state.failures === 0) continue;
    const connection = live.get(id);
    origins.push({
      endpoint: source.endpoint,
      state: state.kind === 'waiting' ? 'failed' : state.kind,
      rateBytesPerS: connection?.rate.bytesPerS(nowMs) ?? 0,
      pieces: connection?.pieces?.count ?? 0,
    });
  }
  return origins;
}
