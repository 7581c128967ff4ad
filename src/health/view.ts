import type { LoopDelayView } from './loop-delay.ts';

/** What a probe could not tell is said plainly. A zero would be a lie. */
export type Known<T> = T | 'unknown';

export type PortRole = 'lan' | 'wan';

export type PortView = {
  /** Interface name as the kernel has it. */
  name: string;
  /** Which side it is plugged into, when the caller said so. */
  role?: PortRole;
  link: 'up' | 'down' | 'unknown';
  /** Negotiated speed in Mbit/s. Virtual ports often have none. */
  speedMbps: Known<number>;
  rxBytesPerS: Known<number>;
  txBytesPerS: Known<number>;
  /** Frames received or sent in error since the port came up. */
  errors: Known<number>;
  /** Frames the kernel dropped since the port came up. */
  dropped: Known<number>;
};

export type HealthView = {
  /** Share of all cores that was busy in the last minute, 0..100. */
  loadPercent: Known<number>;
  cores: number;
  memory: { totalBytes: Known<number>; availableBytes: Known<number>; processBytes: number };
  /** The file system that holds the data directory. */
  disk: { path: string; totalBytes: Known<number>; freeBytes: Known<number> };
  ports: PortView[];
  /** How late the event loop was in the last minute. */
  loopDelay: LoopDelayView;
  uptimeS: number;
};

/** Whether the box bears what comes. While it does not, new flows pass; `shedding`: clients are let go, too. */
export type OverloadView = {
  level: 'calm' | 'busy' | 'shedding';
  /** What there is too much of. */
  why?: OverloadWhy;
  /** When the box was last calm. */
  sinceMs?: number;
  /** Clients let go since the daemon began. */
  shed: number;
};

export type OverloadWhy =
  | 'waitMs'
  | 'residentBytes'
  | 'heapBytes'
  | 'queued'
  | 'recognising'
  | 'clients'
  | 'spliced'
  | 'unsentBytes'
  | 'reads'
  | 'unverifiedBytes';

/** One second's worth of the chart: time, bytes per second from the WAN into the box, bytes per second from the box to the LAN. */
export type RateSample = readonly [atMs: number, wanRxBytesPerS: number, lanTxBytesPerS: number];

/**
 * Why a disk says nothing, or nothing new. `no-device`: no block device lies beneath the folder (memory, network). `virtual`: one without a
 * disk of its own (a file, another machine's). `no-smart`: the disk or its USB bridge has no such answers. `asleep`: it was not woken for it.
 */
export type SilentWhy =
  | 'not-asked-yet'
  | 'no-smartctl'
  | 'not-permitted'
  | 'no-device'
  | 'virtual'
  | 'no-smart'
  | 'asleep'
  | 'no-answer'
  | 'garbled';

/** Why new torrents had better lie elsewhere. `bad-sectors`: more than when this process first looked. `used-up`: flash beyond its rated life. */
export type WornWhy = 'says-failing' | 'bad-sectors' | 'used-up' | 'hot';

/** Of its own verdict on itself (SMART). */
export type DiskVerdict = 'passed' | 'failing' | 'unknown';

/** One device beneath a folder. What it does not say is absent; every text is printable ASCII. */
export type DeviceHealth = {
  /** Below /dev. */
  name: string;
  model?: string;
  serial?: string;
  rotating?: boolean;
  verdict: DiskVerdict;
  /** Why there is no verdict, or no newer one. */
  why?: SilentWhy;
  worn?: WornWhy;
  /** Sectors, or media errors, beyond those that this process saw first. */
  newBadSectors?: number;
  temperatureC?: number;
  powerOnHours?: number;
  /** ATA attributes 5, 197 and 198. */
  reallocatedSectors?: number;
  pendingSectors?: number;
  uncorrectableSectors?: number;
  /** NVMe: bits of what is wrong, percent of the rated life (above 100 too), errors of the medium. */
  criticalWarning?: number;
  percentUsed?: number;
  mediaErrors?: number;
};

/** The devices beneath a folder, and the worst of what they say. */
export type DiskHealth = {
  verdict: DiskVerdict;
  why?: SilentWhy;
  worn?: WornWhy;
  devices: readonly DeviceHealth[];
};

export type HealthWarning = {
  code:
    | 'port-down'
    | 'port-missing'
    | 'disk-low'
    | 'disk-unknown'
    | 'disk-worn'
    | 'disk-sectors'
    | 'disk-used-up'
    | 'disk-hot'
    | 'memory-low'
    | 'load-high';
  severity: 'warn' | 'bad';
  detail: Record<string, string | number>;
};
