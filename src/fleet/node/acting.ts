import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Delivery } from '../broker.ts';
import { NODE_LIMITS } from './limits.ts';
import type { NodeBook } from './node-book.ts';
import type { Outcome } from './outcome.ts';

export type ActingWorld = {
  readonly book: NodeBook;
  readonly clock: Clock;
  readonly log: Log;
  /** There may be something to send. */
  kept(): void;
};

/**
 * Does what a message asks, and is done with it when what it brings about, and the answer, are in the book; until then it stays with the broker. `messageId`: under which it is remembered, so that it is done
 * once; undefined: it may be done twice.
 */
export async function act(
  world: ActingWorld,
  delivery: Delivery,
  messageId: string | undefined,
  work: () => Promise<Outcome>,
  signal: AbortSignal,
): Promise<void> {
  const { book, log, clock } = world;
  try {
    if (messageId !== undefined && book.wasHeard(messageId)) {
      delivery.ack();
      return;
    }
    const { answers = [], effect, after } = await work();
    if (signal.aborted) return;
    let hasAnswers = false;
    book.settle(messageId, (say) => {
      hasAnswers = false;
      const tell: typeof say = (message) => {
        hasAnswers = true;
        say(message);
      };
      effect?.(tell);
      for (const answer of answers) tell(answer);
    });
    delivery.ack();
    if (hasAnswers) world.kept();
    await after?.();
  } catch (error) {
    // The book's disk takes no more, most likely: the message stays with the broker, and comes again.
    log.error('message not done with', { type: delivery.type.slice(0, 40), why: errorText(error) });
    await clock.sleep(NODE_LIMITS.retryMs[0], signal);
    delivery.requeue();
  }
}
