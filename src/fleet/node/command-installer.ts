import { setInterval } from 'node:timers';
import type { InstallerConfig } from '../config-types.ts';
import type { Firmware } from '../manifest.ts';
import type { Bundle, Installer, InstallOutcome } from './installer.ts';
import { NODE_LIMITS } from './limits.ts';

/** How a program is run, without a shell; see the kernel's `runCommand`, which this is. `keepsEnd`: of a long output the end is kept. */
export type RunCommand = (
  file: string,
  args: readonly string[],
  limits: {
    readonly timeoutMs: number;
    readonly outputBytes: number;
    readonly withErrors: boolean;
    readonly keepsEnd: boolean;
  },
  signal: AbortSignal,
) => {
  readonly result: Promise<
    | { readonly kind: 'ended'; readonly status: number; readonly output: string }
    | { readonly kind: 'late' | 'cut' }
    | { readonly kind: 'failed'; readonly why: string }
  >;
  readonly ended: Promise<void>;
};

export type CommandInstallerWorld = {
  readonly config: InstallerConfig;
  readonly run: RunCommand;
  /** That was installed last and is healthy, if any was. */
  version(): string | undefined;
};

/** What the program says when the device was not healthy, and what ran before runs again. Any other status but 0 says that it failed. */
const ROLLED_BACK = 3;
const OUTPUT_BYTES = 64 * 1024;

/** Installs by a program of the device's owner: `COMMAND... PATH COMPATIBLE VERSION`. Its exit status says what became of it, and the last line of its output why. */
export class CommandInstaller implements Installer {
  readonly #world: CommandInstallerWorld;

  constructor(world: CommandInstallerWorld) {
    this.#world = world;
  }

  async running(): Promise<{ compatible: string; version?: string }> {
    const { compatible } = this.#world.config;
    const version = this.#world.version() ?? this.#world.config.version;
    return { compatible, ...(version !== undefined && { version }) };
  }

  async install(
    { path }: Bundle,
    { compatible, version }: Firmware,
    report: () => void,
    signal: AbortSignal,
  ): Promise<InstallOutcome> {
    if (path === undefined) return { kind: 'failed', code: 'installer', detail: 'the bundle is no file here' };
    const reporting = setInterval(report, NODE_LIMITS.reportMs);
    try {
      return await this.#run(this.#world.config.command, [path, compatible, version], signal);
    } finally {
      clearInterval(reporting);
    }
  }

  /** It ended with this process. Without a check nobody knows how far it was. */
  async outcome({ compatible, version }: Firmware, signal: AbortSignal): Promise<InstallOutcome> {
    const { check } = this.#world.config;
    if (check) return this.#run(check, [compatible, version], signal);
    return { kind: 'failed', code: 'interrupted', detail: 'the node ended while its command ran' };
  }

  async #run(command: readonly string[], more: readonly string[], signal: AbortSignal): Promise<InstallOutcome> {
    const [file = '', ...first] = command;
    const limits = {
      timeoutMs: (this.#world.config.limitS ?? NODE_LIMITS.installS) * 1_000,
      outputBytes: OUTPUT_BYTES,
      withErrors: true,
      keepsEnd: true,
    };
    const { result, ended } = this.#world.run(file, [...first, ...more], limits, signal);
    const said = await result;
    await ended;
    if (said.kind === 'failed') return { kind: 'failed', code: 'installer', detail: said.why };
    if (said.kind !== 'ended') return { kind: 'failed', code: 'late', detail: `no end after ${limits.timeoutMs} ms` };
    if (said.status === 0) return { kind: 'healthy' };
    const detail = lastLine(said.output) ?? `it ended with ${said.status}`;
    return { kind: 'failed', code: said.status === ROLLED_BACK ? 'rolled-back' : 'unhealthy', detail };
  }
}

/** The output comes as Latin-1. */
function lastLine(output: string): string | undefined {
  const lines = Buffer.from(output, 'latin1').toString('utf8').split('\n');
  return lines.findLast((line) => line.trim() !== '')?.trim();
}
