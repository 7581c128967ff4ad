import { KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it has that size. */
export const MACHINE_LIMITS = {
  /** Of a program that only looks: lsblk asks every disk, and a sleeping one takes ten seconds to answer. */
  lookMs: 20_000,
  /** Of a program that changes something small. */
  changeMs: 30_000,
  /** Of mkfs: with lazy tables it takes seconds, but giving a large flash disk all its blocks back takes minutes. */
  formatMs: 1_200_000,
  outputBytes: 4 * MIB,
  /** Devices of one look, and how deep one may lie on another. */
  devices: 256,
  depth: 8,
  /** Names that are told of what is on a disk, and characters of each. */
  holds: 12,
  nameChars: 64,
  /** Bytes of mountinfo and the like that are read. */
  procBytes: 1 * MIB,
  /** A smaller disk is not worth its file handles, and is likelier a card with something of the operator's on it. */
  leastDiskBytes: 4_000_000_000,
  /** Disks that the box mounts by itself. */
  mounts: 64,
  /** Bytes of each file that this folder keeps about itself. */
  keptBytes: 256 * KIB,
  /** A disk that was not there at the start is looked for that often. */
  mountAgainMs: 30_000,
  /** A port's lamp may refuse to blink within this time; what goes on longer is blinking. */
  blinkRefusedMs: 400,
  /** Ports that are shown. */
  ports: 64,
  /** A change of address takes itself back after this time unless it is confirmed. */
  confirmMs: 90_000,
  /** One that could not be taken back is tried again after this time. */
  takeBackAgainMs: 30_000,
  /** Files of networkd that are looked at for who else sets the address. */
  networkFiles: 200,
  /** The answer to "restart" is on its way before it is done. */
  restartAfterMs: 700,
} as const;
