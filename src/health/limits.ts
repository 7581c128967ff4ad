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
  /** ms between two looks which devices lie beneath the disks: a disk that was plugged in is known within a minute. */
  disksEveryMs: 60_000,
  /** ms between two questions to one device: wear shows over days, and every question makes its arm move. */
  smartEveryMs: 30 * 60_000,
  /** ms for one answer. Linux gives a command to a disk half a minute before it resets it: beyond that comes nothing. */
  smartTimeoutMs: 40_000,
  /** Bytes of one answer. A disk with all its attributes takes some 30 KiB; this much JSON is read in 2 ms. */
  smartBytes: 256 * 1024,
  /** Rows of a disk's attributes; its table has room for thirty (ATA). */
  smartAttributes: 64,
  /** Messages of smartctl that are looked at: it writes one or two. */
  smartMessages: 16,
  /** Characters of what a disk calls itself: the longest field of ATA and NVMe is a model of forty. */
  firmwareChars: 40,
  /** Folders looked at: as many disks as the store takes. */
  disks: 64,
  /** Devices beneath one folder: a large array. What lies beyond is not asked. */
  devicesPerDisk: 16,
  /** Device upon device: a volume on encryption on an array on partitions is four. */
  deviceDepth: 8,
  /** Bytes of /proc/self/mountinfo that are looked at: some 5000 mounts. */
  mountBytes: 1024 * 1024,
  /** Serial numbers whose first figures are remembered: every device of every disk, and many that were exchanged. */
  baselines: 2048,
  overload: {
    /** ms between two looks: meanwhile no more come than there was room for. */
    everyMs: 250,
    /** ms that the wait for the event loop is taken over, twice. */
    waitOverMs: 1_000,
    /** ms. A new flow waits as long for its first answer as for that of a peer on another continent; clients that are served wait so before each write. */
    waitMs: { busy: 250, shed: 600 },
    /** Of the machine's memory, and of JavaScript's heap: what is beyond is the kernel's, and the room to let clients go in. */
    memoryShare: { busy: 0.8, shed: 0.9 },
    /** Bytes that the process takes with no client at all, without the memory cache. */
    besideCacheBytes: 256 << 20,
    /** Memory that one client may come to: 40 KiB of its own, and what is on its way to it, of which others get the same. */
    bytesPerClient: 256 << 10,
    /** Of the descriptors that the process may have, those for clients, and flows spliced, which take two each: the rest is for disks and origins. */
    clientsPerDescriptor: 1 / 2,
    splicedPerDescriptor: 1 / 8,
    /** Connections whose first words are awaited: half of what the entry listener takes. */
    recognising: 1_000,
    /** Spliced flows: three quarters of what the entry listener takes, beyond which it can only refuse. */
    spliced: 3_000,
    /** Reads at one disk: a disk with an arm does a hundred a second, and clients wait some ten seconds. */
    reads: { busy: 1_024, shed: 3_072 },
    /** Bytes of pieces to hash: half of what the store takes. */
    unverifiedBytes: 160 << 20,
    /** Of the bound: below it new flows may come again. */
    leaveShare: 0.8,
    /** ms that it must be so. */
    leaveMs: 10_000,
    /** ms after which it must have helped that nothing new comes. */
    shedAfterMs: 2_000,
    /** ms between two looks for memory that nobody uses: each may take a third of a second. */
    reclaimEveryMs: 5_000,
    /** Of all clients, those that go at one look: 4 % a second. */
    shedShare: 0.01,
  },
} as const;
