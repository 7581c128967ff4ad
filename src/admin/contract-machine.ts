/** The machine itself: ports, disks, its own address, its clock, its system. Types alone, shared with web/. */
import type { Unconfirmed } from './contract-common.ts';

export type NetPort = {
  name: string;
  mac: string;
  driver?: string;
  link: 'up' | 'down' | 'unknown';
  speedMbps?: number;
  role: 'lan' | 'wan' | 'management' | 'none';
  addresses: readonly string[];
  /** Its lamp can be made to blink (ethtool -p). */
  canBlink: boolean;
  rxBytes: number;
  txBytes: number;
};
export type PortsView = { ports: readonly NetPort[]; bridge: string };
export type Blink = {
  /** @asType integer @minimum 1 @maximum 60 */
  seconds: number;
};

/** A disk or partition that could hold pieces. */
export type DiskCandidate = {
  /** `/dev/sdb1` */
  device: string;
  sizeBytes: number;
  model?: string;
  serial?: string;
  transport?: string;
  rotates?: boolean;
  /** Absent: no file system. */
  fileSystem?: string;
  label?: string;
  mountedAt?: string;
  freeBytes?: number;
  /** What is on it, in short: partitions, or names of the first folders of what is mounted. */
  holds: readonly string[];
  /** adopt: it can be used as it is; format: only after it was formatted; no: see why. */
  can: 'adopt' | 'format' | 'no';
  why?: DiskWhy | (string & {});
  /** It has held pieces of this box or of another: they are found again. */
  hasPieces: boolean;
};
export type DiskWhy =
  | 'in-use'
  | 'system'
  | 'read-only'
  | 'too-small'
  | 'no-file-system'
  | 'unsuitable-file-system'
  | 'already-used'
  | 'not-mounted';
export type DiskCandidates = { disks: readonly DiskCandidate[] };

export type AdoptDisk = {
  /** @pattern ^/dev/[A-Za-z0-9/_.:-]{1,128}$ */
  device?: string;
  /** A folder instead, on what is mounted already. @pattern ^/.{0,4095}$ */
  path?: string;
  /** Format it as ext4 first: everything on it is lost. */
  format?: boolean;
  /** Then the device's name, typed by hand. @maxLength 256 */
  typed?: string;
};
export type DiskPath = {
  /** @pattern ^/.{0,4095}$ */
  path: string;
};
export type DiskAdopted = DiskPath & { piecesFound: boolean };
/** Drained: nothing new comes, what is there goes to other disks where they have room, or is served until it is evicted. */
export type DrainView = { path: string; movedBytes: number; leftBytes: number; state: 'draining' | 'empty' };

export type AddressSettings =
  | { kind: 'none' }
  | {
      kind: 'dhcp';
      /** 802.1Q id; absent: untagged. @asType integer @minimum 1 @maximum 4094 */
      vlan?: number;
    }
  | {
      kind: 'static';
      /** With its length: `192.0.2.9/24`; IPv6 too. @minItems 1 @maxItems 8 */
      addresses: readonly string[];
      /** @maxItems 2 */
      gateways: readonly string[];
      /** @maxItems 4 */
      dns: readonly string[];
      /** @asType integer @minimum 1 @maximum 4094 */
      vlan?: number;
    };
export type NetworkView = {
  /** False: something else than the box manages the address here (no systemd-networkd): it is shown, not changed. */
  canChange: boolean;
  settings: AddressSettings;
  /** What it has now. */
  addresses: readonly string[];
  hostName: string;
  unconfirmed?: Unconfirmed;
};
export type NetworkChange = {
  address: AddressSettings;
};

export type TimeView = {
  zone: string;
  zones: readonly string[];
  nowMs: number;
  canChange: boolean;
  /** Absent: unknown. */
  isSynchronised?: boolean;
};
export type TimeChange = {
  /** @pattern ^[A-Za-z0-9_+/-]{1,64}$ */
  zone: string;
};

export type SlotView = { name: 'A' | 'B'; version?: string; state: 'running' | 'good' | 'bad' | 'empty' };
export type UpdateView = {
  /** False: this box was not flashed from an image; its packages are updated by hand. */
  canUpdate: boolean;
  version: string;
  slots: readonly SlotView[];
  /** What was uploaded and can be installed. */
  bundle?: { version: string; sizeBytes: number; notes: string; isOlder: boolean };
  progress?: { step: 'receiving' | 'checking' | 'installing' | 'installed' | 'failed'; share: number; why?: string };
  needsReboot: boolean;
};
export type BundleUrl = {
  /** @pattern ^https?:// @maxLength 2048 */
  url: string;
};
export type InstallBundle = { allowOlder?: boolean };
export type Restart = {
  /** The daemon alone, or the whole machine. */
  what: 'daemon' | 'machine';
};
export type RestartView = {
  /** Whether somebody starts it again. */
  daemon: boolean;
  machine: boolean;
};
