import { MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it has that size. */
export const UPDATE_LIMITS = {
  /** Bytes of a bundle: a whole system is some 200 MiB. */
  bundleBytes: 2048 * MIB,
  /** Bytes of the disk that a bundle leaves free: the index and the settings live there too. */
  floorBytes: 256 * MIB,
  /** Bytes after which the room on the disk is looked at again. */
  lookAgainBytes: 32 * MIB,
  /** A sender that says nothing for so long has gone. */
  silentMs: 60_000,
  /** Characters of notes that are shown. */
  notesChars: 20_000,
  versionChars: 64,
} as const;
