/**
 * How many bytes the overview takes when it is opened for the first time, gzipped: what the page names, and the library of the chart. Prints a line for each file; fails above the limit.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { gzipSync } from 'node:zlib';

const MOST_BYTES = 68_000;
const CHART = 'src/parts/plot-draw.ts';

type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; css?: string[] };
const root = argv[2] ?? join(import.meta.dirname, '../web/dist');
const manifest: Record<string, Chunk> = JSON.parse(readFileSync(join(root, '.vite/manifest.json'), 'utf8'));

const chunk = (key: string): Chunk => {
  const found = manifest[key];
  if (!found) throw new Error(`the build has no ${key}: did a file move?`);
  return found;
};

/** A chunk, what it needs, and its styles. */
function filesOf(key: string, into: Set<string>): Set<string> {
  const { file, imports = [], css = [] } = chunk(key);
  if (into.has(file)) return into;
  into.add(file);
  for (const style of css) into.add(style);
  for (const other of imports) filesOf(other, into);
  return into;
}

const sizeOf = (file: string) => gzipSync(readFileSync(join(root, file)), { level: 6 }).length;
const sum = (files: Iterable<string>) => [...files].reduce((bytes, file) => bytes + sizeOf(file), 0);

/** What the page itself names. */
const named = [...readFileSync(join(root, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/(?!api\/)([^"]+)"/g)].map(
  (m) => m[1] as string,
);
const all = filesOf(CHART, new Set(['index.html', ...named]));
for (const file of [...all].sort((a, b) => sizeOf(b) - sizeOf(a)))
  console.log(`${String(sizeOf(file)).padStart(7)}  ${file}`);
const total = sum(all);
console.log(`${String(total).padStart(7)}  of at most ${MOST_BYTES}`);
if (total > MOST_BYTES) exit(1);
