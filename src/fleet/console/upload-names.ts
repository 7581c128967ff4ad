import { safeElement } from '#wire/safe-path.ts';
import { CONSOLE_LIMITS } from './limits.ts';

/** What is wrong with a path of a list of files, by its place in it. */
export type PathFlaw = { readonly at: number; readonly code: 'wrong-format' | 'too-long' | 'not-unique' };

/** A list of paths as folders and names, below a folder of its own; or what is wrong with the first that cannot be had. */
export type Laid =
  | { readonly kind: 'ok'; readonly paths: readonly (readonly string[])[]; readonly root: string }
  | { readonly kind: 'bad-path'; readonly flaw: PathFlaw }
  | { readonly kind: 'bad-name' };

/** A name that every node writes as it is: none that leads elsewhere, none that a torrent cannot hold, none that is too long for a file system. */
export const isFileName = (name: string): boolean => {
  const bytes = Buffer.from(name, 'utf8');
  return bytes.length <= CONSOLE_LIMITS.nameBytes && safeElement(bytes) === name;
};

/** As the least careful file system compares names: without case, however an accent is composed. */
const alike = (path: readonly string[]): string => path.join('/').normalize('NFC').toLowerCase();

/**
 * Where files that a browser names are to lie. One file is what it is called, one folder too; several of them lie in a folder called `name`. Nothing is cleaned: what is not right is
 * refused, since it would arrive under another name.
 */
export function laidOut(paths: readonly string[], name: string): Laid {
  const parted = paths.map((path) => path.split('/'));
  const tops = new Set(parted.map(([top]) => top as string));
  const isOne = tops.size === 1;
  if (!isOne && !isFileName(name)) return { kind: 'bad-name' };
  const placed = isOne ? parted : parted.map((parts) => [name, ...parts]);
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const [at, parts] of placed.entries()) {
    const flawed = (code: PathFlaw['code']): Laid => ({ kind: 'bad-path', flaw: { at, code } });
    const isLong = parts.length > CONSOLE_LIMITS.names || Buffer.byteLength(parts.join('/')) > CONSOLE_LIMITS.pathBytes;
    if (isLong || parts.some((part) => Buffer.byteLength(part) > CONSOLE_LIMITS.nameBytes)) return flawed('too-long');
    if (!parts.every(isFileName)) return flawed('wrong-format');
    const above = parts.slice(1).map((_, depth) => alike(parts.slice(0, depth + 1)));
    const own = alike(parts);
    // The same twice, or a file where others have a folder.
    if (files.has(own) || folders.has(own) || above.some((folder) => files.has(folder))) return flawed('not-unique');
    files.add(own);
    for (const folder of above) folders.add(folder);
  }
  return { kind: 'ok', paths: placed, root: isOne ? ([...tops][0] as string) : name };
}
