import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#base/log.ts';
import { DiskDesk } from './disk-desk.ts';
import { KeptMounts } from './kept-mounts.ts';
import { machinePrograms, type Run } from './programs.ts';

export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'swarmbox-machine-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export const realRun: Run = machinePrograms(new AbortController().signal);

const sh = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8', stdio: 'pipe' });

/** Why real block devices cannot be had here; false: they can. */
export function noLoops(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    sh('losetup', '-f');
    return false;
  } catch {
    return 'this machine has no loop devices';
  }
}

/** A real block device over a sparse file. */
export class Loop implements Disposable {
  readonly device: string;
  readonly #folder = temporaryFolder();

  constructor(bytes: number) {
    const image = join(this.#folder.path, 'image');
    writeFileSync(image, '');
    truncateSync(image, bytes);
    this.device = sh('losetup', '-f', '--show', image).trim();
  }

  make(program: string, ...args: string[]): this {
    sh(program, ...args, this.device);
    return this;
  }

  ext4(...args: string[]): this {
    return this.make('mkfs.ext4', '-q', '-F', ...args);
  }

  /** With a partition over all of it, and a file system in that; the partition. */
  partition(): string {
    sh('sh', '-c', `echo 'label: gpt\n,\n' | sfdisk -q ${this.device}; partx -u ${this.device}`);
    const part = `${this.device}p1`;
    for (let tries = 0; !existsSync(part) && tries < 50; tries++) sh('sleep', '0.1');
    sh('mkfs.ext4', '-q', '-F', part);
    return part;
  }

  [Symbol.dispose](): void {
    if (existsSync(`${this.device}p1`)) sh('partx', '-d', this.device);
    sh('losetup', '-d', this.device);
    this.#folder[Symbol.dispose]();
  }
}

/** A disk mounted by the operator. */
export class Mounted implements Disposable {
  readonly at: string;
  readonly #folder = temporaryFolder();

  constructor(device: string, options = 'rw') {
    this.at = this.#folder.path;
    sh('mount', '-o', options, device, this.at);
  }

  [Symbol.dispose](): void {
    sh('umount', '-l', this.at);
    this.#folder[Symbol.dispose]();
  }
}

/** A desk over this machine's real devices, with a setting `disks` of its own. */
export class DeskBench implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly dataDir = this.#folder.path;
  disks: readonly string[] = [];
  ids = new Map<string, string>();
  refuses: string | undefined;
  mounts: KeptMounts;
  desk: DiskDesk;
  readonly #run: Run;

  constructor(run: Run = realRun) {
    this.#run = run;
    this.mounts = this.#newMounts();
    this.desk = this.#newDesk();
  }

  /** As after a restart of the daemon. */
  async restart(): Promise<void> {
    this.mounts = this.#newMounts();
    this.desk = this.#newDesk();
    await this.mounts.start();
  }

  #newMounts(): KeptMounts {
    return new KeptMounts({ run: this.#run, dataDir: this.dataDir, hasSystemd: false, log: silentLog });
  }

  #newDesk(): DiskDesk {
    return new DiskDesk({
      run: this.#run,
      dataDir: this.dataDir,
      mounts: this.mounts,
      disks: () => this.disks,
      changeDisks: async (paths) => {
        if (this.refuses === undefined) this.disks = paths;
        return this.refuses;
      },
      diskIdAt: (path) => this.ids.get(path),
      log: silentLog,
      leastBytes: 32 * 1024 * 1024,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.disks) {
      const uuid = this.mounts.uuidAt(path);
      if (uuid !== undefined) await this.mounts.remove(uuid);
    }
    this.#folder[Symbol.dispose]();
  }
}
