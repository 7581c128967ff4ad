/** What is told to the operator; types alone, shared with the page. Bytes are counted in whole segments of 16 MiB. */

/** `source`: the rule that this box grew from. `best`: knowing all that would be asked for; no rule can do better with that disk. */
export type WhatIfRule = 'current' | 'lru' | 'source' | 'best';

export type WhatIfFigure = {
  /** What clients were given from the disk. */
  boxBytes: number;
  /** What came in from outside, for clients or ahead of them. */
  wanBytes: number;
  /** The share of what clients asked for that the line was spared, at most 1; below 0 when more came in than was asked for. */
  saved: number;
};

export type WhatIfDisk = {
  size: 'half' | 'same' | 'double' | 'unbounded';
  bytes: number;
  rules: Record<WhatIfRule, WhatIfFigure>;
};

export type WhatIfView = {
  /** The first request and the last. */
  fromMs: number;
  toMs: number;
  sessions: number;
  torrents: number;
  askedBytes: number;
  /** All that was asked for, each byte counted once: what a disk would have to hold to fetch nothing twice. */
  differentBytes: number;
  /** What the box did in that time: not in segments. */
  measured: { servedBytes: number; fetchedBytes: number };
  /** What could not be read, and sessions that there was no room for. */
  leftOut: { lines: number; sessions: number };
  disks: WhatIfDisk[];
  tookMs: number;
};

/** `off`: nothing is recorded. `empty`: nothing was asked for yet. `busy`: somebody else has asked, and is not answered yet. */
export type WhatIfAnswer =
  | { kind: 'ok'; view: WhatIfView }
  | { kind: 'off' | 'empty' | 'busy' }
  | { kind: 'failed'; why: string };
