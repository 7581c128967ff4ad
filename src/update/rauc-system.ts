import { errorText } from '#base/errors.ts';
import { KIB } from '#base/units.ts';
import { isNewer } from '#base/version.ts';
import type { CommandResult } from '#kernel/command.ts';
import { UPDATE_LIMITS } from './limits.ts';
import type { Device, Done, Inspected, Slot, SlotBackend, SystemView, Trouble } from './update-backend.ts';

/** A program of the system, without a shell; see `runCommand`. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<CommandResult>;

export type RaucWorld = {
  readonly run: RunProgram;
  /** Of the system that runs. */
  readonly version: string;
  readonly signal: AbortSignal;
};

const LOOK_MS = 500;
const [ASK_MS, INSTALL_MS] = [30_000, 1_800_000];
/** What RAUC may say at most. */
export const RAUC_OUTPUT_BYTES = 256 * KIB;
const INSTALLER = ['de.pengutronix.rauc', '/', 'de.pengutronix.rauc.Installer'] as const;

/** What of `rauc status --output-format=json` is read here. */
type Status = {
  readonly compatible?: unknown;
  readonly booted?: unknown;
  readonly boot_primary?: unknown;
  readonly slots?: readonly Readonly<Record<string, SlotStatus>>[];
};
type SlotStatus = {
  readonly bootname?: unknown;
  readonly state?: unknown;
  readonly boot_status?: unknown;
  readonly slot_status?: {
    readonly bundle?: { readonly version?: unknown };
    /** When it was last said that it is to be started next: ISO 8601, UTC. */
    readonly activated?: { readonly timestamp?: unknown };
  };
};

/**
 * A system in two slots that RAUC holds (https://rauc.readthedocs.io). Signatures are RAUC's to verify, against the key that is in the running slot. Everything is asked of its program and of its
 * service on the bus; what it answers is capped, and believed only as far as its shape goes.
 */
export class RaucSystem implements SlotBackend {
  readonly #world: RaucWorld;

  constructor(world: RaucWorld) {
    this.#world = world;
  }

  async view(): Promise<SystemView> {
    const { version, signal } = this.#world;
    const read = await this.#status(signal);
    if (read.kind === 'failed') return { canUpdate: false, version, slots: [], needsReboot: false };
    const { slots, status } = read;
    const needsReboot = isOtherNext(status) && (await this.#isOtherNextStill());
    return { canUpdate: true, version, slots: slots.map(({ slot }) => slot), needsReboot };
  }

  /** RAUC reads what the boot loader keeps once for each of its answers: a gate that opens in between makes a system good that was not yet the next one. */
  async #isOtherNextStill(): Promise<boolean> {
    const read = await this.#status(this.#world.signal);
    return read.kind === 'status' && isOtherNext(read.status);
  }

  /** With GRUB a slot that is started is on trial, and bad, until the gate's `rauc status mark-good`. */
  async device(): Promise<Device> {
    const { signal } = this.#world;
    const read = await this.#status(signal);
    if (read.kind === 'failed') throw new Error(read.why);
    const { compatible } = read.status;
    if (typeof compatible !== 'string') throw new Error('RAUC does not say what this device is');
    const running = namedSlots(read.status).find(([, { state }]) => state === 'booted')?.[1];
    const { operation } = await this.#operation(signal);
    if (operation === undefined) throw new Error('RAUC does not say whether it installs');
    return { compatible, isGood: running?.boot_status === 'good', isInstalling: operation === 'installing' };
  }

  async inspect(path: string, signal: AbortSignal): Promise<Inspected> {
    const said = await this.#rauc(['info', '--output-format=json', path], signal);
    if (said.kind === 'failed') return said;
    const bundle = jsonOf(said.output) as
      | { compatible?: unknown; version?: unknown; description?: unknown }
      | undefined;
    const version = typeof bundle?.version === 'string' ? bundle.version : '';
    if (version === '' || version.length > UPDATE_LIMITS.versionChars)
      return failed('the bundle does not say which version it is');
    const status = await this.#status(signal);
    if (status.kind === 'failed') return status;
    if (bundle?.compatible !== status.status.compatible)
      return failed(`the bundle is for another device (${String(bundle?.compatible).slice(0, 60)})`);
    const notes = typeof bundle?.description === 'string' ? bundle.description.slice(0, UPDATE_LIMITS.notesChars) : '';
    return { kind: 'bundle', meta: { version, notes, isOlder: isNewer(this.#world.version, version) } };
  }

  async install(path: string, progress: (share: number) => void, signal: AbortSignal): Promise<Done> {
    let isOver = false;
    const looking = this.#watch(progress, () => isOver || signal.aborted, signal);
    try {
      const said = await this.#rauc(['install', path], signal, INSTALL_MS);
      return said.kind === 'failed' ? said : { kind: 'done' };
    } finally {
      isOver = true;
      await looking;
    }
  }

  async rollBack(signal: AbortSignal): Promise<Done> {
    const read = await this.#status(signal);
    if (read.kind === 'failed') return read;
    const other = read.slots.find(({ slot }) => slot.state !== 'running');
    if (other?.slot.state !== 'good') return failed('there is no other system that was good');
    const said = await this.#rauc(['status', 'mark-active', 'other'], signal);
    return said.kind === 'failed' ? said : { kind: 'done' };
  }

  /** What an installation before left in the progress says nothing: it counts once one is under way. */
  async #watch(progress: (share: number) => void, isOver: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const { operation, percent } = await this.#operation(signal);
      if (operation === 'installing' && percent >= 0 && percent <= 100 && !isOver()) progress(percent / 100);
    }
  }

  async #operation(signal: AbortSignal): Promise<{ operation?: unknown; percent: number }> {
    const result = await this.#world
      .run('busctl', ['get-property', '--json=short', ...INSTALLER, 'Operation', 'Progress'], ASK_MS, signal)
      .catch((error: unknown): CommandResult => ({ kind: 'failed', why: errorText(error) }));
    if (result.kind !== 'ended' || result.status !== 0) return { percent: Number.NaN };
    const [operation, at] = result.output.split('\n').map((line) => jsonOf(line) as { data?: unknown } | undefined);
    return { operation: operation?.data, percent: Array.isArray(at?.data) ? Number(at.data[0]) : Number.NaN };
  }

  async #status(
    signal: AbortSignal,
  ): Promise<{ kind: 'status'; status: Status; slots: { name: string; slot: Slot }[] } | Trouble> {
    const said = await this.#rauc(['status', '--detailed', '--output-format=json'], signal);
    if (said.kind === 'failed') return said;
    const status = jsonOf(said.output) as Status | undefined;
    if (!status || !Array.isArray(status.slots)) return failed('RAUC does not say which systems there are');
    const slots = namedSlots(status).flatMap(([name, slot]) => {
      const known = slotOf(slot, this.#world.version);
      return known ? [{ name, slot: known }] : [];
    });
    return { kind: 'status', status, slots };
  }

  async #rauc(
    args: readonly string[],
    signal: AbortSignal,
    timeoutMs: number = ASK_MS,
  ): Promise<{ kind: 'ended'; output: string } | Trouble> {
    const result = await this.#world.run('rauc', args, timeoutMs, signal);
    switch (result.kind) {
      case 'ended':
        return result.status === 0 ? { kind: 'ended', output: result.output } : failed(lastError(result.output));
      case 'late':
        return failed('RAUC took too long');
      case 'cut':
        return failed('RAUC said too much');
      case 'failed':
        return failed(result.why);
    }
  }
}

const failed = (why: string): Trouble => ({ kind: 'failed', why });

function jsonOf(text: string): unknown {
  try {
    // Warnings come before it.
    return JSON.parse(text.slice(Math.max(0, text.indexOf('{'))));
  } catch {
    return undefined;
  }
}

const namedSlots = ({ slots = [] }: Status): [string, SlotStatus][] =>
  slots.flatMap((named) => Object.entries(named ?? {}));

/** RAUC leaves out a slot that is on trial: while the running one is, it names the other, which is next only if that was said later. */
function isOtherNext(status: Status): boolean {
  const all = namedSlots(status);
  const [, running] = all.find(([, { state }]) => state === 'booted') ?? [];
  const [, next] = all.find(([name]) => name === status.boot_primary) ?? [];
  if (!next || next === running) return false;
  return running?.boot_status === 'good' || activatedAt(next) > activatedAt(running);
}

const activatedAt = (slot: SlotStatus | undefined): string => String(slot?.slot_status?.activated?.timestamp ?? '');

function slotOf({ bootname, state, boot_status, slot_status }: SlotStatus, running: string): Slot | undefined {
  if (bootname !== 'A' && bootname !== 'B') return undefined;
  const said = slot_status?.bundle?.version;
  const isRunning = state === 'booted';
  const version = isRunning
    ? running
    : typeof said === 'string'
      ? said.slice(0, UPDATE_LIMITS.versionChars)
      : undefined;
  const other = boot_status === 'good' ? 'good' : version === undefined ? 'empty' : 'bad';
  return { name: bootname, ...(version !== undefined && { version }), state: isRunning ? 'running' : other };
}

/** What was in the way: `rauc install` names it before its last line, which says only that it has failed; its other commands say it last. */
function lastError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const named = lines.map((line) => /LastError: (.+)/.exec(line)?.[1]).findLast((error) => error !== undefined);
  return (named ?? lines.at(-1))?.slice(0, 300) ?? 'RAUC did not say why';
}
