/** A box in a virtual machine: the image as it is flashed, in QEMU, and a root shell in it that the image does not have by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { loggedDiskWords } from './logged-disk.ts';

/** Of Debian's package ovmf. */
const OVMF = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.fd' };

/**
 * systemd takes units from the firmware's tables (systemd.system-credentials(7)): a shell on a port that only the emulator reaches. The image itself is the one that is flashed.
 */
const SHELL = `[Unit]
DefaultDependencies=no
IgnoreOnIsolate=yes
StartLimitIntervalSec=0
[Service]
ExecStart=-/bin/bash --norc --noprofile
Environment=PS1= TERM=dumb PATH=/usr/lib/swarmbox/bin:/usr/sbin:/usr/bin:/sbin:/bin
StandardInput=tty
StandardOutput=tty
StandardError=tty
TTYPath=/dev/hvc1
Restart=always
RestartSec=1
`;
const credential = (name: string, text: string): string[] => [
  '-smbios',
  `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(text).toString('base64')}`,
];

/** No patience of the box's own ends while its processor is emulated: a system that was never good would start again. */
const patient = (unit: string, words: string): string[] =>
  credential(`systemd.unit-dropin.${unit}.service~zz`, `[Service]\n${words}\nTimeoutStartSec=1h\n`);

export type VmShape = {
  readonly name: string;
  /** Its disk, raw; what it writes stays there. */
  readonly disk: string;
  /** Where its logs and sockets lie. */
  readonly dir: string;
  readonly memoryMib?: number;
  readonly firmware?: 'uefi' | 'bios';
  /** For each port: `NETNS:DEVICE` of a tap that is made for it, or nothing behind it. */
  readonly ports?: readonly (string | 'nothing')[];
  /** Where what its disk is told is logged, from the start of this machine on (cut-walk.ts); otherwise it is not. */
  readonly logWrites?: string;
  /** The gate gives up when the image says so, and the machine starts again. Otherwise it has an hour. */
  readonly givesUp?: boolean;
  /** More disks, raw. */
  readonly disks?: readonly string[];
  /** A restart of the system is one of the machine. Otherwise it ends. */
  readonly restartsWarm?: boolean;
  /** More words for QEMU. */
  readonly more?: readonly string[];
};

export type Said = { readonly code: number; readonly text: string };

export class Vm implements AsyncDisposable {
  readonly #shape: VmShape;
  readonly #child: ChildProcess;
  readonly #startedMs = Date.now();
  readonly ended: Promise<void>;
  #shell: Socket | undefined;
  #heard = '';
  #count = 0;

  private constructor(shape: VmShape, child: ChildProcess) {
    this.#shape = shape;
    this.#child = child;
    this.ended = once(child, 'exit').then(() => {});
  }

  static async start(shape: VmShape): Promise<Vm> {
    const {
      name,
      disk,
      dir,
      memoryMib = 1_024,
      firmware = 'uefi',
      ports = ['nothing', 'nothing'],
      givesUp = false,
      disks = [],
      restartsWarm = false,
      more = [],
    } = shape;
    await mkdir(dir, { recursive: true });
    const at = (what: string): string => join(dir, `${name}.${what}`);
    for (const what of ['shell', 'qmp', 'console']) await rm(at(what), { force: true });
    const uefi: string[] = [];
    if (firmware === 'uefi') {
      if (!existsSync(at('vars'))) await copyFile(OVMF.vars, at('vars'));
      uefi.push('-drive', `if=pflash,format=raw,readonly=on,file=${OVMF.code}`);
      uefi.push('-drive', `if=pflash,format=raw,file=${at('vars')}`);
    }
    const taps = ports.filter((port) => port !== 'nothing');
    const cards = ports.flatMap((port, i) => {
      const mac = `52:54:00:5b:0c:${(i + 1).toString(16).padStart(2, '0')}`;
      const behind = port === 'nothing' ? `user,id=n${i},restrict=on` : `tap,id=n${i},fd={tap${taps.indexOf(port)}}`;
      return ['-netdev', behind, '-device', `virtio-net-pci,netdev=n${i},mac=${mac}`];
    });
    const args = [
      // A /dev/kvm may be there and yet fail. la57, smap and the like off: cheaper to emulate.
      ...[
        '-name',
        name,
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max,la57=off,smap=off,smep=off,umip=off,pku=off,avx=off,avx2=off',
      ],
      // Its watchdog bites.
      ...['-global', 'ICH9-LPC.noreboot=false'],
      ...['-machine', 'q35', '-smp', '1', '-m', String(memoryMib), '-nodefaults', '-no-user-config'],
      ...[
        '-display',
        'none',
        '-monitor',
        'none',
        '-vga',
        'none',
        '-action',
        `reboot=${restartsWarm ? 'reset' : 'shutdown'}`,
      ],
      ...['-serial', `file:${at('console')}`, '-qmp', `unix:${at('qmp')},server=on,wait=off`],
      ...['-object', 'rng-random,id=rng,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng'],
      ...['-device', 'virtio-serial-pci', '-chardev', 'null,id=none', '-device', 'virtconsole,chardev=none'],
      ...['-chardev', `socket,id=shell,path=${at('shell')},server=on,wait=off`, '-device', 'virtconsole,chardev=shell'],
      ...['-rtc', 'base=utc', '-uuid', '5b0c5b0c-0000-4000-8000-5b0c00000001'],
      ...uefi,
      ...(shape.logWrites
        ? loggedDiskWords(disk, shape.logWrites, ',serial=SYSTEM,bootindex=0')
        : [
            ...['-drive', `if=none,id=disk,file=${disk},format=raw,cache=writeback`],
            ...['-device', 'virtio-blk-pci,drive=disk,serial=SYSTEM,bootindex=0'],
          ]),
      ...disks.flatMap((path, i) => [
        ...['-drive', `if=none,id=more${i},file=${path},format=raw,cache=writeback`],
        ...['-device', `virtio-blk-pci,drive=more${i},serial=MORE${i}`],
      ]),
      ...cards,
      ...credential('systemd.extra-unit.test-shell.service', SHELL),
      ...credential('systemd.unit-dropin.sysinit.target', '[Unit]\nWants=test-shell.service\n'),
      // An emulator that keeps translated code by its virtual address translates a program anew wherever it lies elsewhere: ten times the cost of a start.
      ...credential('sysctl.extra', 'kernel.randomize_va_space=0\n'),
      ...patient('swarmbox', ''),
      ...(givesUp ? [] : patient('swarmbox-health', 'Environment=HEALTH_S=3000')),
      ...more,
    ];
    const withTaps = [join(import.meta.dirname, 'with-taps.py'), ...taps, '--', 'qemu-system-x86_64', ...args];
    const child = spawn('python3', withTaps, { stdio: ['ignore', 'inherit', 'inherit'] });
    return new Vm(shape, child);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get ageS(): number {
    return (Date.now() - this.#startedMs) / 1_000;
  }

  /** Processor seconds that the emulator has used. */
  async cpuS(): Promise<number> {
    const fields = (await readFile(`/proc/${this.#child.pid}/stat`, 'latin1')).split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** What it said there, without what moves a cursor. */
  async console(): Promise<string> {
    const said = await readFile(join(this.#shape.dir, `${this.#shape.name}.console`), 'latin1').catch(() => '');
    return stripVTControlCharacters(said).replaceAll('\r', '');
  }

  /** Runs a command as root. Rejects when it has not ended in time, or the machine has. */
  async run(command: string, limitS = 120): Promise<Said> {
    const shell = await this.#open(limitS);
    const mark = `_end${++this.#count}x${Date.now() % 1_000_000}_`;
    this.#heard = '';
    shell.write(
      ` stty -echo 2>/dev/null; ( ${command} ) 2>&1 </dev/null; echo "${mark.slice(0, 4)}""${mark.slice(4)}$?."\n`,
    );
    const end = new RegExp(`${mark}(\\d+)\\.`);
    for (const untilMs = Date.now() + limitS * 1_000; Date.now() < untilMs; await sleep(50)) {
      const found = end.exec(this.#heard);
      if (found)
        return {
          code: Number(found[1]),
          text: this.#heard
            .slice(0, found.index)
            .replaceAll('\r', '')
            .split('\n')
            .filter((line) => !line.includes('stty -echo'))
            .join('\n')
            .trim(),
        };
      if (!this.isRunning) throw new Error(`the machine ended while it did: ${command}`);
    }
    throw new Error(`no end within ${limitS} s: ${command}\n${this.#heard.slice(-400)}`);
  }

  /** The text of a command that must succeed. */
  async text(command: string, limitS = 120): Promise<string> {
    const { code, text } = await this.run(command, limitS);
    if (code !== 0) throw new Error(`${command}: ended with ${code}\n${text}`);
    return text;
  }

  /** Waits until the command succeeds. */
  async until(command: string, limitS: number): Promise<string> {
    const untilMs = Date.now() + limitS * 1_000;
    for (let last = ''; ; await sleep(500)) {
      const leftS = (untilMs - Date.now()) / 1_000;
      if (leftS <= 0 || !this.isRunning) {
        const said = this.isRunning ? `not within ${limitS} s` : 'the machine ended';
        throw new Error(`${command}: ${said}: ${last}\n${(await this.console()).slice(-1_500)}`);
      }
      const said = await this.run(command, Math.min(leftS, 15)).catch((error: Error) => ({
        code: -1,
        text: error.message,
      }));
      if (said.code === 0) return said.text;
      last = said.text;
    }
  }

  /** As if its power were cut. */
  async cut(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#shell?.destroy();
    if (this.isRunning) await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  async #open(limitS: number): Promise<Socket> {
    if (this.#shell && !this.#shell.destroyed) return this.#shell;
    const path = join(this.#shape.dir, `${this.#shape.name}.shell`);
    for (const untilMs = Date.now() + limitS * 1_000; Date.now() < untilMs && this.isRunning; await sleep(200)) {
      const socket = connect(path);
      const isThere = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (!isThere) continue;
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => {
        this.#heard = (this.#heard + bytes.toString('latin1')).slice(-4_000_000);
      });
      this.#shell = socket;
      return socket;
    }
    throw new Error(`no shell in ${this.#shape.name}`);
  }
}
