/** The fleet, as its central knows it. Types alone, shared with web/. */

/** How far one node is with one distribution. */
export type FleetTargetState =
  | 'waiting'
  | 'offered'
  | 'unseeded'
  | 'seeding'
  | 'ready'
  | 'receiving'
  | 'done'
  | 'refused'
  | 'failed';

export type FleetDistributionState = 'open' | 'converged' | 'complete' | 'partial' | 'cancelled';

/** What a second of the live feed carries: little, however large the fleet is. */
export type FleetSnapshot = {
  version: string;
  startedAtMs: number;
  nowMs: number;
  broker: { state: 'up' | 'blocked' | 'down'; why?: string };
  nodes: { all: number; online: number };
  /** What all nodes together get. */
  bytesPerS: number;
  /** Of the disk that uploads go to. */
  freeBytes: number;
  /** Another number: `GET /api/fleet/nodes` has something new. */
  nodesRev: number;
  /** Another number: one of the distributions is new, or over. */
  distributionsRev: number;
  /** Another number: the diary has more to say. */
  diaryRev: number;
  /** Those under way, newest first; some dozens at most. */
  moving: readonly FleetDistribution[];
};

export type FleetNode = {
  name: string;
  role: 'relay' | 'terminal';
  site: string;
  online: boolean;
  /** Since when it is here; of one that is not, when it was last heard of. */
  sinceMs: number;
  version: string;
  freeBytes: number;
  /** Distributions that it shall have and has not got. */
  lacks: number;
  /** Of them, those that it refused or failed. */
  failing: number;
};

export type FleetNodesQuery = {
  /** The `rev` of an answer: only what has changed since. @asType integer @minimum 0 */
  since?: number;
};
/** `isAll`: none is left out. */
export type FleetNodes = { rev: number; isAll: boolean; nodes: readonly FleetNode[] };

export type FleetNodeDetail = {
  node: FleetNode;
  /** Where its neighbours dial it. */
  address: string;
  targets: readonly FleetNodeTarget[];
};
/** One distribution of one node. */
export type FleetNodeTarget = {
  id: string;
  name: string;
  rev: number;
  sizeBytes: number;
  over: FleetDistributionState;
  state: FleetTargetState;
  why?: string;
  detail?: string;
  haveBytes: number;
  changedMs: number;
};

/** Nodes of a distribution, by how far they are. `failed`: or refused. */
export type FleetCounts = { all: number; waiting: number; moving: number; done: number; failed: number };

export type FleetDistribution = {
  /** SHA-256 of what was signed. */
  id: string;
  name: string;
  rev: number;
  kind: 'files' | 'firmware';
  sizeBytes: number;
  fileCount: number;
  createdMs: number;
  changedMs: number;
  state: FleetDistributionState;
  why?: string;
  nodes: FleetCounts;
  /** All nodes together. */
  haveBytes: number;
  bytesPerS: number;
  /** Until all who can have it will have it, at this pace. */
  leftMs?: number;
  /** What is not done then is not tried on. */
  deadlineMs: number;
};

export type FleetDistributionsQuery = {
  /** @asType integer @minimum 0 */
  offset?: number;
  /** @asType integer @minimum 1 @maximum 200 */
  limit?: number;
};
/** Newest first. `all`: how many there are. */
export type FleetDistributions = { all: number; distributions: readonly FleetDistribution[] };

/** Hours of the central's own clock. Nothing large is begun outside of them. */
export type FleetWindow = {
  /** @pattern ^([01][0-9]|2[0-3]):[0-5][0-9]$ */
  from: string;
  /** @pattern ^([01][0-9]|2[0-3]):[0-5][0-9]$ */
  until: string;
};
/** Firmware: who installs it when. */
export type FleetWaves = {
  /** Of the nodes, how many have it after each wave: rising, the last one 1. @minItems 1 @maxItems 20 */
  shares: FleetShare[];
  /** When more than this share of a wave fails, nobody else installs it. @minimum 0 @maximum 1 */
  mostFailed: number;
};
/** @minimum 0 @maximum 1 */
type FleetShare = number;

/** @pattern ^[a-z0-9][a-z0-9-]{0,62}$ */
type FleetName = string;

/** Who shall have it, and how. Without `nodes` and `sites`: everybody, and whoever comes later. */
export type FleetOrders = {
  /** @minItems 1 @maxItems 5000 */
  nodes?: FleetName[];
  /** @minItems 1 @maxItems 1000 */
  sites?: FleetName[];
  /** Of the targets: when so many have it, others may begin. @minimum 0 @maximum 1 */
  quorum?: number;
  /** @asType integer @minimum 1 */
  deadlineMs?: number;
  window?: FleetWindow;
  /** What one giver of a site may give, all neighbours together. @asType integer @minimum 1000 @maximum 100000000000 */
  rateBytesPerS?: number;
  waves?: FleetWaves;
};

export type FleetDistributionDetail = FleetDistribution & {
  orders: FleetOrders;
  infoHash: string;
  firmware?: { compatible: string; version: string };
  /** Of firmware: how far its waves are. */
  rollout?: FleetRollout;
};

/** A bundle's way through its waves. */
export type FleetRollout = {
  /** `stopped`: nobody else is asked until a person says so. */
  state: 'bringing' | 'rolling' | 'stopped' | 'over';
  /** The last wave that is open, from 0 on, and how many there are. */
  wave: number;
  waves: number;
  /** What stopped it, and at whom. */
  why?: string;
  node?: string;
  healthy: number;
  failed: number;
};
/** How far one node is with installing it. */
export type FleetInstall = {
  /** From 0 on. */
  wave: number;
  state: 'waiting' | 'ordered' | 'installing' | 'healthy' | 'failed' | 'rolled-back';
  why?: string;
  detail?: string;
};

export type FleetTarget = {
  node: string;
  site: string;
  role: 'relay' | 'terminal';
  online: boolean;
  state: FleetTargetState;
  why?: string;
  detail?: string;
  tries: number;
  haveBytes: number;
  changedMs: number;
  /** Of firmware. */
  install?: FleetInstall;
};
export type FleetTargetsQuery = {
  /** The `nowMs` of an answer: only what has changed since. @asType integer @minimum 0 */
  since?: number;
};
export type FleetTargets = { nowMs: number; isAll: boolean; targets: readonly FleetTarget[] };

export type FleetRetry = {
  /** This one alone; absent: all that failed or refused. */
  node?: FleetName;
};

/** A file that is going to be sent. */
export type FleetFile = {
  /** Its folders and its name, with slashes between. @minLength 1 @maxLength 1000 */
  path: string;
  /** @asType integer @minimum 0 @maximum 9007199254740991 */
  bytes: number;
};
export type NewFleetUpload = {
  /** Files and folders that lie side by side go into a folder of this name. @minLength 1 @maxLength 200 */
  name: string;
  /** Sent in this order. @minItems 1 @maxItems 20000 */
  files: FleetFile[];
};
export type FleetUpload = {
  id: string;
  /** `reading`: all is here, and is being read and signed. */
  state: 'receiving' | 'reading' | 'published' | 'failed';
  bytes: number;
  receivedBytes: number;
  /** The number of the file to be sent next, and from which byte on; as many as there are files: nothing is missing. */
  file: number;
  from: number;
  /** What was published. */
  distribution?: string;
  /** Why it was not, in English. */
  why?: string;
};
export type FleetPartQuery = {
  /** The first byte that is sent. @asType integer @minimum 0 */
  from: number;
};

export type NewPublication = FleetOrders & {
  /** What it is called; a later one of the same name takes its place. @minLength 1 @maxLength 200 */
  name: string;
  kind: 'files' | 'firmware';
  firmware?: {
    /** The boxes that it is for. @minLength 1 @maxLength 200 */
    compatible: string;
    /** @minLength 1 @maxLength 200 */
    version: string;
  };
};

export type FleetDiaryQuery = {
  /** Older than the one of this number. @asType integer @minimum 1 */
  before?: number;
  /** @asType integer @minimum 1 @maximum 200 */
  limit?: number;
  /** @maxLength 64 */
  distribution?: string;
  /** @maxLength 63 */
  node?: string;
};
/** What happened. The page says the code in the operator's language. */
export type FleetNote = {
  seq: number;
  atMs: number;
  code: string;
  distribution?: string;
  /** What the distribution is called. */
  name?: string;
  node?: string;
  /** For what reason, a code too. */
  why?: string;
  detail?: string;
};
/** Newest first. */
export type FleetDiary = { rows: readonly FleetNote[]; hasMore: boolean };
