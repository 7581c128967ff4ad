import type { ClientView } from './contract.ts';

/** `192.168.1.7:6881` and `[fd00::7]:6881` without their port. */
const machineOf = (endpoint: string): string => endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

/**
 * One row per machine. A program opens a connection for each peer it was told of, and the box answers in the place of
 * all of them: three PCs would otherwise look like twenty.
 */
export function byMachine(connections: readonly ClientView[]): ClientView[] {
  const machines = new Map<string, ClientView>();
  for (const c of connections) {
    const endpoint = machineOf(c.endpoint);
    const seen = machines.get(endpoint);
    const share = Math.max(seen?.haveShare ?? -1, c.haveShare ?? -1);
    machines.set(endpoint, {
      endpoint,
      ...((seen?.name ?? c.name) !== undefined ? { name: (seen?.name ?? c.name) as string } : {}),
      rateBytesPerS: (seen?.rateBytesPerS ?? 0) + c.rateBytesPerS,
      servedBytes: (seen?.servedBytes ?? 0) + c.servedBytes,
      interested: c.interested || seen?.interested === true,
      ...(share >= 0 ? { haveShare: share } : {}),
      connections: (seen?.connections ?? 0) + 1,
    });
  }
  return [...machines.values()];
}
