import type { Consuming, Declared, Message, Published, Topology } from './broker.ts';

export type Consumed =
  | { readonly kind: 'ok' /** Gives back what was not answered. */; readonly close: () => Promise<void> }
  | { readonly kind: 'lost' | 'impossible'; readonly why: string };

/**
 * One connection, from the moment that it stands until it is gone. Nothing here throws or hangs: when it ends, all is `lost`,
 * and what was sent is said to be lost after `ended` has been heard.
 */
export type Session = {
  /** Why it is gone. */
  readonly ended: Promise<string>;
  declare(topology: Topology): Promise<Declared>;
  remove(queue: string): Promise<Declared>;
  /** Sent before it returns; resolves when the broker has answered. */
  send(message: Message, mandatory: boolean): Promise<Published>;
  consume(consuming: Consuming): Promise<Consumed>;
  /** It is gone from now on, for this reason. */
  end(why: string): void;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
};

/**
 * Makes a connection, or throws why it cannot. `onBlocked` hears why the broker takes nothing, and undefined when it takes
 * messages again; `onError` what a consumer throws.
 */
export type Dial = (
  signal: AbortSignal,
  onBlocked: (why: string | undefined) => void,
  onError: (error: unknown) => void,
) => Promise<Session>;
