/** The power goes: what was not synced is lost, and nothing that the box spoke of was. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../scripts/cafe/servers.ts';
import { LoopDisk } from '../scripts/disks/loop-disk.ts';
import { assertRemains, startWriter } from '../scripts/disks/remains.ts';
import { options } from './box-fixtures.ts';

const CUTS = 12;
const DISK_BYTES = 64 * 1024 * 1024;
/** Far less than the writer is at work after its first piece. */
const AT_WORK_MS = 100;
/** A sync that was under way when the process was stopped goes on to its end: on a busy machine that takes seconds. */
const STILL_MS = 30_000;

/** Every thread has stopped, so none is in the middle of a sync (proc_pid_stat(5)). */
async function standsStill(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1')));
  return stats.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'));
}

test(`a power cut at ${CUTS} random moments under load`, options, async () => {
  let midway = 0;
  for (let seed = 1000; seed < 1000 + CUTS; seed++) {
    using disk = new LoopDisk(DISK_BYTES);
    const at = (path: string) => ({ folder: join(path, 'index'), disks: [path] });
    mkdirSync(at(disk.path).folder);
    const { child, lines, productive, closed } = await startWriter(at(disk.path).folder, seed, at(disk.path).disks);
    // Every other one is at work for certain: how soon the first piece is there, and all of them, is the machine's affair.
    if (seed % 2 === 0) await productive;
    await sleep(Math.random() * (seed % 2 === 0 ? AT_WORK_MS : 1_500));
    child.kill('SIGSTOP');
    await until('the writer stands still', () => standsStill(child.pid as number), STILL_MS);
    const said = [...lines];
    // Nobody synced this one: a copy that has it would not show what a power cut leaves.
    writeFileSync(join(disk.path, 'not synced'), 'x');
    using after = disk.afterPowerCut();
    assert.ok(!existsSync(join(after.path, 'not synced')));
    child.kill('SIGKILL');
    await closed;
    const { folder, disks } = at(after.path);
    const remains = await assertRemains(folder, seed, disks, said, false);
    if (!said.includes('filled') && remains.said > 0) midway++;
  }
  assert.ok(midway > 0, 'none was cut at work');
});
