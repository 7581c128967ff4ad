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

/** One second's worth of the chart: time, bytes per second from the WAN into the box, bytes per second from the box to the LAN. */
export type RateSample = readonly [atMs: number, wanRxBytesPerS: number, lanTxBytesPerS: number];

export type HealthWarning = {
  code: 'port-down' | 'port-missing' | 'disk-low' | 'disk-unknown' | 'memory-low' | 'load-high';
  severity: 'warn' | 'bad';
  detail: Record<string, string | number>;
};
