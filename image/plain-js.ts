/**
 * `node image/plain-js.ts TO ENTRY.ts...`: puts what the entries import of this project into TO, as JavaScript under the same paths. Types become spaces, so line and column of a stack trace stay true.
 * So a box strips no types at its starts and never loads the program that does, and tests and fixtures stay out of it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** A file's own name in quotes, as imports and the addresses of workers have it. */
const NAMED = /(['"])((?:\.{1,2}\/|#)[\w./-]+)\.(ts|json)\1/g;

const root = join(import.meta.dirname, '..');
const [to, ...entries] = process.argv.slice(2);
if (!to || entries.length === 0) throw new Error('usage: node image/plain-js.ts TO ENTRY.ts...');

const found = new Set(entries.map((entry) => join(root, entry)));
for (const path of found) {
  const target = join(to, relative(root, path)).replace(/\.ts$/, '.js');
  await mkdir(dirname(target), { recursive: true });
  const text = await readFile(path, 'utf8');
  if (!path.endsWith('.ts')) {
    await writeFile(target, text);
    continue;
  }
  const plain = stripTypeScriptTypes(text);
  // What only a type is taken from stands in no import any more.
  for (const [, , name, end] of plain.matchAll(NAMED)) {
    const from = name?.startsWith('#') ? join(root, 'src', name.slice(1)) : join(dirname(path), name ?? '');
    found.add(`${from}.${end}`);
  }
  await writeFile(
    target,
    plain.replaceAll(NAMED, (named, quote, name, end) => (end === 'ts' ? `${quote}${name}.js${quote}` : named)),
  );
}
