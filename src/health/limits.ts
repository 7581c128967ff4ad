/** Bounds of this folder: value, unit, reason. */
export const HEALTH_LIMITS = {
  /** ms. A probe that takes longer is a stalled disk or kernel: say unknown and go on. */
  probeTimeoutMs: 2000,
  /** Samples kept for the chart: five minutes at one a second. */
  historySamples: 300,
  /** ms. Free space and link state change slowly; rates are read at every poll. */
  slowEveryMs: 5000,
  /** Looks at the processor that the load is taken over: a minute at one every five seconds. */
  loadSamples: 13,
  /** Ports watched. A box has two; a test bench a few more. */
  ports: 8,
  /** Bytes of /proc/net/dev that are looked at: some 2000 interfaces. */
  procBytes: 256 * 1024,
  /** Below this share of free disk a person should act... */
  diskLowShare: 0.05,
  /** ...and below this share of available memory too. */
  memoryLowShare: 0.08,
  /** Percent. Above it the box may no longer keep up. */
  loadHighPercent: 92,
} as const;
