import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '#base/clock.ts';
import type { UpdateAnswer, Updates } from './updates.ts';

export type BundleInstallerWorld = {
  readonly updates: Pick<Updates, 'view' | 'receive' | 'install' | 'discard'>;
  /** What this device is, as bundles say it. */
  readonly compatible: string;
  readonly clock: Pick<Clock, 'sleep'>;
  /** What the health gate of the running system says; undefined: nothing yet. */
  health(): Promise<'good' | 'bad' | undefined>;
  /** The device restarts, soon. May be said again. */
  restart(): void;
};

type Bundle = { readonly compatible: string; readonly version: string; readonly allowOlder?: boolean };
export type Outcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail?: string };

const LOOK_MS = 500;

/**
 * Installs a bundle that came from elsewhere than the page, unattended: into the slot that does not run, with a restart after it. Whether it is healthy is known after the
 * restart: the health gate of the new system says so, or the old one runs again.
 */
export class BundleInstaller {
  readonly #world: BundleInstallerWorld;

  constructor(world: BundleInstallerWorld) {
    this.#world = world;
  }

  async running(): Promise<{ compatible: string; version: string }> {
    const { updates, compatible } = this.#world;
    return { compatible, version: (await updates.view()).version };
  }

  async install(
    path: string,
    { version, allowOlder = false }: Bundle,
    report: () => void,
    signal: AbortSignal,
  ): Promise<Outcome | 'restarts'> {
    const { updates, clock, restart } = this.#world;
    const { size } = await stat(path);
    report();
    const received = declined(await updates.receive(createReadStream(path), size, signal));
    if (received) return received;
    const bundle = (await updates.view()).bundle;
    if (bundle?.version !== version) {
      await updates.discard();
      return { kind: 'failed', code: 'other-version', detail: `the bundle says that it is ${bundle?.version}` };
    }
    const begun = declined(await updates.install(allowOlder));
    if (begun) return begun;
    for (let share = -1; ; await clock.sleep(LOOK_MS, signal)) {
      const { progress } = await updates.view();
      if (progress?.step === 'installed') break;
      if (progress?.step !== 'installing')
        return { kind: 'failed', code: 'not-installed', ...(progress?.why && { detail: progress.why }) };
      if (progress.share !== share) report();
      share = progress.share;
    }
    restart();
    return 'restarts';
  }

  /** After a restart: undefined as long as nobody knows. */
  async outcome({ version }: Bundle): Promise<Outcome | undefined> {
    const { updates, health, restart } = this.#world;
    const view = await updates.view();
    if (view.needsReboot) {
      // This process began anew, and not the device.
      restart();
      return undefined;
    }
    if (view.version === version) {
      const said = await health();
      // Who is not healthy is taken back by a restart: what runs after it says so.
      return said === 'good' ? { kind: 'healthy' } : undefined;
    }
    const isThere = view.slots.some((slot) => slot.version === version);
    return isThere
      ? { kind: 'failed', code: 'rolled-back', detail: `${view.version} runs again` }
      : { kind: 'failed', code: 'interrupted', detail: `${view.version} runs, and ${version} is in no slot` };
  }
}

function declined(answer: UpdateAnswer): Outcome | undefined {
  return answer.kind === 'declined' ? { kind: 'failed', code: answer.why, detail: answer.text } : undefined;
}
