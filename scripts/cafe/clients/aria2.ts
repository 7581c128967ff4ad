import { join } from 'node:path';
import type { ClientEvent, ClientRecipe } from './client.ts';

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

export const aria2: ClientRecipe = {
  kind: 'aria2',
  argv: (o) => [
    'aria2c',
    '--no-conf',
    `--dir=${o.dir}`,
    `--dht-file-path=${join(o.home, 'dht.dat')}`,
    '--summary-interval=1',
    '--enable-color=false',
    ...(o.seed ? ['--check-integrity=true', '--seed-ratio=0.0'] : ['--seed-time=0']),
    ...(o.encrypt ? ENCRYPTED : []),
    o.source,
  ],
  read: readAria2Line,
};
