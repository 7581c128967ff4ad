import type { Bitfield } from '#base/bitfield.ts';
import { endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { ClientConnection } from '#client/client-connection.ts';
import type { DownloadStatus } from '#downloader/downloader.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { type AgentFacts, type AgentState, explain } from './agent.ts';

/** One task as the operator sees it: bytes, and bytes per second. */
export type TaskView = ReturnType<typeof viewOf>;

/** One connection with a client. */
export type Connected = {
  readonly address: string;
  readonly infoHash: InfoHash;
  readonly name: string;
  readonly rateBytesPerS: number;
  readonly servedBytes: number;
  readonly sinceMs: number;
};

export type TaskFacts = {
  readonly infoHash: InfoHash;
  readonly state: AgentState;
  readonly facts: AgentFacts;
  readonly rechecking: boolean;
  readonly meta: Metainfo | undefined;
  readonly have: Bitfield | undefined;
  readonly haveBytes: number;
  readonly clients: readonly ClientConnection[];
  readonly download: DownloadStatus;
  readonly servedBytes: number;
  readonly filledBytes: number;
};

export function viewOf(t: TaskFacts) {
  return {
    infoHash: t.infoHash,
    name: t.meta?.name ?? '',
    state: t.state.kind,
    why: why(t),
    totalBytes: t.meta?.totalBytes ?? 0,
    haveBytes: t.haveBytes,
    pieces: t.have?.count ?? 0,
    pieceCount: t.meta?.pieceCount ?? 0,
    clients: t.clients.map((c) => {
      const pieces = c.pieces();
      return {
        endpoint: endpointKey(c.remote),
        name: c.clientName,
        rateBytesPerS: c.rateBytesPerS,
        servedBytes: c.servedBytes,
        interested: c.interested,
        ...(pieces && { haveShare: pieces.count / pieces.size }),
      };
    }),
    origins: t.download.origins.map((o) => ({ ...o, endpoint: endpointKey(o.endpoint) })),
    servedBytes: t.servedBytes,
    filledBytes: t.filledBytes,
    fillRateBytesPerS: t.download.rateBytesPerS,
    serveRateBytesPerS: t.clients.reduce((sum, c) => sum + c.rateBytesPerS, 0),
  };
}

export const connectedOf = (client: ClientConnection, infoHash: InfoHash): Connected => ({
  address: client.remote.ip,
  infoHash,
  name: client.clientName,
  rateBytesPerS: client.rateBytesPerS,
  servedBytes: client.servedBytes,
  sinceMs: client.sinceMs,
});

/** A code that the page says in the operator's language. */
function why(t: TaskFacts): string {
  if (t.rechecking) return 'rechecking';
  if (!t.meta && t.clients.length > 0) return 'no-metainfo';
  if (t.state.kind === 'down' && !t.download.origins.some((o) => o.state !== 'banned')) return 'no-origin';
  return explain(t.state, t.facts);
}
