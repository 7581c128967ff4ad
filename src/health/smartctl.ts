import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#kernel/command.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { parseSmart, type SmartReading } from './smart.ts';

/** `ended`: no process is left. Until then another one must not be started. */
export type SmartAnswer = { readonly reading: SmartReading; readonly ended: Promise<void> };

/** Asks one device, by its name below /dev. */
export type AskSmart = (device: string, signal: AbortSignal) => Promise<SmartAnswer>;

const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/bin', '/usr/local/bin'];

type Options = { folders?: readonly string[]; timeoutMs?: number; processStatus?: () => Promise<string> };

/** Asks through smartctl (smartmontools 7 or later) of the first of these folders that has it. */
export function smartctl(options: Options = {}): AskSmart {
  const { folders = FOLDERS, timeoutMs = HEALTH_LIMITS.smartTimeoutMs } = options;
  const { processStatus = () => readFile('/proc/self/status', 'latin1') } = options;
  return async (device, signal) => {
    const file = await firstOf(folders);
    if (file === undefined) return silent('no-smartctl');
    // Identity, verdict, attributes; a disk at rest is left asleep.
    const args = ['-j', '-i', '-H', '-A', '-n', 'standby', '--', `/dev/${device}`];
    const command = runCommand(file, args, { timeoutMs, outputBytes: HEALTH_LIMITS.smartBytes }, signal);
    const result = await command.result;
    const { ended } = command;
    if (result.kind === 'late') return silent('no-answer', ended);
    if (result.kind !== 'ended') return silent('garbled', ended);
    const reading = parseSmart(result.output, result.status);
    const refused = reading.why === 'no-smart' && /^sd/.test(device) && !(await isPrivileged(processStatus));
    return { reading: refused ? { ...reading, why: 'not-permitted' } : reading, ended };
  };
}

/** CAP_SYS_RAWIO (capabilities(7)). Without it Linux refuses questions to ATA disks, and smartctl says nothing of them, not even that. */
const RAWIO = 1n << 17n;

async function isPrivileged(processStatus: () => Promise<string>): Promise<boolean> {
  const text = await processStatus().catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(text)?.[1];
  return effective === undefined || (BigInt(`0x${effective}`) & RAWIO) !== 0n;
}

const silent = (why: SmartReading['why'], ended: Promise<void> = Promise.resolve()): SmartAnswer => ({
  reading: { verdict: 'unknown', ...(why && { why }) },
  ended,
});

async function firstOf(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, 'smartctl');
    const is = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (is) return file;
  }
  return undefined;
}
