import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Endpoint } from '#base/endpoint.ts';
import type { Scope } from '#base/scope.ts';
import { closeFd, openBell, ringBell } from '#kernel/libc.ts';
import { LIMITS } from './limits.ts';
import type { Announced, Learned, Passed } from './seen.ts';
import {
  BEAT,
  type FromWorker,
  type Membership,
  type Pair,
  ROOM,
  type SteeringWhy,
  type ToWorker,
  type UtpSyn,
  type WorkerSettings,
} from './steering-messages.ts';
import type { TaggedCounts } from './tagged-rules.ts';

export type SteeringState = {
  armed: boolean;
  why: SteeringWhy;
  /** Endpoints in the kernel's set. */
  endpoints: number;
  /** Tracker answers held and sent on. */
  held: number;
  /** Packets that could not be read or sent on. */
  lost: number;
  /** Flows that would have been steered, and passed because there was no room, or nothing was. */
  restedFlows: number;
  /** What no rule can steer; undefined until it was counted. */
  tagged?: TaggedCounts | undefined;
};

/** What steering tells its owner. */
export type SteeringEvents = {
  learned(value: Learned): void;
  announced(value: Announced): void;
  utpSyn(value: UtpSyn): void;
  passed(value: Passed): void;
  /** Flows that may be steered until it is asked again, at each sign of life. */
  room(): number;
  /** Something went wrong that the box lives with. */
  trouble(why: string): void;
  /** The worker died: the rules cannot be kept true any longer, the process must end (the kernel then removes them). */
  failed(error: Error): void;
};

/** The main thread's handle on the steering worker. */
export class Steering {
  readonly state: SteeringState = { armed: false, why: 'starting', endpoints: 0, held: 0, lost: 0, restedFlows: 0 };
  readonly #worker: Worker;
  readonly #bell: number;
  readonly #events: SteeringEvents;
  readonly #questions = new Map<number, (pairs: readonly Membership[]) => void>();
  #lastQuestion = 0;
  #stopping = false;

  private constructor(worker: Worker, bell: number, events: SteeringEvents) {
    this.#worker = worker;
    this.#bell = bell;
    this.#events = events;
  }

  /** Resolves when flows are being steered; rejects when the rules cannot be laid. */
  static async start(
    settings: Omit<WorkerSettings, 'heartbeat' | 'bell'>,
    events: SteeringEvents,
    scope: Scope,
  ): Promise<Steering> {
    const heartbeat = new SharedArrayBuffer(8);
    const signs = new Int32Array(heartbeat);
    const bell = openBell();
    const worker = new Worker(new URL('./steering-worker.ts', import.meta.url), {
      workerData: { ...settings, heartbeat, bell } satisfies WorkerSettings,
      name: 'steering',
    });
    const steering = new Steering(worker, bell, events);
    scope.defer(() => steering.#stop());
    const ready = Promise.withResolvers<void>();
    worker.on('error', (error: Error) => {
      ready.reject(error);
      if (!steering.#stopping) events.failed(error);
    });
    worker.on('message', (message: FromWorker) => {
      steering.#hear(message);
      if (message.kind === 'armed') ready.resolve();
    });
    const beat = (): void => {
      Atomics.store(signs, ROOM, events.room());
      Atomics.add(signs, BEAT, 1);
      ringBell(bell);
    };
    beat();
    scope.every(LIMITS.heartbeatMs, beat);
    await ready.promise;
    return steering;
  }

  /** Adds endpoints that the box itself knows to belong to a live torrent. */
  steer(endpoints: readonly Endpoint[]): void {
    this.#send({ kind: 'steer', endpoints });
  }

  /** Leaves this client's flows to an endpoint alone from now on, `briefly` for two minutes, else for an hour. Those that are already diverted stay with the box. */
  pass(client: string, endpoint: Endpoint, briefly: boolean): void {
    this.#send({ kind: 'pass', client, endpoint, briefly });
  }

  /** Steers nothing new for a while, and goes on as before afterwards. */
  rest(resting: boolean): void {
    this.#send({ kind: 'rest', resting });
  }

  /** Asks the kernel what its sets hold of these pairs. */
  async membership(pairs: readonly Pair[]): Promise<readonly Membership[]> {
    if (this.#stopping || this.#questions.size >= LIMITS.membershipQuestions) return [];
    const { promise, resolve } = Promise.withResolvers<readonly Membership[]>();
    const number = this.#lastQuestion++;
    this.#questions.set(number, resolve);
    this.#send({ kind: 'membership', number, pairs });
    return promise;
  }

  #send(message: ToWorker): void {
    if (this.#stopping) return;
    this.#worker.postMessage(message);
    ringBell(this.#bell);
  }

  #hear(message: FromWorker): void {
    const { state } = this;
    if (message.kind === 'learned') this.#events.learned(message.value);
    else if (message.kind === 'announced') this.#events.announced(message.value);
    else if (message.kind === 'utp-syn') this.#events.utpSyn(message.value);
    else if (message.kind === 'passed') this.#events.passed(message.value);
    else if (message.kind === 'membership') {
      this.#questions.get(message.number)?.(message.pairs);
      this.#questions.delete(message.number);
    } else if (message.kind === 'trouble') this.#events.trouble(message.why);
    else if (message.kind === 'armed') Object.assign(state, { armed: message.armed, why: message.why });
    else if (message.kind === 'count')
      Object.assign(state, {
        endpoints: message.endpoints,
        held: message.held,
        lost: message.lost,
        restedFlows: message.restedFlows ?? state.restedFlows,
        tagged: message.tagged ?? state.tagged,
      });
  }

  async #stop(): Promise<void> {
    const gone = once(this.#worker, 'exit').catch(() => {});
    this.#send({ kind: 'stop' });
    this.#stopping = true;
    for (const answer of this.#questions.values()) answer([]);
    Object.assign(this.state, { armed: false, why: 'stopped' });
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
    await this.#worker.terminate();
    closeFd(this.#bell);
  }
}
