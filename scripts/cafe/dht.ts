/** A DHT of a few nodes in the internet, each in a network of its own: clients keep one node of a network. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from './net.ts';
import type { Processes } from './processes.ts';
import { until } from './servers.ts';

const NODES = 16;
export const DHT_PORT = 6881;
const READY_LIMIT_MS = 60_000;
const SCRIPT = fileURLToPath(new URL('./dht-nodes.py', import.meta.url));

const numbers = Array.from({ length: NODES }, (_, i) => i + 1);

/** The nodes' addresses; every client is given all of them, as one that has run before would remember them. */
export const DHT_NODES = {
  ipv4: numbers.map((n) => `198.18.${n}.1`),
  ipv6: numbers.map((n) => `2001:db8:d${n.toString(16).padStart(2, '0')}::1`),
} as const;

export async function startDht(inet: Place, processes: Processes, dir: string): Promise<void> {
  // Whole networks as local routes, not addresses of a device: libtorrent hears an address only through its own device.
  await inet.sysctl('net.ipv6.ip_nonlocal_bind=1');
  await inet.ip('route add local 198.18.0.0/16 dev lo', 'route add local 2001:db8:d00::/40 dev lo');
  let ready = false;
  const nodes = DHT_NODES.ipv4.map((v4, i) => [v4, DHT_NODES.ipv6[i]]);
  const child = processes.start({
    name: 'DHT',
    argv: inet.inside(['/usr/bin/python3', SCRIPT, JSON.stringify({ nodes, port: DHT_PORT })]),
    logPath: join(dir, 'dht.log'),
    onLine: (line) => {
      ready ||= line === 'ready';
    },
  });
  await until('DHT', async () => ready, READY_LIMIT_MS, child);
}
