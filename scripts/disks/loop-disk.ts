/** A real file system in a file, mounted (root only), and what can happen to a disk. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const run = (file: string, ...args: string[]): void => void execFileSync(file, args, { stdio: 'pipe' });

export class LoopDisk implements Disposable {
  /** Where it is mounted. */
  readonly path: string;
  readonly #image: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'swarmbox-disk-'));
  #mounted = false;

  /** An empty ext4 of so many bytes, mounted; or a copy of another disk as its image is now. */
  constructor(from: number | LoopDisk) {
    this.#image = join(this.#folder, 'image');
    this.path = join(this.#folder, 'disk');
    mkdirSync(this.path);
    if (typeof from === 'number') {
      writeFileSync(this.#image, '');
      truncateSync(this.#image, from);
      // Everything is laid out at once, and nothing is kept for root.
      run('mkfs.ext4', '-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', this.#image);
    } else copyFileSync(from.#image, this.#image);
    this.mount();
  }

  mount(): void {
    // The journal is committed when somebody syncs, and hardly ever by itself.
    run('mount', '-o', 'loop,commit=300', this.#image, this.path);
    this.#mounted = true;
  }

  /** What it is mounted from: `/dev/loop3`. */
  get device(): string {
    return execFileSync('findmnt', ['-no', 'SOURCE', this.path], { encoding: 'utf8' }).trim();
  }

  /** Lazily, as when a cable is pulled: open files are no obstacle. */
  pull(): void {
    run('umount', '-l', this.path);
    this.#mounted = false;
  }

  /** As `pull` and `mount`, for a process in a mount namespace of its own, which `ip netns exec` makes. */
  pullFrom(pid: number): void {
    run('nsenter', '-t', String(pid), '-m', 'umount', '-l', this.path);
  }

  giveBackTo(pid: number): void {
    // The device, not the image: one file system, seen from two places.
    run('nsenter', '-t', String(pid), '-m', 'mount', this.device, this.path);
  }

  /** Every sector behind this byte is unreadable from now on, and nothing is in memory. */
  breakBehind(bytes: number): void {
    truncateSync(this.#image, bytes);
    writeFileSync('/proc/sys/vm/drop_caches', '3');
  }

  /** What a power cut at this moment would leave: the image lacks what was not synced. Whoever writes must stand still. */
  afterPowerCut(): LoopDisk {
    return new LoopDisk(this);
  }

  [Symbol.dispose](): void {
    if (this.#mounted) this.pull();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
