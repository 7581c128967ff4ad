/**
 * What the box tells the page: types alone, shared with web/. Figures are bytes, milliseconds since the epoch, and bytes
 * per second. Every text may come from a stranger and is only ever shown as text.
 *
 * `why` fields hold a code of the lists below, which the page says in the operator's language. Any other text is shown
 * as it is, so a new reason is visible before it is translated.
 */
import type { DiskHealth, HealthView, PortRole, PortView, RateSample, SilentWhy, WornWhy } from '#health/view.ts';
import type { WhatIfAnswer, WhatIfDisk, WhatIfFigure, WhatIfRule, WhatIfView } from '#what-if/view.ts';

// The page may import this file alone, so the types that others own pass through here.
export type {
  DiskHealth,
  HealthView,
  PortRole,
  PortView,
  RateSample,
  SilentWhy,
  WhatIfAnswer,
  WhatIfDisk,
  WhatIfFigure,
  WhatIfRule,
  WhatIfView,
  WornWhy,
};

/** A code of `Known`, or words. */
export type Why<Code extends string> = Code | (string & {});

export type Rates = { rxBytesPerS: number; txBytesPerS: number };

export type Totals = {
  /** To clients, from verified pieces. */
  servedBytes: number;
  /** Fetched from outside. */
  filledBytes: number;
  /** Spliced through unread because the box could not help. */
  passedBytes: number;
  /** What the WAN did not have to carry: served less filled, never below zero. */
  savedBytes: number;
};

export type TaskWhy =
  | 'no-client'
  | 'nothing-lacked'
  | 'expecting-client'
  | 'prefill'
  | 'no-metainfo'
  | 'no-origin'
  | 'no-slot'
  | 'filling'
  | 'filling-on-demand'
  | 'slow'
  | 'whole'
  | 'private'
  | 'disk-full'
  | 'disk-failed'
  | 'day-used-up'
  | 'bad-pieces'
  | 'rechecking'
  | 'removed';

/** One machine on the LAN; the figures are those of all its connections. */
export type ClientView = {
  endpoint: string;
  /** How many connections of the machine the row stands for. */
  connections?: number;
  /** What the client calls itself (BEP 10 `v`), or nothing. */
  name?: string;
  rateBytesPerS: number;
  servedBytes: number;
  interested: boolean;
  /** 0..1, when the client has said what it holds. */
  haveShare?: number;
};

export type OriginView = {
  endpoint: string;
  state: 'dialling' | 'up' | 'failed' | 'banned';
  rateBytesPerS: number;
  /** How many pieces it says it has. */
  pieces: number;
};

export type TaskView = {
  infoHash: string;
  /** Empty while only the hash is known. */
  name: string;
  state: 'sleep' | 'down' | 'limited' | 'complete' | 'gone';
  why: Why<TaskWhy>;
  /** Zero while unknown. */
  totalBytes: number;
  haveBytes: number;
  pieces: number;
  pieceCount: number;
  clients: readonly ClientView[];
  origins: readonly OriginView[];
  servedBytes: number;
  filledBytes: number;
  fillRateBytesPerS: number;
  serveRateBytesPerS: number;
  /** Set by the server when it cut the lists above. */
  omitted?: { clients: number; origins: number };
};

export type SteerVerdict = 'steered' | 'passed' | 'spliced' | 'learned' | 'refused';

export type SteerWhy =
  | 'http-tracker'
  | 'udp-tracker'
  | 'dht'
  | 'lsd'
  | 'pex'
  | 'local-peer'
  | 'box-tracker'
  | 'box-dht'
  | 'before-restart'
  | 'plain-handshake'
  | 'mse-handshake'
  | 'qvod-handshake'
  | 'qvod'
  | 'ms-do'
  | 'not-bittorrent'
  | 'unknown-torrent'
  | 'unsupported'
  | 'no-metainfo'
  | 'private'
  | 'blocked'
  | 'utp'
  | 'overload'
  | 'first-client'
  | 'asked-less'
  | 'disk-full'
  | 'disk-failed'
  | 'day-used-up'
  | 'stalled'
  | 'task-failed'
  | 'malformed'
  | 'origin-unreachable'
  | 'opted-out'
  | 'never-steered'
  | 'not-learned'
  | 'no-flow-yet';

export type SteerView = {
  atMs: number;
  client?: string;
  endpoint: string;
  infoHash?: string;
  verdict: SteerVerdict;
  why: Why<SteerWhy>;
};

/** Why flows are steered or not. */
export type SteeringWhy = 'starting' | 'alive' | 'main-loop-silent' | 'overload' | 'stopped';

export type Counted = { packets: number; bytes: number };

/** Since the daemon began, both directions. All of it passes as it came. */
export type NotInterceptable = {
  /** Every frame, as the measure of the others. */
  seen: Counted;
  /** PPPoE, tagged or not. */
  pppoe: Counted;
  /** Frames with two VLAN tags. */
  qinq: Counted;
  /** Frames of VLANs that the box was not told to serve. */
  otherVlan: Counted;
};

export type SteeringView = {
  /** Disarmed or failed: the box is a plain wire. */
  state: 'armed' | 'disarmed' | 'failed';
  why?: Why<SteeringWhy>;
  /** Endpoints in the kernel's sets now. */
  endpoints: number;
  /** Flows that the box carries now. */
  flows: number;
  /** What no rule can steer; absent until it was counted. */
  notInterceptable?: NotInterceptable;
  /** Newest first. */
  recent: readonly SteerView[];
};

/** A disk that holds pieces. */
export type DiskView = {
  path: string;
  /** Unknown while it has never been seen. */
  id?: string;
  kind: 'hdd' | 'ssd' | 'unknown';
  /** failing: it gave errors, what it holds is served, nothing new comes. gone: it does not answer. */
  state: 'good' | 'failing' | 'gone';
  /** Above the floor. */
  freeBytes: number;
  /** The same, when nothing lies there. */
  usableBytes: number;
  /** Measured when it was adopted; 0: not measured. */
  writeMBps: number;
  /** Milliseconds of the disk's time that reading a MiB costs, lately. */
  costMs: number;
  errors: number;
  torrents: number;
  /** What lies there is verified while nobody uses it; absent while nothing was read since the daemon began. */
  scrub?: {
    piecesRead: number;
    /** What had changed or could not be read. Fetched again when wanted. */
    badPieces: number;
    /** When there was last nothing left to verify. */
    lastPassEndedMs?: number;
  };
  /** What the devices beneath say of themselves; absent until they were looked at. A worn one gets new torrents last. */
  health?: DiskHealth;
};

export type WarningCode =
  | 'port-down'
  | 'port-missing'
  | 'disk-low'
  | 'disk-unknown'
  | 'disk-gone'
  | 'disk-failing'
  | 'disk-rots'
  | 'disk-worn'
  | 'disk-sectors'
  | 'disk-used-up'
  | 'disk-hot'
  | 'memory-low'
  | 'load-high'
  | 'disk-full'
  | 'disk-failed'
  | 'steering-failed'
  | 'pppoe-passes'
  | 'qinq-passes'
  | 'vlan-passes'
  | 'index-rebuilt'
  | 'overload'
  | 'overload-sheds'
  | 'unclean-stop'
  | 'bad-pieces'
  | 'fleet-incomplete'
  | 'fleet-file'
  | 'fleet-place'
  | 'fleet-broker'
  | 'fleet-book';

export type Warning = {
  code: Why<WarningCode>;
  severity: 'info' | 'warn' | 'bad';
  sinceMs?: number;
  /** Fills the page's sentence: `port`, `path`, `freeBytes`, `availableBytes`, `percent`, `name`, `count`, `celsius`, `passed`, `shed`, `host`. */
  detail?: Readonly<Record<string, string | number>>;
  /** Shown when the page has no sentence for the code. */
  text?: string;
};

/** The box as a relay of a fleet. While it has not joined it is a cache like any other, and gives what it has. */
export type FleetView = {
  state: 'joined' | 'not-joined';
  /** Why it has not: a warning says what to do. */
  why?: Why<WarningCode>;
  name: string;
  site: string;
  /** Distributions that are whole here, and those that are on their way. */
  whole: number;
  taking: number;
};

/** How the box uses the line to the internet. */
export type UplinkView = {
  /** What holds fetching back just now: nothing, others on the line, the operator's rate, or the day's bytes, all used. */
  why: Why<'free' | 'makes-way' | 'rate' | 'day-used-up'>;
  /** How fast it may fetch; absent: as fast as it comes. */
  allowedBytesPerS?: number;
  /** How long packets wait in the line's queue; absent while nothing tells. */
  queueMs?: number;
  /** Fetched since midnight, and at most. */
  dayBytes: number;
  /** Of those, what was fetched because the operator had it pre-filled. */
  dayPrefillBytes: number;
  dayLimitBytes?: number;
  /** So much of what was fetched ahead lies untaken that nothing more is, before a client has come. */
  wastes: boolean;
};

/** Why a torrent of the pre-fill list is where it is: fetched now, waiting, or ended (`whole`, and the last ones). */
export type OrderWhy =
  | 'prefill'
  | 'prefill-waits'
  | 'window-shut'
  | 'day-used-up'
  | 'overload'
  | 'no-room'
  | 'no-progress'
  | 'stalled'
  | 'no-metainfo'
  | 'task-failed'
  | 'whole'
  | 'private'
  | 'blocked'
  | 'unsupported'
  | 'too-large'
  | 'given-up';

/** A torrent that the operator wants here before anybody asks. */
export type OrderView = {
  infoHash: string;
  /** Empty while only the hash is known. */
  name: string;
  why: Why<OrderWhy>;
  orderedAtMs: number;
  /** Since when it is whole, or given up. */
  endedAtMs?: number;
  /** Absent while unknown; `haveBytes` is told of what is being fetched. */
  totalBytes?: number;
  haveBytes?: number;
  /** It does not wait for the hours of the day. */
  now?: boolean;
};

export type PrefillView = {
  /** Why nothing is fetched just now; absent: its hours have come. */
  held?: Why<OrderWhy>;
  /** How many wait or are being fetched. */
  waiting: number;
  /** What is fetched first, what waits next, what ended last; cut to some. */
  orders: readonly OrderView[];
};

export type BoxSnapshot = {
  version: string;
  startedAtMs: number;
  nowMs: number;
  wan: Rates;
  lan: Rates;
  totals: Totals;
  uplink?: UplinkView;
  prefill?: PrefillView;
  /** Absent: the box takes part in no fleet. */
  fleet?: FleetView;
  today?: Totals;
  tasks: readonly TaskView[];
  steering: SteeringView;
  health: HealthView;
  disks: readonly DiskView[];
  /** Pieces that are read often, kept in memory. */
  memoryCache?: { bytes: number; limitBytes: number };
  warnings: readonly Warning[];
  /** Set by the server when there were more tasks than it sends. */
  omittedTasks?: number;
};

/** Which flows to explain: of a client (its IP address), to an endpoint, or between the two. Neither: the newest. */
export type ExplainQuestion = { client?: string; endpoint?: { ip: string; port: number } };

/** What the box knows of a client's flows to an endpoint. */
export type ExplainView = {
  /** Absent: it holds for every client. */
  client?: string;
  endpoint: string;
  /** Absent when nothing was ever seen. */
  firstAtMs?: number;
  lastAtMs?: number;
  /** Why its flows are steered: who told, of which torrent, when. */
  learned?: { from: Why<SteerWhy>; infoHash: string; atMs: number };
  /** Of the last flow. `not-seen`: none has come to the box. */
  verdict: SteerVerdict | 'not-seen';
  why: Why<SteerWhy>;
  /** From the client and to it, of the flows that the box carried. */
  upBytes: number;
  downBytes: number;
  /** What the kernel does with the next flow: steered unless the pair passes. */
  kernel: { steered: boolean; passed: boolean };
};
