/** A machine that gets no further than GRUB, or starts a slot's kernel with a program of the trial's in place of an init: in seconds, where a whole box takes minutes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loggedDiskWords } from './logged-disk.ts';
import { partitionsOf } from './rebuilt-disk.ts';
import { SECTOR } from './written-log.ts';

export type Kernel = { readonly image: string; readonly initrd: string };

/** An image that was built here; undefined where there is none. */
export function builtImage(): string | undefined {
  const folder = process.env.IMAGE_DIR ?? join(import.meta.dirname, '../../build/image');
  const name = existsSync(folder) && readdirSync(folder).find((name) => name.endsWith('.img'));
  return name ? join(folder, name) : undefined;
}

/** The kernel of an image's slot A, and its initramfs with one more program in it. */
export function kernelOf(image: string, dir: string, program: string, text: string): Kernel {
  const slot = partitionsOf(image).find(({ name }) => name === 'a');
  if (!slot) throw new Error(`${image} has no slot`);
  const out = join(dir, 'slot');
  const files = ['boot/vmlinuz', 'boot/initrd.img'];
  execFileSync('unsquashfs', ['-q', '-n', '-o', String(slot.sector * SECTOR), '-d', out, image, ...files], {
    stdio: 'pipe',
  });
  const initrd = join(dir, 'initrd');
  writeFileSync(initrd, Buffer.concat([archive(program, text), readFileSync(join(out, 'boot/initrd.img'))]));
  return { image: join(out, 'boot/vmlinuz'), initrd };
}

/** One program as a cpio archive (kernel, driver-api/early-userspace/buffer-format.rst), filled up to what the next one may begin at. */
function archive(name: string, text: string): Buffer {
  const fill = (bytes: Buffer, to: number): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & (to - 1))]);
  const entry = (name: string, mode: number, bytes: Buffer): Buffer => {
    const numbers = [0, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0];
    const head = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}${name}\0`;
    return Buffer.concat([fill(Buffer.from(head), 4), fill(bytes, 4)]);
  };
  return fill(Buffer.concat([entry(name, 0o100755, Buffer.from(text)), entry('TRAILER!!!', 0, Buffer.alloc(0))]), 512);
}

export class BareMachine implements AsyncDisposable {
  readonly #child: ChildProcess;
  #said = '';

  /** With a kernel: `rdinit` names the program that is its init; its console is what the machine says. */
  constructor(disk: string, log: string, kernel?: Kernel & { readonly rdinit: string }) {
    const words = [
      ...['-accel', 'tcg,thread=single', '-cpu', 'max,la57=off,smap=off,smep=off,umip=off,pku=off,avx=off,avx2=off'],
      ...['-machine', 'q35', '-smp', '1', '-m', '512', '-nodefaults', '-no-user-config', '-no-reboot'],
      ...['-display', 'none', '-vga', 'none', '-monitor', 'none', '-serial', 'stdio'],
      ...loggedDiskWords(disk, log, kernel ? '' : ',bootindex=0'),
    ];
    if (kernel)
      words.push(
        ...['-kernel', kernel.image, '-initrd', kernel.initrd],
        ...['-append', `rdinit=${kernel.rdinit} console=ttyS0 loglevel=4 panic=1 norandmaps nokaslr`],
      );
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (bytes: Buffer) => {
      this.#said = (this.#said + bytes.toString('latin1')).slice(-200_000);
    });
  }

  get said(): string {
    return this.#said;
  }

  /** Waits until the machine says so. */
  async until(pattern: RegExp, limitS: number): Promise<RegExpExecArray> {
    for (const untilMs = Date.now() + limitS * 1_000; ; await sleep(20)) {
      const found = pattern.exec(this.#said);
      if (found) return found;
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (isOver || Date.now() > untilMs)
        throw new Error(
          `${isOver ? 'the machine ended' : `not within ${limitS} s`}: ${pattern}\n${this.#said.slice(-2_000)}`,
        );
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** As if its power were cut; what it wrote is in its disk and log. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
