/** One cafe per prefix: a file in /run says which process holds it, so that what a killed one left behind can be told from a living one. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Net } from './net.ts';

export class CafeRefused extends Error {}

type Held = { readonly pid: number; readonly startedAt: string; readonly dir: string };

/** Field 22 of /proc/PID/stat: a process id that was given away again has another start time. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function read(path: string): Held | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Held;
  } catch {
    return undefined;
  }
}

export class Claim {
  readonly dir: string;
  readonly #path: string;

  private constructor(path: string, dir: string) {
    this.#path = path;
    this.dir = dir;
  }

  /** Takes the prefix and makes a directory for the run; removes what a dead run left, saying so. */
  static async take(prefix: string, say: (line: string) => void): Promise<Claim> {
    const path = join('/run', `${prefix}cafe.json`);
    const held = read(path);
    if (held && startTime(held.pid) === held.startedAt)
      throw new CafeRefused(
        `a cafe with the prefix ${prefix} runs already (process ${held.pid}): end it, or set CAFE_PREFIX`,
      );
    const stale = await Net.named(prefix);
    if (stale.length > 0) say(`removing ${stale.length} namespaces that an earlier cafe left behind`);
    for (const place of stale) await place.remove();
    if (held?.dir.startsWith(join(tmpdir(), prefix))) await rm(held.dir, { recursive: true, force: true });
    const dir = join(tmpdir(), `${prefix}cafe-${process.pid}`);
    // The tracker drops its rights and must be able to walk in.
    mkdirSync(dir, { mode: 0o755 });
    const mine: Held = { pid: process.pid, startedAt: startTime(process.pid) ?? '', dir };
    writeFileSync(path, `${JSON.stringify(mine)}\n`);
    return new Claim(path, dir);
  }

  async release(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
    rmSync(this.#path, { force: true });
  }
}
