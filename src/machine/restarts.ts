import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { MACHINE_LIMITS } from './limits.ts';
import type { Run } from './programs.ts';

export type RestartsWorld = {
  /** Of this process: systemd says there which process it started (systemd.exec(5)); a shell's children inherit the words, not the number. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hasSystemd: boolean;
  /** The daemon may have the machine started again. */
  readonly mayReboot: boolean;
  readonly run: Run;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly log: Log;
  /** Ends this process cleanly. */
  end(): void;
};

/** Starting again: the daemon where somebody starts it again, the machine where the daemon may. */
export class Restarts {
  readonly #world: RestartsWorld;
  #isUnderWay = false;

  constructor(world: RestartsWorld) {
    this.#world = world;
  }

  /** `SWARMBOX_RESTARTED=1` is for any other service manager. */
  get view(): { readonly daemon: boolean; readonly machine: boolean } {
    const { env, hasSystemd, mayReboot } = this.#world;
    const bySystemd = hasSystemd && env.SYSTEMD_EXEC_PID === String(process.pid);
    return { daemon: bySystemd || env.SWARMBOX_RESTARTED === '1', machine: hasSystemd && mayReboot };
  }

  /** Begins a moment later, so that the answer reaches whoever asked. False: it cannot be done. */
  restart(what: 'daemon' | 'machine'): boolean {
    if (!this.view[what]) return false;
    if (this.#isUnderWay) return true;
    this.#isUnderWay = true;
    const { clock, scope, log } = this.#world;
    log.warn('restarting', { what });
    scope.run(async (signal) => {
      await clock.sleep(MACHINE_LIMITS.restartAfterMs, signal);
      if (what === 'daemon') this.#world.end();
      else await this.#reboot();
    });
    return true;
  }

  async #reboot(): Promise<void> {
    const ran = await this.#world.run('systemctl', ['reboot']);
    if (ran.ok) return;
    this.#isUnderWay = false;
    this.#world.log.error('not-restarted', { why: ran.why });
  }
}
