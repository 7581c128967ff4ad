import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { ClientEvent, ClientRecipe, Ways } from './client.ts';

/** Also without encryption: aria2 offers it first and falls back to plain. */
const ENCRYPTED = ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4'];

/** `[#1a2b3c 1.2MiB/33MiB(3%) CN:2 SD:2 DL:1.1MiB ETA:28s]` */
const READOUT = /^\[#[0-9a-f]+ [^(]*\((\d+)%\).*? DL:([\d.]+)([KMG]i)?B/;
const UNIT_BYTES: Record<string, number> = { '': 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

export function readAria2Line(line: string): ClientEvent | undefined {
  const readout = READOUT.exec(line.trim());
  if (readout) {
    const rate = Number(readout[2]) * (UNIT_BYTES[readout[3] ?? ''] ?? 1);
    return { kind: 'progress', fraction: Number(readout[1]) / 100, rateBytesPerS: rate };
  }
  // A magnet link first completes its metadata, which is named `[METADATA]...`.
  if (line.includes('[NOTICE] Download complete:') && !line.includes('[METADATA]')) return { kind: 'done' };
  return undefined;
}

/** It takes one node of each family, and has no uTP. */
function waysOf({ dht, lsd }: Ways): string[] {
  const on = dht === false ? ['--enable-dht=false', '--enable-dht6=false'] : [];
  if (dht) {
    const v4 = dht.nodes.find((ip) => !isIPv6(ip));
    const v6 = dht.nodes.find(isIPv6);
    if (v4) on.push(`--dht-entry-point=${v4}:${dht.port}`);
    if (v6 && dht.ownIp6)
      on.push('--enable-dht6=true', `--dht-entry-point6=[${v6}]:${dht.port}`, `--dht-listen-addr6=${dht.ownIp6}`);
  }
  return lsd === undefined ? on : [...on, `--bt-enable-lpd=${lsd}`];
}

export const aria2: ClientRecipe = {
  kind: 'aria2',
  argv: (o) => [
    'aria2c',
    '--no-conf',
    `--dir=${o.dir}`,
    `--dht-file-path=${join(o.home, 'dht.dat')}`,
    `--dht-file-path6=${join(o.home, 'dht6.dat')}`,
    '--summary-interval=1',
    '--enable-color=false',
    ...(o.seed ? ['--check-integrity=true', '--seed-ratio=0.0'] : ['--seed-time=0']),
    ...(o.encrypt ? ENCRYPTED : []),
    ...waysOf(o.ways ?? {}),
    o.source,
  ],
  read: readAria2Line,
};
