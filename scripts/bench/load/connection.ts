/** One connection that loads a server. It asks nothing before `start`, and lets what is open be answered after `stop`. */
export interface LoadConnection {
  start(): void;
  stop(): void;
  /** The server has said something: another connection may be opened. */
  readonly answered: boolean;
  /** It would be served. */
  readonly ready: boolean;
  /** Requests without an answer. */
  readonly open: number;
}

/** What the connections of one load report. */
export type Tally = {
  /** Payload that came, all of one request or a part of it. */
  received(connection: LoadConnection, bytes: number): void;
  /** From a request to the end of its answer. */
  took(ms: number): void;
  fault(why: string): void;
  /** The server closed it, and owed nothing for this window: another one is to take its place. */
  left(connection: LoadConnection): void;
};
