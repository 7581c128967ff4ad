/** A disk each write and flush of which is logged: an emulated machine's, or one of this machine: a file that QEMU's storage daemon serves by FUSE. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS = 20_000;

/**
 * QEMU's words for a disk whose writes and flushes are logged, into a file that is made anew. Zeros are written as any bytes: QEMU 7.2 may mix such a request up with others in the log. Requests are
 * not merged: of 1024 parts, the most that a system call takes, the log would make two more, and the write fails.
 */
export function loggedDiskWords(disk: string, log: string, device = ''): string[] {
  writeFileSync(log, '');
  return [
    ...['-blockdev', `driver=file,node-name=disk-file,filename=${disk}`],
    ...['-blockdev', `driver=file,node-name=disk-log,filename=${log}`],
    ...['-blockdev', 'driver=blklogwrites,node-name=disk,file=disk-file,log=disk-log'],
    ...['-device', `virtio-blk-pci,drive=disk,write-zeroes=off,discard=off,request-merging=off${device}`],
  ];
}

/** Why one of this machine cannot be had here; undefined when it can. */
export function whyNoLoggedDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for loop devices';
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse';
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices';
  if (!existsSync('/usr/bin/qemu-storage-daemon')) return 'qemu-storage-daemon is missing (image/tools.sh test)';
  return undefined;
}

export class LoggedDisk implements AsyncDisposable {
  readonly path: string;
  readonly #child: ChildProcess;

  private constructor(path: string, child: ChildProcess) {
    this.path = path;
    this.#child = child;
  }

  /** `path`: an empty file of its own that stands for the disk as long as this lives. */
  static async start(disk: string, log: string, path: string): Promise<LoggedDisk> {
    writeFileSync(log, '');
    writeFileSync(path, '');
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'qemu-storage-daemon'],
        ...['--blockdev', `driver=file,node-name=disk,filename=${disk}`],
        ...['--blockdev', `driver=file,node-name=log,filename=${log}`],
        ...['--blockdev', 'driver=blklogwrites,node-name=logged,file=disk,log=log'],
        ...['--export', `type=fuse,id=fuse,node-name=logged,mountpoint=${path},writable=on`],
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const logged = new LoggedDisk(path, child);
    const size = statSync(disk).size;
    for (const untilMs = Date.now() + WAIT_MS; statSync(path).size !== size; await sleep(20))
      if (child.exitCode !== null || Date.now() > untilMs) {
        await logged[Symbol.asyncDispose]();
        throw new Error('qemu-storage-daemon serves no disk');
      }
    return logged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
