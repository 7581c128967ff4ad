import { CLIENT_FIGURES } from './limits.ts';
import { OTHER, programKind } from './program-kind.ts';

/** One connection with a client. */
export type Connection = {
  readonly address: string;
  readonly infoHash: string;
  /** What its program calls itself. */
  readonly name: string | undefined;
  readonly rateBytesPerS: number;
  readonly servedBytes: number;
  readonly sinceMs: number;
};

/** See ClientRow of the admin contract, which is this. */
export type ClientRow = {
  address: string;
  names: string[];
  connections: number;
  torrents: number;
  serveRateBytesPerS: number;
  servedBytes: number;
  sinceMs: number;
};
/** See ClientsView of the admin contract, which is this but for the history. */
export type ClientsNow = {
  connected: number;
  connections: number;
  rows?: ClientRow[];
  omitted: number;
  programs: { name: string; connections: number }[];
};

/** All clients together; each machine only where the operator wants it. */
export function clientsNow(connections: Iterable<Connection>, withRows: boolean): ClientsNow {
  const machines = new Map<string, ClientRow & { seen: Set<string> }>();
  const kinds = new Map<string, number>();
  let count = 0;
  for (const c of connections) {
    count++;
    const kind = programKind(c.name);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const row = machines.get(c.address) ?? rowOf(c);
    machines.set(c.address, row);
    row.connections++;
    row.seen.add(c.infoHash);
    row.serveRateBytesPerS += c.rateBytesPerS;
    row.servedBytes += c.servedBytes;
    row.sinceMs = Math.min(row.sinceMs, c.sinceMs);
    if (c.name !== undefined && row.names.length < CLIENT_FIGURES.namesEach && !row.names.includes(c.name))
      row.names.push(c.name);
  }
  const common = { connected: machines.size, connections: count, programs: programsOf(kinds) };
  if (!withRows) return { ...common, omitted: 0 };
  const rows = [...machines.values()]
    .map(({ seen, ...row }) => ({ ...row, torrents: seen.size }))
    .sort((a, b) => b.serveRateBytesPerS - a.serveRateBytesPerS || b.servedBytes - a.servedBytes)
    .slice(0, CLIENT_FIGURES.rows);
  return { ...common, rows, omitted: machines.size - rows.length };
}

const rowOf = ({ address, sinceMs }: Connection) => ({
  address,
  names: [],
  connections: 0,
  torrents: 0,
  serveRateBytesPerS: 0,
  servedBytes: 0,
  sinceMs,
  seen: new Set<string>(),
});

/** The most used first. */
function programsOf(kinds: ReadonlyMap<string, number>): ClientsNow['programs'] {
  const all = [...kinds]
    .map(([name, connections]) => ({ name, connections }))
    .sort((a, b) => b.connections - a.connections);
  const named = all.filter(({ name }) => name !== OTHER).slice(0, CLIENT_FIGURES.programs - 1);
  const rest = all.filter((p) => !named.includes(p)).reduce((sum, p) => sum + p.connections, 0);
  return rest > 0 ? [...named, { name: OTHER, connections: rest }] : named;
}
