import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Test files to a process: starting one takes longer than most of them. */
const TOGETHER = 14;

/** The simulated box is large, and is left a process of its own. */
const isUnit = (file: string): boolean => file.endsWith('.test.ts') && !file.startsWith('src/sim/');

/** Files that a process each is to run: those of unit tests stand for several. Gone when this process ends. */
export function together(files: readonly string[]): string[] {
  const units = files.filter(isUnit);
  if (units.length < 2) return [...files];
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-tests-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const sets = Array.from({ length: Math.ceil(units.length / TOGETHER) }, (_, i) => {
    const path = join(folder, `units-${i + 1}.mjs`);
    const own = units.slice(i * TOGETHER, (i + 1) * TOGETHER);
    writeFileSync(path, own.map((file) => `import '${pathToFileURL(resolve(file)).href}';\n`).join(''));
    return path;
  });
  return [...sets, ...files.filter((file) => !isUnit(file))];
}
