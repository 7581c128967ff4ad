import { errorText } from '#base/errors.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Allowance } from './allowance.ts';
import type { ClientTask, Lent } from './client-world.ts';
import type { ClientLimits } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { ReadTurns } from './read-turns.ts';
import { type Request, RequestQueue, type Run } from './request-queue.ts';

export type ServingWorld = {
  readonly block: ClientTask['block'];
  /** The request will not be answered. */
  reject(request: Request): void;
  /** The payload of a run goes into the outbox. What it returns is called when the kernel has taken it. */
  serving(run: Run): () => void;
  /** Where rates are limited: what the client may be given. */
  readonly allowance: Allowance | undefined;
  /** Shared with the client's other connections. */
  readonly reads: ReadTurns;
  /** An answer came from the store, or may be given now: the outbox should be flushed. */
  arrived(): void;
  failed(piece: PieceIndex, why: string): void;
  /** Owns the reads. */
  readonly scope: Scope;
};

/**
 * From waiting requests to bytes in the outbox. At most `unsentBytes` are in the outbox or being read: a client that does not read costs that
 * much memory and no more (and as much again in its socket).
 * Where rates are limited, one run at most waits for its turn; it is read when it may leave.
 */
export class Serving {
  readonly #world: ServingWorld;
  readonly #outbox: Outbox;
  readonly #limits: ClientLimits;
  readonly #queue: RequestQueue;
  readonly #again: () => void;
  #readBytes = 0;
  /** The run that waits for its turn. */
  #held: Run | undefined;

  constructor(world: ServingWorld, outbox: Outbox, limits: ClientLimits) {
    this.#world = world;
    this.#outbox = outbox;
    this.#limits = limits;
    this.#queue = new RequestQueue(limits);
    const again = (): void => world.arrived();
    this.#again = again;
    world.scope.defer(() => world.reads.forget(again));
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** False when too many wait. */
  push(request: Request): boolean {
    return this.#queue.push(request);
  }

  /** True when the request was still waiting. */
  cancel(request: Request): boolean {
    return this.#queue.cancel(request);
  }

  /** Answers what there is room for. */
  fill(): void {
    const { allowance, reads } = this.#world;
    while (this.#queue.length > 0 && !this.#outbox.full && !this.#held && reads.free(this.#again)) {
      const room = this.#limits.unsentBytes - this.#outbox.bytes - this.#readBytes;
      const run = room > 0 ? this.#queue.take(allowance ? Math.min(room, allowance.turnBytes) : room) : undefined;
      if (!run) break;
      if (allowance) this.#askFor(run, allowance);
      else this.#give(run);
    }
  }

  #askFor(run: Run, allowance: Allowance): void {
    this.#held = run;
    this.#readBytes += run.length;
    allowance.ask(run.length, () => {
      this.#held = undefined;
      this.#readBytes -= run.length;
      this.#give(run);
      this.#world.arrived();
    });
  }

  #give(run: Run): void {
    const answer = this.#world.block(run.piece, run.begin, run.length, run.requests.length === 1);
    if (answer instanceof Promise) this.#await(run, answer);
    else this.#answer(run, answer);
  }

  #await(run: Run, answer: Promise<Lent | undefined>): void {
    this.#world.reads.take();
    this.#readBytes += run.length;
    this.#world.scope.run(async (signal) => {
      let lent: Lent | undefined;
      try {
        lent = await answer;
      } catch (error) {
        this.#world.failed(run.piece, errorText(error));
      }
      this.#readBytes -= run.length;
      this.#world.reads.giveBack();
      if (signal.aborted) lent?.done?.();
      if (signal.aborted) return;
      this.#answer(run, lent);
      this.#world.arrived();
    });
  }

  #answer(run: Run, lent: Lent | undefined): void {
    if (!lent) {
      for (const request of run.requests) this.#world.reject(request);
      return;
    }
    const zeros = run.requests[0]?.paddingBytes ?? 0;
    const parts = zeros > 0 ? lengthened(lent.parts, zeros) : lent.parts;
    const taken = this.#world.serving(run);
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      this.#outbox.add(part, isLast ? lent.done : undefined, isLast ? taken : undefined);
    }
  }
}

/** One piece message with so many zeros more at its end. Once a file at most, so it may be copied. */
function lengthened(parts: readonly Uint8Array[], zeros: number): Uint8Array[] {
  const message = Buffer.concat([...parts, Buffer.alloc(zeros)]);
  message.writeUInt32BE(message.length - 4, 0);
  return [message];
}
