import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of /proc/PID/stat: a hundredth of a second on every Linux. */
const TICKS_PER_S = 100;

/** User and system time of a process group, all threads, in seconds (proc(5)). What a member has been is not counted. */
export function groupCpuSeconds(group: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_S;
}

/** From its third field on: the name before, in brackets, may hold spaces. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return []; // it has ended meanwhile
  }
}
