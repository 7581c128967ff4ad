import type { Firmware } from '../manifest.ts';

/** What became of an installation. `code`: a word that the console says in the operator's language; `detail`: for the engineer. */
export type InstallOutcome =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail?: string };

/** A bundle that is here whole. */
export type Bundle = {
  readonly sizeBytes: number;
  /** Where it lies, if it is one file here. */
  readonly path?: string;
  /** All of it, in order. Each byte was verified before it comes; ends with an error when one is not what was signed any more. */
  bytes(): AsyncIterable<Uint8Array>;
};

/** Whatever puts a bundle into the device's system. No method rejects because of a bad bundle: that is an outcome. */
export interface Installer {
  /** What the device is, and which version runs on it, where the installer knows that by itself. */
  running(): Promise<{ readonly compatible: string; readonly version?: string }>;
  /**
   * Installs the bundle, and sees whether the device is healthy with it; if it is not, what ran before is to run again. 'restarts': that is known only after a restart, which is
   * about to come. `report`: it is still at it, at least every few minutes.
   */
  install(
    bundle: Bundle,
    firmware: Firmware,
    report: () => void,
    signal: AbortSignal,
  ): Promise<InstallOutcome | 'restarts'>;
  /** After a restart in the middle: what became of it. Undefined: that is not known yet. */
  outcome(firmware: Firmware, signal: AbortSignal): Promise<InstallOutcome | undefined>;
}
