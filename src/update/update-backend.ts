/** How a system is updated: what the machinery of this folder asks of whatever holds the system's slots. */

/** See SlotView of the admin contract. */
export type Slot = {
  readonly name: 'A' | 'B';
  readonly version?: string;
  readonly state: 'running' | 'good' | 'bad' | 'empty';
};

export type SystemView = {
  /** False: this system was not flashed from an image. */
  readonly canUpdate: boolean;
  readonly version: string;
  readonly slots: readonly Slot[];
  /** Another slot than the running one is started next. */
  readonly needsReboot: boolean;
};

/** What a bundle says of itself, after its signature was verified. */
export type BundleMeta = { readonly version: string; readonly notes: string; readonly isOlder: boolean };

export type Inspected = { readonly kind: 'bundle'; readonly meta: BundleMeta } | Trouble;
export type Done = { readonly kind: 'done' } | Trouble;
/** `why`: in words, for a person. */
export type Trouble = { readonly kind: 'failed'; readonly why: string };

/** No method rejects because of a bad bundle: that is an answer. */
export interface UpdateBackend {
  view(): Promise<SystemView>;
  /** Verifies the signature and reads what the bundle is. Nothing of a bundle that fails is ever used. */
  inspect(path: string, signal: AbortSignal): Promise<Inspected>;
  /** Writes the bundle into the slot that does not run, and has it started next. `progress`: the share that is done. */
  install(path: string, progress: (share: number) => void, signal: AbortSignal): Promise<Done>;
  /** The other slot is started next, if it holds a system that was good. */
  rollBack(signal: AbortSignal): Promise<Done>;
}

/** What holds slots knows of the device. */
export type Device = {
  /** What bundles must say that they are for. */
  readonly compatible: string;
  /** The health gate found the system good that runs, since the device was started. */
  readonly isGood: boolean;
  /** A slot is being written, whoever began that. */
  readonly isInstalling: boolean;
};

export interface SlotBackend extends UpdateBackend {
  /** Rejects while it is not known. */
  device(): Promise<Device>;
}

const NOT_HERE: Trouble = {
  kind: 'failed',
  why: 'this box was not flashed from an image: its packages are updated by hand',
};

/** A system that was installed from packages: it says which version it is, and that is all. */
export const packagedSystem = (version: string): UpdateBackend => ({
  view: async () => ({ canUpdate: false, version, slots: [], needsReboot: false }),
  inspect: async () => NOT_HERE,
  install: async () => NOT_HERE,
  rollBack: async () => NOT_HERE,
});
