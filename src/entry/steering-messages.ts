import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import type { RuleSettings } from './rule-settings.ts';
import type { Announced, Learned, Passed } from './seen.ts';
import type { TaggedCounts } from './tagged-rules.ts';

/** What passes between the main thread and the steering worker. */

export type WorkerSettings = RuleSettings & {
  /** Largest packet that a client's link takes; longer ones that the kernel merged are cut again. */
  readonly mtu: number;
  /** Addresses and networks (CIDR) that are never steered: the box's own, and what the operator named. */
  readonly neverSteer: readonly string[];
  /** Two Int32: the main loop counts the first up, and the worker keeps the switch armed only while it moves; the second is the room for flows until the next time. */
  readonly heartbeat: SharedArrayBuffer;
  /** eventfd that says "there is a message". */
  readonly bell: number;
};

/** Places in `heartbeat`. */
export const BEAT = 0;
export const ROOM = 1;

export type ToWorker =
  | { readonly kind: 'steer'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'pass'; readonly client: string; readonly endpoint: Endpoint; readonly briefly: boolean }
  /** Nothing new is steered, and no answer held, until the next word of it. */
  | { readonly kind: 'rest'; readonly resting: boolean }
  /** What do the kernel's sets hold of these? Answered by `membership` with the same number. */
  | { readonly kind: 'membership'; readonly number: number; readonly pairs: readonly Pair[] }
  | { readonly kind: 'stop' };

/** A client and an endpoint that it may talk to. */
export type Pair = { readonly client: string; readonly endpoint: Endpoint };

/** What the kernel's sets hold of a pair: is the endpoint steered, and does it pass for this client all the same? */
export type Membership = { readonly steered: boolean; readonly passed: boolean };

/** A uTP connection that a client tried to open to a steered endpoint. IPv6 ones have been refused already. */
export type UtpSyn = { readonly client: LanEndpoint; readonly endpoint: Endpoint; readonly payload: Uint8Array };

/** Why flows are steered or not: a code that the page knows. */
export type SteeringWhy = 'starting' | 'alive' | 'main-loop-silent' | 'overload' | 'stopped';

export type FromWorker =
  | { readonly kind: 'learned'; readonly value: Learned; readonly steered: number }
  | { readonly kind: 'announced'; readonly value: Announced }
  | { readonly kind: 'utp-syn'; readonly value: UtpSyn }
  | { readonly kind: 'passed'; readonly value: Passed }
  | { readonly kind: 'membership'; readonly number: number; readonly pairs: readonly Membership[] }
  | { readonly kind: 'armed'; readonly armed: boolean; readonly why: SteeringWhy }
  | { readonly kind: 'trouble'; readonly why: string }
  | {
      readonly kind: 'count';
      readonly endpoints: number;
      readonly held: number;
      readonly lost: number;
      /** Undefined when the kernel did not tell. */
      readonly restedFlows: number | undefined;
      readonly tagged: TaggedCounts | undefined;
    }
  | { readonly kind: 'stopped' };
