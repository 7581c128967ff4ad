/**
 * How many bytes the first view of each page takes when it is opened for the first time, gzipped: what the page names, and on a box the library of the chart. Prints a line for each file; fails above the limit.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { gzipSync } from 'node:zlib';

const MOST_BYTES = 68_000;
/** `later`: what its first view loads as well. */
const PAGES = [
  { page: 'index.html', manifest: '.vite/manifest.json', later: ['src/parts/plot-draw.ts'] },
  { page: 'central.html', manifest: '.vite/central.json', later: [] },
] as const;

type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; css?: string[] };
type Manifest = Record<string, Chunk>;
const root = argv[2] ?? join(import.meta.dirname, '../web/dist');
const chunk = (manifest: Manifest, key: string): Chunk => {
  const found = manifest[key];
  if (!found) throw new Error(`the build has no ${key}: did a file move?`);
  return found;
};

/** A chunk, what it needs, and its styles. */
function filesOf(manifest: Manifest, key: string, into: Set<string>): Set<string> {
  const { file, imports = [], css = [] } = chunk(manifest, key);
  if (into.has(file)) return into;
  into.add(file);
  for (const style of css) into.add(style);
  for (const other of imports) filesOf(manifest, other, into);
  return into;
}

const sizeOf = (file: string) => gzipSync(readFileSync(join(root, file)), { level: 6 }).length;
const sum = (files: Iterable<string>) => [...files].reduce((bytes, file) => bytes + sizeOf(file), 0);

for (const { page, manifest: name, later } of PAGES) {
  const manifest: Manifest = JSON.parse(readFileSync(join(root, name), 'utf8'));
  /** What the page itself names. */
  const named = [...readFileSync(join(root, page), 'utf8').matchAll(/(?:src|href)="\/(?!api\/)([^"]+)"/g)];
  const all = new Set([page, ...named.map(([, file]) => file as string)]);
  for (const key of later) filesOf(manifest, key, all);
  for (const file of [...all].sort((a, b) => sizeOf(b) - sizeOf(a)))
    console.log(`${String(sizeOf(file)).padStart(7)}  ${file}`);
  const total = sum(all);
  console.log(`${String(total).padStart(7)}  ${page}, of at most ${MOST_BYTES}`);
  if (total > MOST_BYTES) process.exitCode = 1;
}
