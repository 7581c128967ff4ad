import type { UpMessage } from '../messages.ts';

/** What a message brings about: `effect` in the book and what is answered in the outbox, together; `after` that, what can be done again. */
export type Outcome = {
  readonly answers?: readonly UpMessage[];
  effect?(say: (message: UpMessage) => void): void;
  after?(): void | Promise<void>;
};

export const NOTHING: Outcome = {};

export const answer = (...answers: readonly UpMessage[]): Outcome => ({ answers });
