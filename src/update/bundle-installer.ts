import type { Clock } from '#base/clock.ts';
import type { Device } from './update-backend.ts';
import type { UpdateAnswer, Updates } from './updates.ts';

export type BundleInstallerWorld = {
  readonly updates: Pick<Updates, 'view' | 'receive' | 'install' | 'discard'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Rejects while it is not known. */
  device(): Promise<Device>;
  /** `restart`: the machine starts again, soon. May be said again. */
  readonly restarts: { readonly view: { readonly machine: boolean }; restart(what: 'machine'): boolean };
};

type Firmware = { readonly compatible: string; readonly version: string; readonly allowOlder?: boolean };
export type Outcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail?: string };

const LOOK_MS = 500;

/**
 * Installs a bundle that came from elsewhere than the page, unattended: into the slot that does not run, with a restart after it. Whether it is healthy is known after the
 * restart: the health gate of the new system says so, or the old one runs again. That a bundle is being tried is remembered by whoever asks.
 */
export class BundleInstaller {
  readonly #world: BundleInstallerWorld;

  constructor(world: BundleInstallerWorld) {
    this.#world = world;
  }

  async running(): Promise<{ compatible: string; version: string }> {
    const { updates, device } = this.#world;
    const { compatible } = await device();
    return { compatible, version: (await updates.view()).version };
  }

  async install(
    bundle: { readonly sizeBytes: number; bytes(): AsyncIterable<Uint8Array> },
    { version, allowOlder = false }: Firmware,
    report: () => void,
    signal: AbortSignal,
  ): Promise<Outcome | 'restarts'> {
    const { updates, clock, restarts } = this.#world;
    if (!restarts.view.machine)
      return { kind: 'failed', code: 'not-available', detail: 'the box may not restart its machine' };
    report();
    const received = declined(await updates.receive(bundle.bytes(), bundle.sizeBytes, signal));
    if (received) return received;
    const said = (await updates.view()).bundle;
    if (said?.version !== version) {
      await updates.discard();
      return { kind: 'failed', code: 'other-version', detail: `the bundle says that it is ${said?.version}` };
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
    restarts.restart('machine');
    return 'restarts';
  }

  /** After a restart: undefined as long as nobody knows. */
  async outcome({ version }: Firmware): Promise<Outcome | undefined> {
    const { updates, device, restarts } = this.#world;
    const { isGood, isInstalling } = await device();
    // This process began anew, and not whoever writes the slot.
    if (isInstalling) return undefined;
    const view = await updates.view();
    if (!view.canUpdate) return undefined;
    if (view.needsReboot) {
      // This process began anew, and not the device.
      restarts.restart('machine');
      return undefined;
    }
    // Who is not healthy is taken back by a restart: what runs after it says so.
    if (view.version === version) return isGood ? { kind: 'healthy' } : undefined;
    const isThere = view.slots.some((slot) => slot.version === version);
    return isThere
      ? { kind: 'failed', code: 'rolled-back', detail: `${view.version} runs again` }
      : { kind: 'failed', code: 'interrupted', detail: `${view.version} runs, and ${version} is in no slot` };
  }
}

function declined(answer: UpdateAnswer): Outcome | undefined {
  return answer.kind === 'declined' ? { kind: 'failed', code: answer.why, detail: answer.text } : undefined;
}
