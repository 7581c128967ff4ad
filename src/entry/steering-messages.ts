import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import type { RuleSettings } from './steering-rules.ts';
import type { Announced, Learned, Passed } from './tap.ts';

/** What passes between the main thread and the steering worker. */

export type WorkerSettings = RuleSettings & {
  /** Largest packet that a client's link takes; longer ones that the kernel merged are cut again. */
  readonly mtu: number;
  /** Addresses that are never steered: the box's own. */
  readonly neverSteer: readonly string[];
  /** One Int32: the main loop counts it up; the worker keeps the switch armed only while it moves. */
  readonly heartbeat: SharedArrayBuffer;
  /** eventfd that says "there is a message". */
  readonly bell: number;
};

export type ToWorker =
  | { readonly kind: 'steer'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'pass'; readonly endpoint: Endpoint }
  | { readonly kind: 'stop' };

export type UtpSyn = { readonly client: LanEndpoint; readonly endpoint: Endpoint; readonly payload: Uint8Array };

export type FromWorker =
  | { readonly kind: 'learned'; readonly value: Learned; readonly steered: number }
  | { readonly kind: 'announced'; readonly value: Announced }
  | { readonly kind: 'utp-syn'; readonly value: UtpSyn }
  | { readonly kind: 'passed'; readonly value: Passed }
  | { readonly kind: 'armed'; readonly armed: boolean; readonly why: string }
  | { readonly kind: 'trouble'; readonly why: string }
  | { readonly kind: 'count'; readonly endpoints: number; readonly held: number; readonly lost: number }
  | { readonly kind: 'stopped' };
