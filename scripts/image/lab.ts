/** The virtual cafe with a virtual machine as its box: PCs and the router are namespaces, what is between them is the image. */
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../cafe/net.ts';
import type { Child } from '../cafe/processes.ts';
import { ECHO_PORT } from '../cafe/servers.ts';
import { SERVER_IP } from '../cafe/topology.ts';
import { Cafe, PROJECT_ROOT } from '../cafe/world.ts';
import type { Beats } from './heartbeat.ts';
import { Vm } from './vm.ts';

/** Where `make image` puts what it builds, and tests what they derive from it. */
export const BUILT = process.env.IMAGE_DIR ?? join(PROJECT_ROOT, 'build/image');
/** Every limit of a test is this many seconds at least: a start is minutes where the processor is emulated. */
export const START_S = 1_200;
const DISK = '4G';
const FLOWS = 10;

/** Copies a disk without the holes in it. */
export const copyDisk = (from: string, to: string): Promise<string> => command(['cp', '--sparse=always', from, to]);

export type LabOptions = {
  /** Whether the router gives addresses from the start; default: yes. */
  readonly dhcp?: boolean;
  /** Names of more disks, empty ones: `second` is `/dev/vdb`. */
  readonly disks?: readonly string[];
  /** One more, with nothing behind it. */
  readonly hasThirdPort?: boolean;
  /** See VmShape. */
  readonly restartsWarm?: boolean;
};

export class Lab implements AsyncDisposable {
  readonly cafe: Cafe;
  readonly dir: string;
  readonly disk: string;
  readonly #options: LabOptions;
  #vm: Vm | undefined;

  private constructor(cafe: Cafe, options: LabOptions) {
    this.cafe = cafe;
    this.#options = options;
    this.dir = join(cafe.dir, 'vm');
    this.disk = join(this.dir, 'disk.img');
  }

  /** The cafe without its box; `image` becomes the disk of the machine that takes its place. */
  static async open(prefix: string, image: string, options: LabOptions = {}): Promise<Lab> {
    const cafe = await Cafe.start({ prefix, sizeMib: 4, wanMbit: 100, clients: ['aria2', 'libtorrent'] });
    const lab = new Lab(cafe, options);
    try {
      await lab.#rewire();
      if (options.dhcp ?? true) lab.serveDhcp();
      await mkdir(lab.dir, { recursive: true });
      await copyDisk(image, lab.disk);
      const more = (options.disks ?? []).map((name) => join(lab.dir, `${name}.img`));
      await command(['truncate', '-s', DISK, lab.disk, ...more]);
      return lab;
    } catch (error) {
      await cafe.close();
      throw error;
    }
  }

  /** Where the box was there are two cables now, to the machine's two ports. */
  async #rewire(): Promise<void> {
    const { box } = this.cafe.topology;
    await box.run([join(PROJECT_ROOT, 'firmware/network/bridge-down.sh'), 'br0']);
    for (const side of ['lan', 'wan'])
      await box.ip(
        `link add ${side} type bridge forward_delay 0 mcast_snooping 0 group_fwd_mask 0xfff8`,
        `tuntap add dev ${side}tap mode tap vnet_hdr`,
        `link set ${side}0 master ${side}`,
        `link set ${side}tap master ${side}`,
        `link set ${side}tap up`,
        `link set ${side} up`,
      );
  }

  /** From now on the router gives addresses. */
  serveDhcp(): void {
    const { router } = this.cafe.topology;
    const leases = join(this.cafe.dir, 'leases');
    this.cafe.spawn(router, [
      ...[
        'dnsmasq',
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--port=0',
        '--interface=lan',
        '--bind-interfaces',
      ],
      ...['--dhcp-range=192.168.77.200,192.168.77.210,12h', `--dhcp-leasefile=${leases}`, '--user=root', '--pid-file'],
    ]);
  }

  get vm(): Vm {
    if (!this.#vm?.isRunning) throw new Error('the machine does not run');
    return this.#vm;
  }

  /** Powers the machine on. `givesUp`: see VmShape. */
  async start(givesUp = false): Promise<Vm> {
    const box = this.cafe.topology.box.name;
    this.#vm = await Vm.start({
      name: 'box',
      disk: this.disk,
      dir: this.dir,
      givesUp,
      ...(this.#options.disks && { disks: this.#options.disks.map((name) => join(this.dir, `${name}.img`)) }),
      ...(this.#options.restartsWarm && { restartsWarm: true }),
      ports: [`${box}:lantap`, `${box}:wantap`, ...(this.#options.hasThirdPort ? (['nothing'] as const) : [])],
    });
    return this.#vm;
  }

  /** As `start`, until the system has said that it is good. Rejects with what it says of itself when that is not in time. */
  async startGood(): Promise<Vm> {
    const vm = await this.start();
    await vm.until('systemctl is-active -q swarmbox-mark-good', START_S).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.journal().catch(() => '')}`);
    });
    return vm;
  }

  /** Until its console has said so. */
  async heard(what: RegExp, limitS = START_S): Promise<void> {
    for (const untilMs = Date.now() + limitS * 1_000; !what.test(await this.vm.console()); await sleep(500))
      if (Date.now() > untilMs) throw new Error(`its console did not say ${what} within ${limitS} s`);
  }

  journal(): Promise<string> {
    return this.vm.text(
      'systemctl --failed --no-legend --plain; journalctl -b --no-pager -o short-monotonic | tail -80',
    );
  }

  /** Ends the machine in order; what it wrote is on its disk. */
  async powerOff(): Promise<void> {
    await this.vm.run('systemctl poweroff --no-block').catch(() => {});
    await this.off();
  }

  /** Waits until the machine has ended by itself; what does not is ended. */
  async off(limitS = 300): Promise<void> {
    const vm = this.#vm;
    if (!vm) return;
    await Promise.race([vm.ended, sleep(limitS * 1_000, undefined, { ref: false })]);
    await vm.cut();
  }

  /** The ESP, as mtools take it. */
  async #esp(): Promise<string> {
    const table = JSON.parse(await command(['sfdisk', '-J', this.disk])) as {
      partitiontable: { partitions: { name: string; start: number }[] };
    };
    const esp = table.partitiontable.partitions.find(({ name }) => name === 'swarmbox-esp');
    return `${this.disk}@@${(esp?.start ?? 0) * 512}`;
  }

  /** What the machine's own GRUB would read now; only while the machine is off. */
  async grubenv(): Promise<Readonly<Record<string, string>>> {
    const text = await command(['mtype', '-i', await this.#esp(), '::/EFI/BOOT/grubenv']);
    return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  }

  async setGrubenv(values: Readonly<Record<string, string>>): Promise<void> {
    const [esp, path] = [await this.#esp(), join(this.dir, 'grubenv')];
    await command(['mcopy', '-n', '-o', '-i', esp, '::/EFI/BOOT/grubenv', path]);
    await command(['grub-editenv', path, 'set', ...Object.entries(values).map(([name, value]) => `${name}=${value}`)]);
    await command(['mcopy', '-n', '-o', '-i', esp, path, '::/EFI/BOOT/grubenv']);
  }

  /** Puts a file on the machine's disk, over its LAN. */
  async bring(from: string, to: string): Promise<void> {
    const { inet } = this.cafe.topology;
    const server = this.cafe.spawn(inet, [
      'python3',
      ...['-m', 'http.server', '8081', '--bind', SERVER_IP, '--directory', dirname(from)],
    ]);
    // The server may be there a moment later.
    const fetch = `const get = (tries) => fetch('http://${SERVER_IP}:8081/${basename(from)}').catch(async (error) => {
      if (tries === 0) throw error;
      await new Promise((go) => setTimeout(go, 1_000));
      return get(tries - 1);
    });
      await require('node:fs/promises').writeFile('${to}', (await get(20)).body);`;
    await this.vm.text(`/opt/node/bin/node -e "(async () => { ${fetch.replaceAll('\n', ' ')} })()"`, 600);
    await server.stop();
  }

  /** The box's address in the LAN, once it has one. */
  async address(): Promise<string> {
    const text = await this.vm.until('ip -4 -o address show dev br0 scope global | grep -o "inet [0-9.]*"', 300);
    return text.replace('inet ', '').trim();
  }

  /** A request to the box's API over its control socket; see scripts/ask. Rejects with what it says. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const json = body === undefined ? '' : `'${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
    const asked = `ADMIN=/data/swarmbox/control.sock /opt/swarmbox/scripts/ask ${method} '${path}' ${json}`;
    return JSON.parse(await this.vm.text(asked, 600));
  }

  /** Runs a program of this folder in PC 1; what it prints. */
  async run(program: string, ...args: string[]): Promise<string> {
    const lines: string[] = [];
    const argv = [execPath, join(import.meta.dirname, program), ...args];
    const child = this.cafe.spawn(this.cafe.pc(1), argv, (line) => lines.push(line));
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`${program}: ${await child.tail(5)}`);
    return lines.join('\n');
  }

  /** Runs curl in PC 1: the page from where its users are. */
  curl(...args: string[]): Promise<{ code: number | null; text: string }> {
    const lines: string[] = [];
    const child = this.cafe.spawn(this.cafe.pc(1), ['curl', '-sSk', '--max-time', '600', ...args], (line) =>
      lines.push(line),
    );
    return child.exited.then(async ({ code }) => ({
      code,
      text: code === 0 ? lines.join('\n') : `${lines.join('\n')}${await child.tail(3)}`,
    }));
  }

  heartbeat(): Heartbeat {
    return new Heartbeat(this);
  }

  /** A copy of the disk, which must be at rest. */
  async keep(path: string): Promise<void> {
    await mkdir(join(path, '..'), { recursive: true });
    await copyDisk(this.disk, `${path}.new`);
    await command(['mv', `${path}.new`, path]);
    await copyFile(join(this.dir, 'box.vars'), `${path}.vars`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vm?.cut();
    await this.cafe.close();
  }
}

/** Flows from PC 1 to the internet, for as long as it is open. */
export class Heartbeat implements AsyncDisposable {
  readonly #child: Child;
  readonly #heard: ((beats: Beats) => void)[] = [];

  constructor({ cafe }: Lab) {
    const script = join(import.meta.dirname, 'heartbeat.ts');
    this.#child = cafe.processes.start({
      name: 'heartbeat',
      argv: cafe.pc(1).inside([execPath, script, SERVER_IP, String(ECHO_PORT), String(FLOWS)]),
      logPath: join(cafe.dir, 'heartbeat.log'),
      input: true,
      onLine: (line) => this.#heard.shift()?.(JSON.parse(line) as Beats),
    });
  }

  /** Since it was asked last. */
  async beats(): Promise<Beats> {
    if (this.#child.exit) throw new Error(await this.#child.howItEnded());
    const { promise, resolve } = Promise.withResolvers<Beats>();
    this.#heard.push(resolve);
    this.#child.write('\n');
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }
}
