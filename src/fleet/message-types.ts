/**
 * What travels over AMQP in a fleet. `messages-schema.json` is made from these types, and each message is checked with it before anybody looks at it. A field that a
 * later version adds is refused here: then the version in the content type rises, and who is older says that it does not understand.
 */

/** A node's name: its user at the broker, and the first word of its routing keys. @pattern ^[a-z0-9][a-z0-9-]{0,62}$ */
export type NodeName = string;
/** SHA-256 of the manifest, hex. @pattern ^[0-9a-f]{64}$ */
export type Id = string;
/** Base64. @maxLength 180000 @pattern ^[A-Za-z0-9+/]*={0,2}$ */
export type Bytes = string;
/** A whole number of bytes. @minimum 0 @maximum 9007199254740991 @asType integer */
export type Count = number;
/** Bytes a second. @minimum 1 @maximum 9007199254740991 @asType integer */
export type Rate = number;
/** @pattern ^[0-9A-Fa-f.:]{2,45}$ */
type Ip = string;
/** @minimum 1 @maximum 65535 @asType integer */
type Port = number;
/** A code that the console says in the operator's language. @pattern ^[a-z][a-z0-9-]{0,39}$ */
type Code = string;
/** For the engineer. @maxLength 500 */
type Detail = string;

export type Role = 'relay' | 'terminal';
export type Place = { ip: Ip; port: Port };
/** Pieces from the first on, the second not among them. @minItems 2 @maxItems 2 */
type Range = Count[];
/** @maxItems 2000 */
export type Ranges = Range[];

/** How a distribution's bytes travel: with the offer in one message, in chunks over AMQP once all are ready, or by BitTorrent. */
export type Way = 'inline' | 'chunks' | 'swarm';

/** From the central to nodes. */
export type Down = {
  /** Who is there? Each answers with `hello`. */
  discover: { epoch: Count };
  /** Something to have. What is signed is in `manifest`; a small seed is here, a large one follows in `seed`. */
  offer: { id: Id; manifest: Bytes; signature: Bytes; way: Way; seed?: Bytes };
  /** A part of a seed. */
  seed: { id: Id; at: Count; bytes: Bytes };
  /** The next messages of this inbox are the pieces. Only who answered `ready` is sent any. */
  go: { id: Id };
  /**
   * The swarm stands: dial the givers, and the nodes that the plan names of `nodes`, of which the receiver is `slot`. `rateBytesPerS`: what the receiver may give of it,
   * to all its neighbours together.
   */
  start: { id: Id; givers: Givers; nodes: Nodes; slot: Count; rateBytesPerS?: Rate };
  /** Not wanted any more; what is had of it is to be thrown away, unless all of it is. */
  cancel: { id: Id };
  /** The bundle, which is here whole, is to be installed. Who has done so at this attempt, or at a later one, says again what came of it. */
  install: { id: Id; attempt: Count };
};
/** @maxItems 64 */
type Givers = Place[];
/** @maxItems 2000 */
type Nodes = Place[];

/** From a node to the central. */
export type Up = {
  /** The answer to `discover`, and the first word of whoever comes. `have`: what is here, verified whole. */
  hello: {
    role: Role;
    /** @pattern ^[a-z0-9][a-z0-9-]{0,62}$ */
    site: string;
    /** @maxLength 40 */
    version: string;
    epoch: Count;
    /** Since when its process runs: Unix time, ms. */
    beganMs: Count;
    /** Where its neighbours in a swarm dial it. */
    swarm: Place;
    freeBytes: Count;
    /** For which device's firmware it is; without it, it installs none. @maxLength 200 */
    device?: string;
    have: Have;
  };
  /** The offer is understood and signed, there is room, and the inbox stands: it may begin. `have`: pieces that are here already. */
  ready: { id: Id; have: Ranges };
  /** Not wanted, or not now. */
  refuse: { id: Id; code: Code; detail?: Detail };
  /** The whole seed is here, and the one that was signed. */
  seeded: { id: Id; have: Ranges };
  progress: { id: Id; haveBytes: Count };
  /** These pieces did not come. */
  want: { id: Id; pieces: Ranges };
  /** All of it is here and verified. `ms`: since the offer came. */
  done: { id: Id; ms: Count; amqpBytes: Count; swarmBytes: Count };
  /** It tried and cannot. */
  failed: { id: Id; code: Code; detail?: Detail };
  /** It goes on, and a person should know. */
  warn: { id: Id; code: Code; detail?: Detail };
  /** It is about to install the bundle, or still at it. */
  installing: { id: Id; attempt: Count };
  /** What became of it: it is healthy, or its code says why not. */
  installed: { id: Id; attempt: Count; healthy: boolean; code?: Code; detail?: Detail };
};
/** @maxItems 5000 */
type Have = Id[];

/** From the central to `fleet.log`: what a person wants to know of a fleet, in the order of `seq`. It may come twice, under the same `seq`. */
export type Log = {
  note: { seq: Count; atMs: Count; distribution?: Id; node?: NodeName; code: Code; why?: Code; detail?: Detail };
};

/** Only for the schema: every message by its name. */
export type Messages = { down: Down; up: Up; log: Log };
