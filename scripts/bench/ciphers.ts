/**
 * RC4 over the bytes of one framed block: ours against OpenSSL's, in one process. OpenSSL has it in its legacy provider
 * only, so this runs under `node --openssl-legacy-provider`. argv: ms. Says `{"MBps":n,"opensslMBps":n}`.
 */
import { createCipheriv, randomBytes } from 'node:crypto';
import { argv } from 'node:process';
import { Rc4 } from '#wire/rc4.ts';
import { median } from './figures.ts';

const ROUNDS = 8;
const BLOCK = randomBytes(16 * 1024 + 13);
const key = randomBytes(20);
const roundMs = Number(argv[2]) / (2 * ROUNDS);

const ours = new Rc4(key, 0);
const theirs = createCipheriv('rc4', key, null);
if (!ours.apply(BLOCK).equals(theirs.update(BLOCK))) throw new Error('the two do not agree');

function round(apply: (bytes: Buffer) => Buffer): number {
  const start = performance.now();
  let bytes = 0;
  for (; performance.now() - start < roundMs; bytes += BLOCK.length) apply(BLOCK);
  return bytes / 1e3 / (performance.now() - start);
}

const figures = Array.from({ length: ROUNDS }, () => ({
  ours: round((b) => ours.apply(b)),
  theirs: round((b) => theirs.update(b)),
}));
console.log(
  JSON.stringify({ MBps: median(figures.map((f) => f.ours)), opensslMBps: median(figures.map((f) => f.theirs)) }),
);
