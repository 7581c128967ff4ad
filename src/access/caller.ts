import type { Right } from './rights.ts';

/** How a request came in: see Via of the admin's routes, which is this. */
export type Via = 'socket' | 'tls' | 'plain';

/** The name of who asks through the control socket: whoever may open it may do everything. No account can be called so. */
export const CONSOLE = 'control socket';

/** Where somebody who proves who they are sits. */
export type Seat = {
  readonly address: string;
  readonly via: Via;
  /** What the browser says it is; a stranger's words. */
  readonly userAgent: string;
};

/** The words of a request by which somebody is known. */
export type Credentials = {
  readonly cookie?: string;
  readonly authorization?: string;
  readonly userAgent?: string;
  readonly address: string;
  readonly via: Via;
};

/** Who asks. */
export type Caller = {
  readonly kind: 'socket' | 'session' | 'token' | 'guest';
  /** An account, `token:<its name>`, or empty: nobody that is known. */
  readonly name: string;
  /** Absent: nothing. */
  readonly right?: Right;
  readonly address: string;
  readonly via: Via;
  readonly sessionId?: string;
  readonly tokenId?: string;
};
