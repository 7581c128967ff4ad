/** What has no other program to compare with: hashing, the cipher, encrypted handshakes. */
import { execPath } from 'node:process';
import type { Children } from './children.ts';
import { script } from './entrants.ts';
import { rounded } from './figures.ts';
import { SETTINGS } from './settings.ts';

const KIB = 1024;

export async function hashing(children: Children, pieceBytes: number): Promise<object> {
  const argv = [execPath, script('hashing.ts'), String(pieceBytes), String(SETTINGS.aloneMs)];
  const said = await children.figures<{ sha1MBps: number; merkleMBps: number }>('hashing', argv);
  const [sha1MBps, merkleMBps] = [Math.round(said.sha1MBps), Math.round(said.merkleMBps)];
  const ratio = rounded(said.merkleMBps / said.sha1MBps, 2);
  return { bench: 'hash', workers: 1, pieceKiB: pieceBytes / KIB, sha1MBps, merkleMBps, ratio };
}

export async function ciphers(children: Children): Promise<object> {
  const argv = [execPath, '--openssl-legacy-provider', script('ciphers.ts'), String(SETTINGS.aloneMs)];
  const { MBps, opensslMBps } = await children.figures<{ MBps: number; opensslMBps: number }>('ciphers', argv);
  return { bench: 'rc4', MBps: Math.round(MBps), peer: 'OpenSSL', peerMBps: Math.round(opensslMBps) };
}

export async function handshakes(children: Children): Promise<object> {
  const argv = [execPath, script('handshakes.ts'), String(SETTINGS.aloneMs)];
  const { perS } = await children.figures<{ perS: number }>('handshakes', argv);
  return { bench: 'mse-handshake', perS: Math.round(perS) };
}
