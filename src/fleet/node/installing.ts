import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { isNewer } from '#base/version.ts';
import type { InstallRow } from '#index/fleet-installs.ts';
import type { Firmware } from '../manifest.ts';
import type { UpMessage } from '../messages.ts';
import type { Trouble } from './holding.ts';
import type { Bundle, Installer, InstallOutcome } from './installer.ts';
import { NODE_LIMITS } from './limits.ts';
import type { NodeBook } from './node-book.ts';
import { answer, type Outcome } from './outcome.ts';

export type InstallingWorld = {
  readonly book: NodeBook;
  /** Undefined: this node installs nothing. */
  readonly installer: Installer | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** When every byte of it is still what was signed. */
  bundle(id: string): Promise<Bundle | undefined>;
  /** Now, if there is a connection: it may get lost. */
  say(message: UpMessage): void;
  /** There may be something to send. */
  kept(): void;
};

/**
 * Installs bundles that are here whole, one at a time, when the central says so. The intent is in the book before it begins, and stays there until it is known what became of it: a node that
 * restarts in the middle, or because of it, asks its installer after the start. So nothing is installed twice for one word of the central, and each is answered.
 *
 * - `ordered`: the central said so, and nothing was done yet
 * - `installing`: the installer was asked to, and what became of it is not known
 * - `healthy`, `failed`, `rolled-back`: that is what became of it
 */
export class Installing {
  readonly #world: InstallingWorld;
  #last: Promise<void> = Promise.resolve();

  constructor(world: InstallingWorld) {
    this.#world = world;
  }

  /** What was begun before a restart, or was about to. */
  resume(): void {
    for (const { distribution: id, state } of this.#world.book.installs())
      if (state === 'ordered') this.#inTurn((signal) => this.#install(id, signal));
      else if (state === 'installing') this.#inTurn((signal) => this.#outcome(id, signal));
  }

  /** Why such a bundle is not for this device, or not now. */
  async unfit({ compatible, version, allowOlder }: Firmware): Promise<Trouble | undefined> {
    const { installer } = this.#world;
    if (!installer) return { code: 'no-installer', detail: 'nothing is installed here' };
    const running = await installer.running();
    if (running.compatible !== compatible)
      return { code: 'other-device', detail: `it is for ${compatible}, this is ${running.compatible}` };
    if (running.version === undefined || allowOlder || isNewer(version, running.version)) return undefined;
    return { code: 'not-newer', detail: `${running.version} runs here` };
  }

  async ordered({ id, attempt }: { readonly id: string; readonly attempt: number }): Promise<Outcome> {
    const { book } = this.#world;
    const known = book.get(id);
    if (known?.state !== 'whole' || known.isCancelled || !known.manifest.firmware)
      return answer({ kind: 'installed', id, attempt, healthy: false, code: 'not-here' });
    const row = book.install(id);
    if (row && (row.attempt >= attempt || row.state === 'healthy' || isUnderWay(row))) {
      const latest = Math.max(attempt, row.attempt);
      return { answers: [said({ ...row, attempt: latest })], effect: () => book.putInstall(id, { attempt: latest }) };
    }
    return {
      answers: [{ kind: 'installing', id, attempt }],
      effect: () => book.putInstall(id, { state: 'ordered', attempt, why: null, detail: null }),
      after: () => this.#inTurn((signal) => this.#install(id, signal)),
    };
  }

  #inTurn(work: (signal: AbortSignal) => Promise<void>): void {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    this.#world.scope.run(async (signal) => {
      try {
        await before;
        if (!signal.aborted) await work(signal);
      } finally {
        resolve();
      }
    });
  }

  async #install(id: string, signal: AbortSignal): Promise<void> {
    const { book, installer, bundle, log } = this.#world;
    const known = book.get(id);
    const firmware = known?.manifest.firmware;
    if (!firmware || !installer) return this.#over(id, failed('no-installer'), signal);
    if (known.state !== 'whole' || known.isCancelled) return this.#over(id, failed('not-here'), signal);
    // As after a crash just before this was kept.
    if ((await installer.running()).version === firmware.version) return this.#over(id, { kind: 'healthy' }, signal);
    const unfit = await this.unfit(firmware);
    if (unfit) return this.#over(id, { kind: 'failed', ...unfit }, signal);
    const found = await bundle(id);
    if (signal.aborted) return;
    if (!found) return this.#over(id, failed('changed'), signal);
    await this.#keep(() => book.putInstall(id, { state: 'installing' }), signal);
    log.info('firmware begun', { distribution: id, version: firmware.version });
    let saidMs = this.#world.clock.nowMs();
    const report = (): void => {
      const nowMs = this.#world.clock.nowMs();
      if (nowMs - saidMs < NODE_LIMITS.reportMs || signal.aborted) return;
      saidMs = nowMs;
      this.#world.say({ kind: 'installing', id, attempt: book.install(id)?.attempt ?? 0 });
    };
    const outcome = await installer.install(found, firmware, report, signal).catch((error: unknown) => {
      return failed('installer', errorText(error));
    });
    // The end of this process ended it, or it is ending this process: after the start it is asked for.
    if (signal.aborted) return;
    if (outcome === 'restarts') return this.#outcome(id, signal);
    return this.#over(id, outcome, signal);
  }

  /** Until the installer knows it. */
  async #outcome(id: string, signal: AbortSignal): Promise<void> {
    const { book, installer, clock, log } = this.#world;
    const firmware = book.get(id)?.manifest.firmware;
    if (!firmware || !installer) return this.#over(id, failed('no-installer'), signal);
    for (const endMs = clock.nowMs() + NODE_LIMITS.outcomeMs; clock.nowMs() < endMs; ) {
      const outcome = await installer.outcome(firmware, signal).catch((error: unknown) => {
        log.warn('firmware outcome not known', { distribution: id, why: errorText(error) });
        return undefined;
      });
      if (signal.aborted) return;
      if (outcome) return this.#over(id, outcome, signal);
      await clock.sleep(NODE_LIMITS.outcomeEveryMs, signal);
    }
    return this.#over(id, failed('not-known'), signal);
  }

  async #over(id: string, outcome: InstallOutcome, signal: AbortSignal): Promise<void> {
    const { book, log, kept } = this.#world;
    const isHealthy = outcome.kind === 'healthy';
    const version = book.get(id)?.manifest.firmware?.version;
    log[isHealthy ? 'info' : 'warn']('firmware over', {
      distribution: id,
      version,
      ...(isHealthy ? { healthy: true } : { code: outcome.code, why: outcome.detail }),
    });
    await this.#keep((say) => {
      const [why, detail] = isHealthy ? [null, null] : [outcome.code, outcome.detail?.slice(0, 500) ?? null];
      book.putInstall(id, { state: isHealthy ? 'healthy' : stateFor(outcome.code), why, detail });
      if (isHealthy && version !== undefined) book.setRuns(version);
      const row = book.install(id);
      if (row) say(said(row));
    }, signal);
    kept();
  }

  /** In the book, however long its disk takes nothing. */
  async #keep(work: (say: (message: UpMessage) => void) => void, signal: AbortSignal): Promise<void> {
    const { book, clock, log } = this.#world;
    for (;;)
      try {
        book.settle(undefined, work);
        return;
      } catch (error) {
        log.error('firmware not kept in the book', { why: errorText(error) });
        await clock.sleep(NODE_LIMITS.retryMs[0], signal);
      }
  }
}

const failed = (code: string, detail?: string): InstallOutcome => ({
  kind: 'failed',
  code,
  ...(detail !== undefined && { detail }),
});
const stateFor = (code: string): string => (code === 'rolled-back' ? 'rolled-back' : 'failed');
const isUnderWay = ({ state }: InstallRow): boolean => state === 'ordered' || state === 'installing';

function said(row: InstallRow): UpMessage {
  const { distribution: id, attempt, state, why, detail } = row;
  if (isUnderWay(row)) return { kind: 'installing', id, attempt };
  if (state === 'healthy') return { kind: 'installed', id, attempt, healthy: true };
  return {
    kind: 'installed',
    id,
    attempt,
    healthy: false,
    code: why ?? 'failed',
    ...(detail !== null && { detail }),
  };
}
